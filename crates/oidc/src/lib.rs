//! Key sets of OpenID Connect issuers, fetched and cached, and the bearer tokens that their keys sign.
//!
//! ```text
//! KeySource ──fetch──▶ KeySet ──▶ IssuerKeys: fetched on schedule, cached
//!                        │
//!                        ▼
//! text ──▶ UnverifiedToken ──▶ Verifier::verify ──▶ VerifiedClaims
//!
//! an attestation service's URL ──discovery::fetch_keys──▶ jose::Jwks
//! ```
//!
//! A bearer token is a signed JWT (RFC 7519, RFC 9068). Its issuer publishes the keys as a JSON Web Key Set (RFC 7517), at the
//! address in its OpenID metadata or at one that the caller knows. TLS proves whose keys they are. A token is verified for one
//! issuer, one audience and a list of algorithms, all chosen by the caller; what the token says about its own key, other than the
//! key's id, is ignored. [`discovery`] also fetches the keys of attestation services, which publish them in certificates; crates
//! `token` and `client` verify attestation tokens with those.
//!
//! Time is an argument wherever a token is judged. Only [`IssuerKeys`] reads a clock, to schedule fetches: without its
//! [`keep_fresh`](IssuerKeys::keep_fresh) running it has no keys, so no token is accepted.
//!
//! ```
//! use oidc::{BearerAlgorithm, BearerError, KeySet, UnverifiedToken, Verifier};
//! use unix_time::UnixTime;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let issuer = "https://login.example/realms/operations";
//! let verifier = Verifier::new(issuer, "https://attest.example", [BearerAlgorithm::RS256]);
//!
//! // The issuer's key set; `KeySource::fetch` fetches it. This one has no keys.
//! let keys = KeySet::parse(br#"{"keys":[]}"#)?;
//! // {"alg":"RS256","kid":"k"} . {"iss":"https://login.example/realms/operations"}
//! let text = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ\
//!             .eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUvcmVhbG1zL29wZXJhdGlvbnMifQ.AAAA";
//! let token = UnverifiedToken::decode(text)?;
//! assert_eq!(token.claimed_issuer(), Some(issuer));
//!
//! let result = verifier.verify(token, &keys, UnixTime::from_seconds(1_800_000_000));
//! assert!(matches!(result, Err(BearerError::UnknownKey { .. })));
//! # Ok(()) }
//! ```
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )
)]

mod algorithm;
pub mod discovery;
mod error;
mod issuer_keys;
mod key_set;
mod key_source;
mod verify;

pub use algorithm::{ALLOWED, BearerAlgorithm};
pub use error::BearerError;
pub use issuer_keys::IssuerKeys;
pub use key_set::KeySet;
pub use key_source::{KeySource, KeySourceError};
pub use verify::{UnverifiedToken, VerifiedClaims, Verifier};

/// The maximum length of a bearer token, in bytes.
pub const MAX_TOKEN_LENGTH: usize = 12 << 10;

/// The tolerated difference between the issuer's clock and ours, in seconds.
pub const SKEW_SECONDS: i64 = 60;

/// The maximum lifetime of a bearer token, in seconds: a day.
pub const MAX_LIFETIME_SECONDS: i64 = 86_400;

/// Returns the first 200 characters of another party's text, safe for terminals and logs.
fn excerpt(text: &str) -> String {
    problem::untrusted::excerpt(text, 200)
}
