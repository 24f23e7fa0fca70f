//! Why a token is refused, one variant for each way to fail a step.

use std::borrow::Cow;

use jose::jws::{JwsError, MAX_LENGTH};
use jose::{PublicKeyError, TimeError};
use problem::Problem;
use unix_time::UnixTime;

/// Why a token is refused. Texts out of the token are cut to 200 characters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than [`MAX_LENGTH`].
    #[error("token has {length} bytes, more than the {MAX_LENGTH} allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// No compact JWS.
    #[error("token is malformed")]
    Malformed(#[source] JwsError),
    /// The algorithm is `none`.
    #[error("token is unsigned: it shows what a draft policy would issue and attests nothing")]
    DraftPolicy,
    /// Another algorithm than RS256 or ES256.
    #[error("token is signed with `{alg}` instead of RS256 or ES256")]
    Algorithm {
        /// The header's `alg`.
        alg: String,
    },
    /// Another type than `JWT`, or none.
    #[error("token has the type `{typ}` instead of JWT")]
    Type {
        /// The header's `typ`, empty if absent.
        typ: String,
    },
    /// The header names no key.
    #[error("token names no key")]
    NoKeyId,
    /// The issuer has no such key.
    #[error("token is signed with the key `{kid}`, which the issuer does not publish")]
    UnknownKey {
        /// The header's `kid`.
        kid: String,
    },
    /// The issuer withdrew the key.
    #[error("token is signed with the key `{kid}`, which the issuer withdrew")]
    KeyWithdrawn {
        /// The header's `kid`.
        kid: String,
    },
    /// The issuer has several keys of this id that verify such signatures.
    #[error("the issuer publishes several keys of the id `{kid}`")]
    AmbiguousKey {
        /// The header's `kid`.
        kid: String,
    },
    /// The key is of another kind than the algorithm.
    #[error("the issuer's key `{kid}` is of the kind `{kty}`, which does not sign with {alg}")]
    KeyType {
        /// The key's id.
        kid: String,
        /// Its kind.
        kty: String,
        /// The token's algorithm.
        alg: &'static str,
    },
    /// The key cannot be used.
    #[error("the issuer's key `{kid}` cannot be used")]
    Key {
        /// The key's id.
        kid: String,
        /// Why not.
        source: PublicKeyError,
    },
    /// The header points to keys elsewhere.
    #[error("token points to the keys at `{jku}`, which are not the issuer's")]
    KeyUrl {
        /// The header's `jku`.
        jku: String,
    },
    /// The signature is not that key's.
    #[error("token's signature is wrong")]
    Signature,
    /// The claims are no strict JSON object.
    #[error("token's claims are no strict JSON object")]
    Claims(#[source] strict_json::Error),
    /// No text `iss`.
    #[error("token has no issuer")]
    NoIssuer,
    /// Another issuer.
    #[error("token was issued by `{found}` instead of `{expected}`")]
    Issuer {
        /// The token's `iss`.
        found: String,
        /// The verifier's issuer.
        expected: String,
    },
    /// A time is absent or no whole number of seconds.
    #[error("token has no {claim} in whole seconds")]
    NoTime {
        /// `exp`, `nbf` or `iat`.
        claim: &'static str,
    },
    /// It ends before it begins.
    #[error("token ends at {exp}, before it begins at {nbf}")]
    Window {
        /// The beginning.
        nbf: UnixTime,
        /// The end.
        exp: UnixTime,
    },
    /// It has expired.
    #[error("token expired at {exp}, it is {at}")]
    Expired {
        /// The end.
        exp: UnixTime,
        /// The time of the verification.
        at: UnixTime,
    },
    /// It is not valid yet.
    #[error("token is valid only from {nbf} on, it is {at}")]
    NotYetValid {
        /// The beginning.
        nbf: UnixTime,
        /// The time of the verification.
        at: UnixTime,
    },
    /// It claims to be issued later than now.
    #[error("token was issued in the future, at {iat}, it is {at}")]
    IssuedInFuture {
        /// The time of issue.
        iat: UnixTime,
        /// The time of the verification.
        at: UnixTime,
    },
    /// The answer to an administrator.
    #[error("token answers an administrator (it has {claim}) and attests nothing")]
    Administration {
        /// The claim that tells.
        claim: &'static str,
    },
    /// No attestation token.
    #[error("token is no attestation token: it has no {claim}")]
    NotAttestation {
        /// The claim that is absent or no text.
        claim: &'static str,
    },
    /// The claim that would bind it is absent.
    #[error("token has no {claim}, so it may be a replay")]
    Unbound {
        /// The claim.
        claim: &'static str,
    },
    /// Bound to something else.
    #[error("token's {claim} is not the one expected, so it may be a replay")]
    Binding {
        /// The claim.
        claim: &'static str,
    },
    /// About simulated evidence.
    #[error("token is about simulated evidence, which anybody can make")]
    Simulated,
    /// About another enclave than the one demanded.
    #[error("token's {claim} does not meet what is demanded of the enclave")]
    Enclave {
        /// The claim.
        claim: &'static str,
    },
    /// It has no id, so it cannot be looked for among the revoked ones.
    #[error("token has no id")]
    NoTokenId,
    /// It was revoked.
    #[error("token `{jti}` was revoked")]
    Revoked {
        /// Its id.
        jti: String,
    },
    /// The list of revoked tokens is another issuer's.
    #[error("list of revoked tokens is that of `{found}`, which did not issue the token")]
    RevokedByAnother {
        /// Whose it is.
        found: String,
    },
}

impl Problem for TokenError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::TooLong { .. } => "token_too_long",
            Self::Malformed(_) => "token_malformed",
            Self::DraftPolicy => "token_draft_policy",
            Self::Algorithm { .. } => "token_algorithm",
            Self::Type { .. } => "token_type",
            Self::NoKeyId => "token_no_key_id",
            Self::UnknownKey { .. } => "token_unknown_key",
            Self::KeyWithdrawn { .. } => "token_key_withdrawn",
            Self::AmbiguousKey { .. } => "token_ambiguous_key",
            Self::KeyType { .. } => "token_key_type",
            Self::Key { .. } => "token_key",
            Self::KeyUrl { .. } => "token_key_url",
            Self::Signature => "token_signature",
            Self::Claims(_) => "token_claims",
            Self::NoIssuer => "token_no_issuer",
            Self::Issuer { .. } => "token_issuer",
            Self::NoTime { .. } => "token_no_time",
            Self::Window { .. } => "token_window",
            Self::Expired { .. } => "token_expired",
            Self::NotYetValid { .. } => "token_not_yet_valid",
            Self::IssuedInFuture { .. } => "token_issued_in_future",
            Self::Administration { .. } => "token_administration",
            Self::NotAttestation { .. } => "token_not_attestation",
            Self::Unbound { .. } => "token_unbound",
            Self::Binding { .. } => "token_binding",
            Self::Simulated => "token_simulated",
            Self::Enclave { .. } => "token_enclave",
            Self::NoTokenId => "token_no_id",
            Self::Revoked { .. } => "token_revoked",
            Self::RevokedByAnother { .. } => "token_revoked_by_another",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::TooLong { .. } | Self::Malformed(_) | Self::Type { .. } | Self::Claims(_) => {
                "send the token exactly as the attestation service returned it"
            }
            Self::DraftPolicy => "attest again without a draft policy",
            Self::Algorithm { .. } | Self::NoKeyId | Self::NoIssuer | Self::NoTime { .. } | Self::Window { .. } => {
                "this is no token of an attestation service; check where it comes from"
            }
            Self::UnknownKey { .. } => {
                "fetch the issuer's keys again; if it stays so, another service issued the token"
            }
            Self::KeyWithdrawn { .. } => "do not trust the token: others may have the key; attest again",
            Self::AmbiguousKey { .. } | Self::KeyType { .. } => "the issuer's key set is broken; ask its operator",
            Self::Key { source, .. } => return source.help(),
            Self::KeyUrl { .. } | Self::Issuer { .. } => "attest with the service that is trusted here",
            Self::Signature => "do not trust the sender: the token was changed or forged",
            Self::Expired { .. } => "attest again",
            Self::NotYetValid { .. } | Self::IssuedInFuture { .. } => "set the clocks here and at the issuer",
            Self::Administration { .. } | Self::NotAttestation { .. } => "send the token that an attest call returned",
            Self::Unbound { .. } | Self::Binding { .. } => "attest again with the nonce or runtime data demanded",
            Self::Enclave { .. } => "do not trust that enclave: it is another one, an older one, or one for debugging",
            Self::NoTokenId => "this is no token of an attestation service that revokes tokens",
            Self::Revoked { .. } => "attest again, and ask the issuer's operator why it was revoked",
            Self::RevokedByAnother { .. } => "fetch the list of the issuer that the token names",
            Self::Simulated => "attest on real hardware, or accept simulated evidence explicitly",
        }
        .into()
    }
}

impl From<TimeError> for TokenError {
    fn from(error: TimeError) -> Self {
        match error {
            TimeError::Expired { expires: exp, at } => Self::Expired { exp, at },
            TimeError::NotYetValid { not_before: nbf, at } => Self::NotYetValid { nbf, at },
            TimeError::IssuedInFuture { issued: iat, at } => Self::IssuedInFuture { iat, at },
            TimeError::Missing { claim } => Self::NoTime { claim },
        }
    }
}
