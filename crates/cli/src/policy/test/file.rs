//! A test file. Unknown keys are refused: a misspelt expectation would silently not be checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use policy::{Claim, Issuer, Policy, Value as ClaimValue, Vocabulary};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::failure::{self, Failure};
use crate::policy::{claims, diagnostics, parse_type, read_policy, vocabulary};

const MAX_FILE: u64 = 1 << 20;

/// A policy, and cases for it.
pub struct TestFile {
    pub path: PathBuf,
    /// Where its policy stands, for people.
    pub policy_path: PathBuf,
    pub text: String,
    pub policy: Policy,
    pub vocabulary: Vocabulary,
    pub cases: Vec<Case>,
}

/// Claims, and what is expected of them.
pub struct Case {
    pub name: String,
    pub claims: Vec<Claim>,
    pub expected: Expected,
}

/// What is expected; what is none is not looked at.
pub struct Expected {
    pub decision: Decision,
    pub denied_by: Option<usize>,
    pub issued: Option<Vec<(String, ClaimValue)>>,
    pub properties: Option<Vec<(String, ClaimValue)>>,
    /// Words of the error.
    pub error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    Permit,
    Deny,
    NoPermit,
    Error,
}

impl Decision {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Deny => "deny",
            Self::NoPermit => "no-permit",
            Self::Error => "error",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Toml {
    policy: Option<PathBuf>,
    policy_text: Option<String>,
    #[serde(rename = "type")]
    policy_type: Option<String>,
    #[serde(default, rename = "case")]
    cases: Vec<TomlCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TomlCase {
    name: String,
    #[serde(default)]
    claims: BTreeMap<String, toml::Value>,
    /// Claims that are not the service's.
    #[serde(default, rename = "claim")]
    described: Vec<Described>,
    decision: Decision,
    denied_by: Option<usize>,
    issued: Option<BTreeMap<String, toml::Value>>,
    properties: Option<BTreeMap<String, toml::Value>>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    #[serde(rename = "type")]
    name: String,
    value: toml::Value,
    issuer: Option<String>,
}

impl TestFile {
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let malformed = |message: String| {
            Failure::usage(
                "policy_test_malformed",
                format!("`{}` is no policy test: {message}", path.display()),
                "see veritee policy test --help for its shape",
            )
        };
        let bytes = failure::read_file(path, MAX_FILE).map_err(Failure::or_usage)?;
        let text = String::from_utf8(bytes).map_err(|error| malformed(error.to_string()))?;
        let toml: Toml = toml::from_str(&text).map_err(|error| malformed(error.to_string().trim_end().to_owned()))?;
        let policy_type = toml.policy_type.as_deref().map(parse_type).transpose();
        let policy_type = policy_type.map_err(|message| malformed(format!("type: {message}")))?;
        let (policy_path, text) = match (toml.policy, toml.policy_text) {
            (Some(beside), None) => {
                let policy = path.parent().unwrap_or(Path::new("")).join(beside);
                let text = read_policy(&policy)?;
                (policy, text)
            }
            (None, Some(text)) => (path.to_owned(), text),
            _ => return Err(malformed("it needs either policy, the name of a file, or policy-text".to_owned())),
        };
        if toml.cases.is_empty() {
            return Err(malformed("it has no [[case]]".to_owned()));
        }
        let policy = Policy::parse(&text).map_err(|errors| diagnostics::refused(&policy_path, &text, &errors))?;
        let cases = toml.cases.into_iter().map(|case| {
            let name = case.name.clone();
            Case::of(case).map_err(|message| malformed(format!("case `{name}`: {message}")))
        });
        let cases = cases.collect::<Result<_, _>>()?;
        let vocabulary = vocabulary(policy_type);
        Ok(Self { path: path.to_owned(), policy_path, text, policy, vocabulary, cases })
    }
}

impl Case {
    fn of(toml: TomlCase) -> Result<Self, String> {
        let mut claims = claims::of_members(&members(&toml.claims)?)?;
        for described in toml.described {
            let issuer = match described.issuer.as_deref() {
                None => Issuer::AttestationService,
                Some(name) => Issuer::from_name(name).ok_or("an issuer is AttestationService or CustomClaim")?,
            };
            let one = members(&BTreeMap::from([(described.name, described.value)]))?;
            claims.extend(claims::of_members(&one)?.into_iter().map(|claim| Claim { issuer, ..claim }));
        }
        if toml.denied_by.is_some() && toml.decision != Decision::Deny {
            return Err("denied-by goes with decision = \"deny\"".to_owned());
        }
        if toml.error.is_some() && toml.decision != Decision::Error {
            return Err("error goes with decision = \"error\"".to_owned());
        }
        if (toml.issued.is_some() || toml.properties.is_some()) && toml.decision != Decision::Permit {
            return Err("issued and properties go with decision = \"permit\"".to_owned());
        }
        let expected = Expected {
            decision: toml.decision,
            denied_by: toml.denied_by,
            issued: toml.issued.as_ref().map(pairs).transpose()?,
            properties: toml.properties.as_ref().map(pairs).transpose()?,
            error: toml.error,
        };
        Ok(Self { name: toml.name, claims, expected })
    }
}

/// Names and values, several values of a name one after the other.
fn pairs(table: &BTreeMap<String, toml::Value>) -> Result<Vec<(String, ClaimValue)>, String> {
    Ok(claims::of_members(&members(table)?)?.into_iter().map(|claim| (claim.name, claim.value)).collect())
}

fn members(table: &BTreeMap<String, toml::Value>) -> Result<Map<String, Value>, String> {
    let json = |(name, value): (&String, &toml::Value)| {
        if contains_datetime(value) {
            return Err(format!("`{name}`: claims have no times; write it as a text"));
        }
        let value = serde_json::to_value(value).map_err(|error| format!("`{name}`: {error}"))?;
        Ok((name.clone(), value))
    };
    table.iter().map(json).collect()
}

fn contains_datetime(value: &toml::Value) -> bool {
    match value {
        toml::Value::Datetime(_) => true,
        toml::Value::Array(all) => all.iter().any(contains_datetime),
        toml::Value::Table(members) => members.iter().any(|(_, value)| contains_datetime(value)),
        _ => false,
    }
}
