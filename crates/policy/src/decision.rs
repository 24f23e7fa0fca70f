//! The decision of a policy in one word.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::permit::Permit;
use crate::refusal::Refusal;

/// The decision of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// A rule permitted and none denied.
    Permit,
    /// A rule denied.
    Deny,
    /// No rule permitted.
    NoPermit,
    /// The evaluation ended in an error.
    Error,
}

impl Decision {
    /// The decision of that outcome.
    pub const fn of(outcome: &Result<Permit, Refusal>) -> Self {
        match outcome {
            Ok(_) => Self::Permit,
            Err(Refusal::Denied { .. }) => Self::Deny,
            Err(Refusal::NoPermit) => Self::NoPermit,
            Err(Refusal::Evaluation(_)) => Self::Error,
        }
    }

    /// `permit`, `deny`, `no-permit` or `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Deny => "deny",
            Self::NoPermit => "no-permit",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
