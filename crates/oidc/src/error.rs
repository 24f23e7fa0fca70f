//! Why a bearer token is refused, one variant for each way to fail a step.

use std::borrow::Cow;
use std::sync::Arc;

use jose::jws::JwsError;
use jose::{PublicKeyError, TimeError};
use problem::Problem;
use unix_time::UnixTime;

use crate::{MAX_LENGTH, MAX_LIFETIME_SECONDS};

/// Why a bearer token is refused. Texts out of the token are cut to 200 characters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BearerError {
    /// Longer than [`MAX_LENGTH`].
    #[error("it has {length} bytes, more than the {MAX_LENGTH} allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// No compact JWS.
    #[error("it is no signed JWT")]
    Malformed(#[source] JwsError),
    /// The claims are no strict JSON object.
    #[error("its claims are no strict JSON object")]
    Claims(#[source] strict_json::Error),
    /// An algorithm that is not taken from this issuer.
    #[error("it is signed with `{alg}`, which is not taken from its issuer")]
    Algorithm {
        /// The header's `alg`.
        alg: String,
    },
    /// It is something else than an access token or a JWT without a type.
    #[error("it has the type `{typ}` instead of JWT or at+jwt")]
    Type {
        /// The header's `typ`.
        typ: String,
    },
    /// The header names no key.
    #[error("it names no key")]
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
    /// The issuer has several keys of this id.
    #[error("its issuer publishes several keys of the id `{kid}`")]
    AmbiguousKey {
        /// The header's `kid`.
        kid: String,
    },
    /// The key is of another kind than the algorithm, or for another one.
    #[error("its issuer's key `{kid}` does not sign with {alg}")]
    KeyKind {
        /// The key's id.
        kid: String,
        /// The token's algorithm.
        alg: &'static str,
    },
    /// The signature is not that key's.
    #[error("its signature is wrong")]
    Signature,
    /// Another issuer, or none.
    #[error("it was not issued by `{expected}`")]
    Issuer {
        /// The one expected.
        expected: String,
    },
    /// It is for somebody else.
    #[error("it is not for the audience `{expected}`")]
    Audience {
        /// The one expected.
        expected: String,
    },
    /// A time is absent where there has to be one, or no whole number of seconds.
    #[error("it has no {claim} in whole seconds")]
    NoTime {
        /// `exp`, `nbf` or `iat`.
        claim: &'static str,
    },
    /// It has expired.
    #[error("it expired at {exp}, it is {at}")]
    Expired {
        /// The end.
        exp: UnixTime,
        /// The time of the verification.
        at: UnixTime,
    },
    /// It is not valid yet.
    #[error("it is valid only from {nbf} on, it is {at}")]
    NotYetValid {
        /// The beginning.
        nbf: UnixTime,
        /// The time of the verification.
        at: UnixTime,
    },
    /// It claims to be issued later than now.
    #[error("it was issued in the future, at {iat}, it is {at}")]
    IssuedInFuture {
        /// The time of issue.
        iat: UnixTime,
        /// The time of the verification.
        at: UnixTime,
    },
    /// It lives longer than [`MAX_LIFETIME_SECONDS`].
    #[error("it lives longer than {MAX_LIFETIME_SECONDS} seconds")]
    TooLongLived,
    /// It is about nobody.
    #[error("it has no sub of 1 to 255 characters")]
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
            Self::TooLong { .. } => "have the issuer leave claims out that are not needed",
            Self::Malformed(_) | Self::Claims(_) | Self::Type { .. } | Self::Signature => {
                "send the access token as the issuer gave it"
            }
            Self::Algorithm { .. } => "have the issuer sign with an algorithm that the service is configured for",
            Self::NoKeyId | Self::AmbiguousKey { .. } | Self::KeyKind { .. } => {
                "the issuer has to name one key of its key set in `kid`, of the kind that its algorithm needs"
            }
            Self::UnknownKey { .. } => {
                "get a new token; where the issuer has just replaced its keys, try again in a minute"
            }
            Self::UnusableKey { source, .. } => return source.help(),
            Self::Issuer { .. } => "get a token from an issuer that the service is configured for",
            Self::Audience { .. } => "ask the issuer for a token for this service",
            Self::Expired { .. } => "get a new token",
            Self::NotYetValid { .. } | Self::IssuedInFuture { .. } => "set the clocks of the service and of the issuer",
            Self::NoTime { .. } | Self::TooLongLived | Self::Subject => {
                "have the issuer put exp and sub into its access tokens, and let them live for an hour"
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
