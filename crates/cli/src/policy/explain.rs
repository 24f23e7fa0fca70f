//! `veritee policy explain`: why a policy decides as it does.

use std::path::PathBuf;

use attestation::{PolicyType, REPORT_VALIDITY};
use dcap::TrustedRoots;
use policy::{Claim, Explanation, Policy, Properties, Refusal};
use serde_json::{Map, Value, json};
use unix_time::UnixTime;

use super::{claims, diagnostics, parse_type, read_policy, vocabulary};
use crate::clock::parse_time;
use crate::failure::Failure;
use crate::show;
use crate::verify::trusted_root;

/// Show why a policy decides as it does: rule by rule, which conditions matched which claims.
///
/// The claims are written by hand, or those that a service would give of a quote. Exit code 0: permitted; 1: not.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("evidence").required(true))]
pub struct Arguments {
    /// The policy's text; `-` reads standard input.
    policy: PathBuf,
    /// Claims of the evidence in JSON: an object of names with values, or a list of {type, value, issuer}.
    #[arg(long, value_name = "JSON", group = "evidence")]
    claims: Option<PathBuf>,
    /// A quote or Open Enclave report, verified with the collateral.
    #[arg(long, value_name = "QUOTE", group = "evidence", requires = "collateral")]
    quote: Option<PathBuf>,
    /// Collateral for the quote: a bundle, dcap-qvl's JSON, or a directory of pieces.
    #[arg(long, value_name = "PATH", requires = "quote")]
    collateral: Option<PathBuf>,
    /// PCK certificate chain in PEM for quotes that do not carry theirs.
    #[arg(long, value_name = "PEM", requires = "quote")]
    pck_chain: Option<PathBuf>,
    /// Judge the quote as of this time instead of now.
    #[arg(long, value_name = "RFC3339", value_parser = parse_time, requires = "quote")]
    at: Option<UnixTime>,
    /// Trust the key of this root certificate instead of Intel's.
    #[arg(long, value_name = "PEM", requires = "quote")]
    trust_root: Option<PathBuf>,
    /// The attestation type that the policy is for. Without it, the properties of all types are known.
    #[arg(long = "type", value_name = "TYPE", value_parser = parse_type)]
    policy_type: Option<PolicyType>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let text = read_policy(&arguments.policy)?;
    let policy = Policy::parse(&text).map_err(|errors| diagnostics::refused(&arguments.policy, &text, &errors))?;
    let vocabulary = vocabulary(arguments.policy_type);
    let incoming = evidence_claims(arguments)?;
    let configuration = policy.explain_configuration(&vocabulary);
    let decision = configuration.outcome.is_ok().then(|| policy.explain(&incoming, &vocabulary));
    let last = decision.as_ref().unwrap_or(&configuration);
    if arguments.json {
        show::json(&describe(&configuration, decision.as_ref()))?;
    } else {
        show_to_people(&text, &configuration, decision.as_ref())?;
    }
    match &last.outcome {
        Ok(_) => Ok(()),
        Err(refusal) => Err(Failure::verdict(code(refusal), refusal.to_string(), "").said()),
    }
}

fn evidence_claims(arguments: &Arguments) -> Result<Vec<Claim>, Failure> {
    match (&arguments.claims, &arguments.quote, &arguments.collateral) {
        (Some(path), ..) => claims::read(path),
        (None, Some(quote), Some(collateral)) => {
            let roots = arguments.trust_root.as_deref().map_or_else(|| Ok(TrustedRoots::intel()), trusted_root)?;
            let at = arguments.at.unwrap_or_else(UnixTime::of_system_clock);
            claims::of_quote(quote, collateral, arguments.pck_chain.as_deref(), roots, at)
        }
        _ => Err(Failure::usage("evidence_missing", "no claims", "pass --claims, or --quote with --collateral")),
    }
}

fn show_to_people(source: &str, configuration: &Explanation, decision: Option<&Explanation>) -> Result<(), Failure> {
    let Some(decision) = decision else { return show::lines(&configuration.text(source)) };
    let text = decision.text(source);
    let (outcome, rules) = text.split_once('\n').unwrap_or((&text, ""));
    show::line(outcome)?;
    let settings = configuration.rules_text(source);
    show::lines(format!("{settings}{rules}").trim_end())?;
    if let Ok(permit) = &decision.outcome {
        show::line("")?;
        show::line(if permit.issued.is_empty() { "issues no claim" } else { "issues" })?;
        for claim in &permit.issued {
            show::line(&format!("  {} = {}", show::inline(&claim.name), claim.value))?;
        }
        for claim in withheld(decision) {
            let name = show::inline(&claim.name);
            show::line(&format!("withholds {name}: the token has the service's own value, or none"))?;
        }
        if let Some(minutes) = permit.properties.value(REPORT_VALIDITY) {
            show::line(&format!(
                "the token is valid for {minutes} minutes, or for the provider's lifetime if that is shorter"
            ))?;
        }
    }
    Ok(())
}

fn describe(configuration: &Explanation, decision: Option<&Explanation>) -> Value {
    let last = decision.unwrap_or(configuration);
    let outcome = match &last.outcome {
        Ok(_) => "permit",
        Err(refusal) => code(refusal),
    };
    let issued: Vec<Value> = last.outcome.iter().flat_map(|permit| &permit.issued).map(|claim| json!(claim)).collect();
    json!({
        "decision": outcome,
        "message": last.outcome.as_ref().err().map(ToString::to_string),
        "decidingRule": last.deciding_rule(),
        "issued": issued,
        "withheld": withheld(last).collect::<Vec<_>>(),
        "properties": {
            "configuration": configuration.outcome.as_ref().ok().map(|permit| properties(&permit.properties)),
            "issuance": decision.and_then(|last| last.outcome.as_ref().ok()).map(|permit| properties(&permit.properties)),
        },
        "incomingClaims": decision.map(|decision| decision.incoming),
        "claims": decision.map(|decision| &decision.claims),
        "configurationClaims": configuration.claims,
        "rules": configuration.rules.iter().chain(decision.iter().flat_map(|decision| &decision.rules)).collect::<Vec<_>>(),
    })
}

/// The claims that rules issued and the token does not get.
fn withheld(explanation: &Explanation) -> impl Iterator<Item = &Claim> {
    explanation.withheld.iter().filter_map(|number| explanation.claims.get(*number))
}

fn properties(properties: &Properties) -> Map<String, Value> {
    properties.iter().map(|(name, value)| (name.to_owned(), claims::json(value))).collect()
}

/// How a policy did not permit, in one word.
pub fn code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Denied { .. } => "deny",
        Refusal::NoPermit => "no-permit",
        Refusal::Evaluation(_) => "error",
    }
}
