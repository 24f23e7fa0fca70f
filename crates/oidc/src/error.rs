//! Errors of verifying a bearer token, one variant for each way that a step fails.

use std::borrow::Cow;
use std::sync::Arc;

use jose::jws::JwsError;
use jose::{PublicKeyError, TimeError};
use problem::Problem;
use unix_time::UnixTime;

use crate::{MAX_LIFETIME_SECONDS, MAX_TOKEN_LENGTH};

/// Why a bearer token is refused. Texts out of the token are cut to 200 characters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BearerError {
    /// Longer than [`MAX_TOKEN_LENGTH`].
    #[error("it has {length} bytes, more than the {MAX_TOKEN_LENGTH} allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It is not a compact JWS.
    #[error("it is not a signed JWT")]
    Malformed(#[source] JwsError),
    /// The claims are not a strict JSON object.
    #[error("its claims are not a strict JSON object")]
    Claims(#[source] strict_json::Error),
    /// The algorithm is not allowed for this issuer.
    #[error("it is signed with `{alg}`, which is not allowed for its issuer")]
    Algorithm {
        /// The header's `alg`.
        alg: String,
    },
    /// Its type is not that of an access token or of any JWT.
    #[error("its type is `{typ}`, expected JWT or at+jwt")]
    Type {
        /// The header's `typ`.
        typ: String,
    },
    /// The header has no `kid`.
    #[error("its header has no `kid`")]
    NoKeyId,
    /// The issuer has no such key.
    #[error("it is signed with the key `{kid}`, which its issuer does not publish")]
    UnknownKey {
        /// The header's `kid`.
        kid: String,
    },
    /// The issuer's key of this id cannot be used.
    #[error("its issuer's key `{kid}` cannot be used")]
    UnusableKey {
        /// The header's `kid`.
        kid: String,
        /// Why not.
        source: Arc<PublicKeyError>,
    },
    /// The issuer has several keys with this id.
    #[error("its issuer publishes several keys with the id `{kid}`")]
    AmbiguousKey {
        /// The header's `kid`.
        kid: String,
    },
    /// The key is of a kind that the algorithm does not use, or is published for another algorithm.
    #[error("its issuer's key `{kid}` does not sign with {alg}")]
    KeyKind {
        /// The key's id.
        kid: String,
        /// The token's algorithm.
        alg: &'static str,
    },
    /// The signature does not verify with that key.
    #[error("its signature is invalid")]
    Signature,
    /// `iss` is missing or names another issuer.
    #[error("it was not issued by `{expected}`")]
    Issuer {
        /// The one expected.
        expected: String,
    },
    /// `aud` is missing or names other audiences.
    #[error("it is not for the audience `{expected}`")]
    Audience {
        /// The one expected.
        expected: String,
    },
    /// A time is missing, or not a whole number of seconds.
    #[error("its `{claim}` is missing or not a whole number of seconds")]
    NoTime {
        /// `exp`, `nbf` or `iat`.
        claim: &'static str,
    },
    /// It has expired.
    #[error("it expired at {exp} (verified at {at})")]
    Expired {
        /// The end.
        exp: UnixTime,
        /// The time of the verification.
        at: UnixTime,
    },
    /// It is not valid yet.
    #[error("it is not valid before {nbf} (verified at {at})")]
    NotYetValid {
        /// The beginning.
        nbf: UnixTime,
        /// The time of the verification.
        at: UnixTime,
    },
    /// `iat` is later than the time of the verification.
    #[error("it was issued in the future, at {iat} (verified at {at})")]
    IssuedInFuture {
        /// The time of issue.
        iat: UnixTime,
        /// The time of the verification.
        at: UnixTime,
    },
    /// Its lifetime exceeds [`MAX_LIFETIME_SECONDS`].
    #[error("its lifetime exceeds {MAX_LIFETIME_SECONDS} seconds")]
    TooLongLived,
    /// `sub` is missing, empty or too long.
    #[error("its `sub` is missing or not 1 to 255 characters long")]
    Subject,
}

impl Problem for BearerError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::TooLong { .. } => "bearer_too_long",
            Self::Malformed(_) => "bearer_malformed",
            Self::Claims(_) => "bearer_claims",
            Self::Algorithm { .. } => "bearer_algorithm",
            Self::Type { .. } => "bearer_type",
            Self::NoKeyId => "bearer_no_key_id",
            Self::UnknownKey { .. } => "bearer_unknown_key",
            Self::UnusableKey { .. } => "bearer_unusable_key",
            Self::AmbiguousKey { .. } => "bearer_ambiguous_key",
            Self::KeyKind { .. } => "bearer_key_kind",
            Self::Signature => "bearer_signature",
            Self::Issuer { .. } => "bearer_issuer",
            Self::Audience { .. } => "bearer_audience",
            Self::NoTime { .. } => "bearer_no_time",
            Self::Expired { .. } => "bearer_expired",
            Self::NotYetValid { .. } => "bearer_not_yet_valid",
            Self::IssuedInFuture { .. } => "bearer_issued_in_future",
            Self::TooLongLived => "bearer_too_long_lived",
            Self::Subject => "bearer_subject",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::TooLong { .. } => "configure the issuer to leave out claims that are not needed",
            Self::Malformed(_) | Self::Claims(_) | Self::Type { .. } | Self::Signature => {
                "send the access token unchanged, as the issuer gave it"
            }
            Self::Algorithm { .. } => "configure the issuer to sign with an algorithm that the service allows for it",
            Self::NoKeyId | Self::AmbiguousKey { .. } | Self::KeyKind { .. } => {
                "the issuer must name one key of its key set in `kid`, of the kind that its algorithm needs"
            }
            Self::UnknownKey { .. } => {
                "get a new token; if the issuer has just replaced its keys, try again in a minute"
            }
            Self::UnusableKey { source, .. } => return source.help(),
            Self::Issuer { .. } => "get a token from an issuer that the service is configured for",
            Self::Audience { .. } => "ask the issuer for a token for this service",
            Self::Expired { .. } => "get a new token",
            Self::NotYetValid { .. } | Self::IssuedInFuture { .. } => {
                "check the clocks of the service and of the issuer"
            }
            Self::NoTime { .. } | Self::TooLongLived | Self::Subject => {
                "configure the issuer to put exp and sub into its access tokens, with a lifetime of at most a day"
            }
        }
        .into()
    }
}

impl From<TimeError> for BearerError {
    fn from(error: TimeError) -> Self {
        match error {
            TimeError::Expired { expires: exp, at } => Self::Expired { exp, at },
            TimeError::NotYetValid { not_before: nbf, at } => Self::NotYetValid { nbf, at },
            TimeError::IssuedInFuture { issued: iat, at } => Self::IssuedInFuture { iat, at },
            TimeError::Missing { claim } => Self::NoTime { claim },
        }
    }
}
