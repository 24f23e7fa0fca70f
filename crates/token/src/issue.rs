//! Issuing tokens: the service's claims, completed and signed.

use std::borrow::Cow;

use aws_lc_rs::rand;
use jose::{KeyError, jws};
use problem::Problem;
use serde::Serialize;
use serde_json::{Map, Value};
use unix_time::UnixTime;

use crate::excerpt::excerpt;
use crate::metadata::key_set_url;
use crate::signing_key::SigningKey;

/// How long an attestation token is valid, in seconds: 8 hours.
pub const ATTESTATION_LIFETIME: i64 = 28_800;

/// How long the token that answers an administrator is valid, in seconds: 1 hour.
pub const ADMINISTRATION_LIFETIME: i64 = 3_600;

/// The claims that only this crate writes.
pub const RESERVED_CLAIMS: [&str; 6] = ["exp", "iat", "iss", "jti", "nbf", VERSION_CLAIM];

const VERSION_CLAIM: &str = "x-ms-ver";

/// More bytes than the payload of most attestation tokens has.
const USUAL_PAYLOAD: usize = 4 << 10;

/// Why no token was issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The claims hold one of [`RESERVED_CLAIMS`].
    #[error("claim `{name}` is reserved for the service")]
    ReservedClaim {
        /// Its name.
        name: String,
    },
    /// The lifetime is not positive, or the token would end after the end of time.
    #[error("lifetime of {lifetime} seconds from {iat} on is empty or out of range")]
    Lifetime {
        /// Issuing time.
        iat: UnixTime,
        /// Lifetime in seconds.
        lifetime: i64,
    },
    /// No randomness for the token's id.
    #[error("no random token id could be made")]
    Random(#[source] aws_lc_rs::error::Unspecified),
    /// The claims could not be written.
    #[error("claims cannot be written")]
    Claims(#[source] serde_json::Error),
    /// The key did not sign.
    #[error("token cannot be signed")]
    Key(#[source] KeyError),
}

impl Problem for IssueError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::ReservedClaim { .. } => "issue_reserved_claim",
            Self::Lifetime { .. } => "issue_lifetime",
            Self::Random(_) => "issue_random",
            Self::Claims(_) => "issue_claims",
            Self::Key(_) => "issue_key",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::ReservedClaim { .. } => "let the policy issue a claim of another name",
            Self::Lifetime { .. } => "check the clock and give a lifetime of some hours",
            Self::Random(_) | Self::Claims(_) | Self::Key(_) => {
                "try again; if it stays so, the cryptographic library is broken"
            }
        }
        .into()
    }
}

/// Issues an attestation token: `claims` and `exp`, `iat`, `iss`, `jti`, `nbf`, `x-ms-ver`, signed with the key's algorithm.
///
/// `iss` is the provider's base address without a slash at its end, `lifetime` in seconds
/// ([`ATTESTATION_LIFETIME`]). The token is valid from `iat` on.
///
/// # Errors
/// [`IssueError`].
pub fn issue(
    key: &SigningKey,
    iss: &str,
    claims: Map<String, Value>,
    iat: UnixTime,
    lifetime: i64,
) -> Result<String, IssueError> {
    let payload = attestation_payload(iss, claims, iat, lifetime)?;
    sign(key, iss, &payload)
}

/// Issues what a draft policy would have: the token of [`issue`] with the algorithm `none` and no signature.
///
/// No relying party may accept it; it names the key that would have signed.
///
/// # Errors
/// [`IssueError`].
pub fn issue_unsecured(
    key: &SigningKey,
    iss: &str,
    claims: Map<String, Value>,
    iat: UnixTime,
    lifetime: i64,
) -> Result<String, IssueError> {
    let payload = attestation_payload(iss, claims, iat, lifetime)?;
    let jku = key_set_url(iss);
    let header = serde_json::to_string(&Header::new("none", &jku, key));
    Ok(jws::unsecured(&header.map_err(|error| IssueError::Key(KeyError::Header(error)))?, &payload))
}

/// Issues an attestation token of the API of 2018: without `jti` and `x-ms-ver`.
///
/// It has neither the version nor the type that [`crate::relying_party`] demands: it is for programs of that time.
///
/// # Errors
/// [`IssueError`].
pub fn issue_of_2018(
    key: &SigningKey,
    iss: &str,
    claims: Map<String, Value>,
    iat: UnixTime,
    lifetime: i64,
) -> Result<String, IssueError> {
    plain(key, iss, claims, iat, lifetime)
}

/// Issues the signed answer to an administrator: `claims` and `exp`, `iat`, `iss`, `nbf`, no more.
///
/// # Errors
/// [`IssueError`].
pub fn issue_administration(
    key: &SigningKey,
    iss: &str,
    claims: Map<String, Value>,
    iat: UnixTime,
    lifetime: i64,
) -> Result<String, IssueError> {
    plain(key, iss, claims, iat, lifetime)
}

/// The header of every token, in this order of members.
#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    jku: &'a str,
    kid: &'a str,
    typ: &'static str,
}

impl<'a> Header<'a> {
    fn new(alg: &'static str, jku: &'a str, key: &'a SigningKey) -> Self {
        Self { alg, jku, kid: key.kid(), typ: "JWT" }
    }
}

fn sign(key: &SigningKey, iss: &str, payload: &[u8]) -> Result<String, IssueError> {
    let jku = key_set_url(iss);
    let header = Header::new(key.algorithm().name(), &jku, key);
    jws::sign(key.pair(), &header, payload).map_err(IssueError::Key)
}

fn plain(
    key: &SigningKey,
    iss: &str,
    mut claims: Map<String, Value>,
    iat: UnixTime,
    lifetime: i64,
) -> Result<String, IssueError> {
    complete(iss, &mut claims, iat, lifetime)?;
    let payload = sorted(claims)?;
    sign(key, iss, &payload)
}

fn attestation_payload(
    iss: &str,
    mut claims: Map<String, Value>,
    iat: UnixTime,
    lifetime: i64,
) -> Result<Vec<u8>, IssueError> {
    complete(iss, &mut claims, iat, lifetime)?;
    claims.insert("jti".to_owned(), random_id()?.into());
    claims.insert(VERSION_CLAIM.to_owned(), "1.0".into());
    sorted(claims)
}

/// Compact JSON with every object's members by name, also where somebody builds `serde_json` with `preserve_order`.
fn sorted(claims: Map<String, Value>) -> Result<Vec<u8>, IssueError> {
    let mut claims = Value::Object(claims);
    claims.sort_all_objects();
    let mut json = Vec::with_capacity(USUAL_PAYLOAD);
    serde_json::to_writer(&mut json, &claims).map_err(IssueError::Claims)?;
    Ok(json)
}

fn complete(iss: &str, claims: &mut Map<String, Value>, iat: UnixTime, lifetime: i64) -> Result<(), IssueError> {
    if let Some(name) = claims.keys().find(|name| RESERVED_CLAIMS.contains(&name.as_str())) {
        return Err(IssueError::ReservedClaim { name: excerpt(name) });
    }
    let seconds = iat.seconds();
    let exp = seconds.checked_add(lifetime).filter(|_| lifetime > 0).ok_or(IssueError::Lifetime { iat, lifetime })?;
    claims.insert("iss".to_owned(), iss.into());
    for (name, seconds) in [("exp", exp), ("iat", seconds), ("nbf", seconds)] {
        claims.insert(name.to_owned(), seconds.into());
    }
    Ok(())
}

/// 32 random bytes in lowercase hex.
fn random_id() -> Result<String, IssueError> {
    let mut id = [0; 32];
    rand::fill(&mut id).map_err(IssueError::Random)?;
    Ok(hex::encode(id))
}
