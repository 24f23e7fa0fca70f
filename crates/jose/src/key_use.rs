//! What an entry of a key set states about the use of its key.

use std::borrow::Cow;

use problem::Problem;
use serde::Deserialize;
use serde_json::Value;

use crate::excerpt;

/// The most operations a key may have; RFC 7517 defines eight.
const MAX_OPERATIONS: usize = 16;

/// The members of an entry that restrict what its key is for (RFC 7517, sections 4.2 to 4.4). They are kept as they are, so that
/// a malformed one makes this key unusable and not the whole set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct KeyUse {
    #[serde(rename = "use")]
    purpose: Option<Value>,
    key_ops: Option<Value>,
    alg: Option<Value>,
}

/// Why an entry's key must not verify a signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyUseError {
    /// `use` is another one than `sig`.
    #[error("the key is for the use `{found}`, not for signatures (`sig`)")]
    Purpose {
        /// The entry's `use`.
        found: String,
    },
    /// `key_ops` is not an array of different texts with `verify` among them.
    #[error("the key's operations `{found}` do not include `verify`")]
    Operations {
        /// The entry's `key_ops`.
        found: String,
    },
    /// `alg` is another algorithm.
    #[error("the key is for the algorithm `{found}`, not for {expected}")]
    Algorithm {
        /// The entry's `alg`.
        found: String,
        /// What the signature is made with.
        expected: String,
    },
}

impl Problem for KeyUseError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Purpose { .. } => "key_use_purpose",
            Self::Operations { .. } => "key_use_operations",
            Self::Algorithm { .. } => "key_use_algorithm",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Purpose { .. } => "the issuer has to sign with a key whose `use` is `sig`, or leave `use` out",
            Self::Operations { .. } => "the issuer has to publish `key_ops` with `verify`, or leave `key_ops` out",
            Self::Algorithm { .. } => "the issuer has to sign with the algorithm that the key's `alg` names",
        }
        .into()
    }
}

impl KeyUse {
    /// Checks that the key is for verifying signatures.
    ///
    /// # Errors
    /// [`KeyUseError::Purpose`], [`KeyUseError::Operations`].
    pub(crate) fn check_verifies(&self) -> Result<(), KeyUseError> {
        match &self.purpose {
            Some(purpose) if purpose != "sig" => return Err(KeyUseError::Purpose { found: shown(purpose) }),
            _ => {}
        }
        match &self.key_ops {
            Some(operations) if !includes_verify(operations) => {
                Err(KeyUseError::Operations { found: shown(operations) })
            }
            _ => Ok(()),
        }
    }

    /// Checks that the key is for that algorithm; case counts.
    ///
    /// # Errors
    /// [`KeyUseError::Algorithm`].
    pub(crate) fn check_algorithm(&self, algorithm: &str) -> Result<(), KeyUseError> {
        match &self.alg {
            Some(alg) if alg != algorithm => {
                Err(KeyUseError::Algorithm { found: shown(alg), expected: algorithm.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// The entry's `alg`.
    pub(crate) fn algorithm(&self) -> Option<&Value> {
        self.alg.as_ref()
    }
}

/// Whether it is a short array of different texts with `verify` among them (RFC 7517, section 4.3: no duplicates).
fn includes_verify(operations: &Value) -> bool {
    let Some(operations) = operations.as_array().filter(|operations| operations.len() <= MAX_OPERATIONS) else {
        return false;
    };
    let is_first = |(at, operation): (usize, &Value)| !operations.iter().take(at).any(|other| other == operation);
    operations.iter().all(Value::is_string)
        && operations.iter().enumerate().all(is_first)
        && operations.iter().any(|operation| operation == "verify")
}

/// A text as it is, anything else as JSON; cut to 200 characters.
pub(crate) fn shown(value: &Value) -> String {
    match value.as_str() {
        Some(text) => excerpt(text),
        None => excerpt(&value.to_string()),
    }
}
