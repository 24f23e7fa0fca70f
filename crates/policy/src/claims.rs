//! Claims: what evidence says, and what rules add to it.

pub(crate) mod json;

use std::fmt;

use serde::{Serialize, Serializer};

/// The value of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Text.
    String(String),
    /// A signed 64-bit integer.
    Integer(i64),
    /// True or false.
    Boolean(bool),
}

/// The type of a value; rules call it `valueType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// Text.
    String,
    /// A signed 64-bit integer.
    Integer,
    /// True or false.
    Boolean,
}

impl ValueType {
    /// The language's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Integer => "Integer",
            Self::Boolean => "Boolean",
        }
    }

    /// The type of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::String, Self::Integer, Self::Boolean].into_iter().find(|known| known.as_str() == name)
    }
}

impl Value {
    /// The type of the value.
    pub const fn value_type(&self) -> ValueType {
        match self {
            Self::String(_) => ValueType::String,
            Self::Integer(_) => ValueType::Integer,
            Self::Boolean(_) => ValueType::Boolean,
        }
    }

    /// What it weighs in an evaluation.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            Self::Integer(_) | Self::Boolean(_) => 8,
        }
    }
}

/// Who says a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Issuer {
    /// The service, from verified evidence.
    AttestationService,
    /// A rule.
    AttestationPolicy,
    /// The client.
    CustomClaim,
}

impl Issuer {
    /// The language's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AttestationService => "AttestationService",
            Self::AttestationPolicy => "AttestationPolicy",
            Self::CustomClaim => "CustomClaim",
        }
    }

    /// The issuer of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::AttestationService, Self::AttestationPolicy, Self::CustomClaim]
            .into_iter()
            .find(|issuer| issuer.as_str() == name)
    }

    pub(crate) fn is_name(name: &str) -> bool {
        Self::from_name(name).is_some()
    }

    /// The issuer of that name, where a rule may make claims in it. In the name of the service it may not, or evidence
    /// could be forged for the rules that follow.
    pub(crate) fn of_rule(name: &str) -> Option<Self> {
        Self::from_name(name).filter(|issuer| *issuer != Self::AttestationService)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Issuer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Claim {
    /// Its name; rules call it `type`.
    #[serde(rename = "type")]
    pub name: String,
    /// What it says.
    pub value: Value,
    /// Who says it.
    pub issuer: Issuer,
}

impl fmt::Display for Value {
    /// As it would stand in a policy, cut to a bound and fit for a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => {
                let cut = if text.chars().nth(crate::limits::MAX_OFFENDING).is_some() { "…" } else { "" };
                write!(f, "\"{}\"{cut}", crate::diagnostic::shown(text))
            }
            Self::Integer(number) => number.fmt(f),
            Self::Boolean(truth) => truth.fmt(f),
        }
    }
}

impl Claim {
    pub(crate) fn bytes(&self) -> usize {
        self.name.len().saturating_add(self.value.bytes())
    }
}
