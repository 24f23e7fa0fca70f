//! Every error that a crate exports keeps the error contract: a code, help, and a message of its own layer alone.

use std::collections::BTreeMap;

use crate::sources::{Source, crates};

/// Faults that have the same code in several errors of a crate: it is the same fault, met by several operations.
const SHARED: &[(&str, &str)] = &[
    ("attestation", "changed_in_the_meantime"),
    ("attestation", "policy_busy"),
    ("attestation", "policy_evaluation_failed"),
    ("attestation", "provider_unknown"),
    ("attestation", "provider_unusable"),
    ("attestation", "randomness_unavailable"),
    ("attestation", "signing_key_missing"),
    ("attestation", "store_failed"),
    ("evidence", "open_enclave_report_malformed"),
];

#[test]
fn every_exported_error_has_codes_and_help() {
    let mut missing = Vec::new();
    for (krate, sources) in crates() {
        for error in exported(&sources) {
            match implementation(&sources, &error) {
                None => missing.push(format!("{krate}::{error} does not implement Problem")),
                Some(text) => {
                    let help = text.split("fn help").nth(1).unwrap_or_default();
                    if help.trim_end().ends_with("{\n        \"\".into()\n    }") || help.is_empty() {
                        missing.push(format!("{krate}::{error} has no help"));
                    }
                    if codes(text).iter().any(String::is_empty) {
                        missing.push(format!("{krate}::{error} has an empty code"));
                    }
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn codes_are_unique_in_a_crate() {
    let mut twice = Vec::new();
    for (krate, sources) in crates() {
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for error in exported(&sources) {
            for code in implementation(&sources, &error).map(codes).unwrap_or_default() {
                if SHARED.contains(&(krate.as_str(), code.as_str())) {
                    continue;
                }
                if let Some(other) = known.insert(code.clone(), error.clone()) {
                    twice.push(format!("{krate}: `{code}` is a code of {other} and of {error}"));
                }
            }
        }
    }
    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn no_message_contains_its_cause() {
    let mut repeating = Vec::new();
    for source in crates().values().flatten() {
        for (start, _) in source.code.match_indices("#[error(") {
            let attribute = &source.code[start..];
            let Some(end) = attribute.find(")]") else { continue };
            let (message, variant) = attribute.split_at(end);
            let variant = variant.split("#[error(").next().unwrap_or_default();
            let variant = variant.split("\n    }").next().unwrap_or_default();
            let is_tuple = variant.contains("(#[from]") || variant.contains("(#[source]");
            let names = variant.contains("#[source]") || variant.contains(" source:");
            let repeats = (is_tuple && (message.contains("{0}") || message.contains(".0")))
                || (names && message.contains("{source}"));
            if repeats {
                repeating.push(format!("{}: {message})]", source.path.display()));
            }
        }
    }
    assert!(repeating.is_empty(), "{repeating:#?}");
}

/// The names of the errors that a crate's files export.
fn exported(sources: &[Source]) -> Vec<String> {
    let mut names = Vec::new();
    for source in sources {
        for (start, _) in source.code.match_indices("Error)]\n") {
            let item = source.code[start..].lines().skip(1).find(|line| !line.trim_start().starts_with('#'));
            let item = item.unwrap_or_default().trim_start();
            let name = item.strip_prefix("pub enum ").or_else(|| item.strip_prefix("pub struct "));
            if let Some(name) = name {
                let end = name.find(|c: char| !c.is_alphanumeric()).unwrap_or(name.len());
                names.push(name[..end].to_owned());
            }
        }
    }
    names
}

/// The text of `impl Problem for` an error.
fn implementation<'s>(sources: &'s [Source], error: &str) -> Option<&'s str> {
    let heads = [format!(" Problem for {error} {{"), format!(" Problem for {error}<")];
    sources.iter().find_map(|source| {
        let start = heads.iter().find_map(|head| source.code.find(head))?;
        let text = &source.code[start..];
        Some(&text[..text.find("\n}").unwrap_or(text.len())])
    })
}

/// The literal codes in an implementation.
fn codes(implementation: &str) -> Vec<String> {
    let code = implementation.split("fn code").nth(1).and_then(|text| text.split("fn help").next()).unwrap_or_default();
    let quoted = code.split('"').skip(1).step_by(2);
    quoted.filter(|text| !text.contains(' ') && !text.contains('{')).map(str::to_owned).collect()
}
