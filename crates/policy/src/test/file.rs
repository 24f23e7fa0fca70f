//! The format of test files. Unknown keys are refused: a misspelt expectation would silently not be checked.

use std::borrow::Cow;
use std::collections::BTreeMap;

use problem::Problem;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::claims::json::{InvalidClaims, claims_from_members};
use crate::claims::{Claim, Issuer, Value};
use crate::decision::Decision;

/// A test file: which policy it is about, and the cases.
#[derive(Clone, Debug)]
pub struct TestFile {
    policy: PolicySource,
    policy_type: Option<String>,
    cases: Vec<Case>,
}

/// Where the policy of a test file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicySource {
    /// In a file with this path, relative to the test file.
    File(String),
    /// In the test file itself: this text.
    Text(String),
}

/// Claims, and what is expected of them.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) claims: Vec<Claim>,
    pub(super) expected: Expected,
}

/// What a case expects. An expectation that is missing is not checked.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) decision: Decision,
    pub(super) denied_by: Option<usize>,
    pub(super) issued: Option<Vec<(String, Value)>>,
    pub(super) properties: Option<Vec<(String, Value)>>,
    /// Words of the error.
    pub(super) error: Option<String>,
}

/// The text is not a policy test.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidTestFile {
    /// It is not TOML, or a key or value is wrong.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// It names no policy, or two.
    #[error("it needs either policy, the name of a file, or policy-text")]
    Policy,
    /// It has no cases.
    #[error("it has no [[case]]")]
    NoCase,
    /// A case is wrong.
    #[error("case `{name}`")]
    Case {
        /// Its name.
        name: String,
        /// What is wrong.
        source: InvalidCase,
    },
}

/// A case of a test file is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCase {
    /// A claim, or an expected claim or property, cannot be read.
    #[error(transparent)]
    Claims(#[from] InvalidClaims),
    /// A claim has a date or a time.
    #[error("`{name}`: claims have no times; write it as a text")]
    Time {
        /// The name of the claim.
        name: String,
    },
    /// A claim has an unknown issuer.
    #[error("an issuer is AttestationService or CustomClaim")]
    Issuer,
    /// `denied-by` is given with another decision.
    #[error("denied-by goes with decision = \"deny\"")]
    DeniedBy,
    /// `error` is given with another decision.
    #[error("error goes with decision = \"error\"")]
    Error,
    /// `issued` or `properties` is given with another decision.
    #[error("issued and properties go with decision = \"permit\"")]
    Permit,
}

impl Problem for InvalidTestFile {
    fn code(&self) -> Cow<'static, str> {
        "policy_test_malformed".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "see veritee policy test --help for its shape".into()
    }
}

impl Problem for InvalidCase {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Claims(claims) => return claims.code(),
            Self::Time { .. } => "policy_test_time",
            Self::Issuer => "policy_test_issuer",
            Self::DeniedBy => "policy_test_denied_by",
            Self::Error => "policy_test_error",
            Self::Permit => "policy_test_permit",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Claims(claims) => return claims.help(),
            Self::Time { .. } => "put the time in quotes",
            Self::Issuer => "write issuer = \"CustomClaim\", or leave issuer out for a claim of the service",
            Self::DeniedBy => "remove denied-by, or expect decision = \"deny\"",
            Self::Error => "remove error, or expect decision = \"error\"",
            Self::Permit => "remove issued and properties, or expect decision = \"permit\"",
        }
        .into()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Toml {
    policy: Option<String>,
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
    /// Claims with an issuer.
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
    /// Reads a test file.
    ///
    /// # Errors
    /// See [`InvalidTestFile`].
    pub fn parse(text: &str) -> Result<Self, InvalidTestFile> {
        let toml: Toml = toml::from_str(text)?;
        let policy = match (toml.policy, toml.policy_text) {
            (Some(path), None) => PolicySource::File(path),
            (None, Some(text)) => PolicySource::Text(text),
            _ => return Err(InvalidTestFile::Policy),
        };
        if toml.cases.is_empty() {
            return Err(InvalidTestFile::NoCase);
        }
        let case = |case: TomlCase| {
            let name = case.name.clone();
            Case::read(case).map_err(|source| InvalidTestFile::Case { name, source })
        };
        let cases = toml.cases.into_iter().map(case).collect::<Result<_, _>>()?;
        Ok(Self { policy, policy_type: toml.policy_type, cases })
    }

    /// Where the policy is.
    pub const fn policy(&self) -> &PolicySource {
        &self.policy
    }

    /// The name of the attestation type that the policy is for, as the file has it.
    pub fn policy_type(&self) -> Option<&str> {
        self.policy_type.as_deref()
    }

    pub(super) fn cases(&self) -> &[Case] {
        &self.cases
    }
}

impl Case {
    fn read(toml: TomlCase) -> Result<Self, InvalidCase> {
        let mut claims = claims_from_members(&members(&toml.claims)?)?;
        for described in toml.described {
            let issuer = match described.issuer.as_deref() {
                None => Issuer::AttestationService,
                Some(name) => Issuer::from_name(name).ok_or(InvalidCase::Issuer)?,
            };
            let one = members(&BTreeMap::from([(described.name, described.value)]))?;
            claims.extend(claims_from_members(&one)?.into_iter().map(|claim| Claim { issuer, ..claim }));
        }
        if toml.denied_by.is_some() && toml.decision != Decision::Deny {
            return Err(InvalidCase::DeniedBy);
        }
        if toml.error.is_some() && toml.decision != Decision::Error {
            return Err(InvalidCase::Error);
        }
        if (toml.issued.is_some() || toml.properties.is_some()) && toml.decision != Decision::Permit {
            return Err(InvalidCase::Permit);
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

/// Names and values; several values of one name follow each other.
fn pairs(table: &BTreeMap<String, toml::Value>) -> Result<Vec<(String, Value)>, InvalidCase> {
    Ok(claims_from_members(&members(table)?)?.into_iter().map(|claim| (claim.name, claim.value)).collect())
}

fn members(table: &BTreeMap<String, toml::Value>) -> Result<Map<String, Json>, InvalidCase> {
    let member = |(name, value): (&String, &toml::Value)| {
        if contains_datetime(value) {
            return Err(InvalidCase::Time { name: name.clone() });
        }
        Ok((name.clone(), json(value)))
    };
    table.iter().map(member).collect()
}

/// The value as JSON. A number that JSON does not have becomes null, which no claim may be.
fn json(value: &toml::Value) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}

fn contains_datetime(value: &toml::Value) -> bool {
    match value {
        toml::Value::Datetime(_) => true,
        toml::Value::Array(all) => all.iter().any(contains_datetime),
        toml::Value::Table(members) => members.iter().any(|(_, value)| contains_datetime(value)),
        _ => false,
    }
}
