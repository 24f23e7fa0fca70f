//! The tokens of an issuer that were revoked before they expired, as it publishes them at `<issuer>/revoked`.
//!
//! Whoever verifies a token offline does not see this list, and a token that was revoked stays good for them until it expires.

use std::borrow::Cow;

use problem::Problem;
use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use unix_time::UnixTime;

use crate::excerpt::excerpt;

/// The deepest nesting in a list.
const MAX_DEPTH: usize = 3;

/// A list of revoked tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokedTokens {
    issuer: String,
    /// In seconds.
    #[serde(serialize_with = "write_time", deserialize_with = "read_time")]
    as_of: UnixTime,
    revoked: BTreeSet<String>,
    /// The list of an earlier version does not have it.
    #[serde(default)]
    withdrawn_keys: BTreeSet<String>,
}

/// Why a list of revoked tokens is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// No strict JSON with the members of a list.
    #[error("list of revoked tokens is malformed")]
    Json(#[from] strict_json::Error),
    /// Another issuer's.
    #[error("list of revoked tokens is that of `{found}` instead of `{expected}`")]
    Issuer {
        /// The list's `issuer`.
        found: String,
        /// The issuer asked for.
        expected: String,
    },
}

impl Problem for RevocationError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Json(_) => "revoked_tokens_json",
            Self::Issuer { .. } => "revoked_tokens_issuer",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Json(_) => "check that the address is that of an attestation service that publishes such a list",
            Self::Issuer { .. } => "ask the issuer that the token names",
        }
        .into()
    }
}

impl RevokedTokens {
    /// Of these tokens, by their `jti`; as of a time.
    pub fn new(issuer: &str, as_of: UnixTime, revoked: impl IntoIterator<Item = String>) -> Self {
        let (revoked, withdrawn_keys) = (revoked.into_iter().collect(), BTreeSet::new());
        Self { issuer: issuer.to_owned(), as_of, revoked, withdrawn_keys }
    }

    /// The same list, with the ids of signing keys that the issuer withdrew.
    #[must_use]
    pub fn withdrawn_keys(self, kids: impl IntoIterator<Item = String>) -> Self {
        Self { withdrawn_keys: kids.into_iter().collect(), ..self }
    }

    /// Reads the list of that issuer: JSON with `issuer`, `asOf` (seconds since 1970 UTC), `revoked` (an array of `jti`) and
    /// `withdrawnKeys` (an array of `kid`).
    ///
    /// # Errors
    /// [`RevocationError`].
    pub fn parse(bytes: &[u8], issuer: &str) -> Result<Self, RevocationError> {
        let list: Self = strict_json::from_slice(bytes, MAX_DEPTH)?;
        if list.issuer != issuer {
            return Err(RevocationError::Issuer { found: excerpt(&list.issuer), expected: excerpt(issuer) });
        }
        Ok(list)
    }

    /// Whose list it is.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// When it was complete.
    pub const fn as_of(&self) -> UnixTime {
        self.as_of
    }

    /// Whether the token of that `jti` is on it.
    pub fn contains(&self, token_id: &str) -> bool {
        self.revoked.contains(token_id)
    }

    /// Whether the signing key of that id was withdrawn, and with it every token that it signed.
    pub fn has_withdrawn(&self, kid: &str) -> bool {
        self.withdrawn_keys.contains(kid)
    }
}

fn write_time<S: Serializer>(time: &UnixTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(time.seconds())
}

fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnixTime, D::Error> {
    i64::deserialize(deserializer).map(UnixTime::from_seconds)
}
