//! Bearer tokens of OpenID Connect issuers that somebody chose to trust: signed JWTs (RFC 7519, RFC 9068) under the keys that the
//! issuer publishes (RFC 7517).
//!
//! ```text
//! KeySource ──fetch──▶ KeySet ─┐
//!                              ▼
//! text ──▶ UnverifiedToken ──▶ Verifier::verify ──▶ VerifiedClaims
//! ```
//!
//! Attestation tokens are another matter: [`crate::relying_party`] reads those.

mod algorithm;
mod error;
mod key_set;
mod key_source;
mod verify;

pub use algorithm::SignatureAlgorithm;
pub use error::BearerError;
pub use key_set::{KeySet, KeySetError};
pub use key_source::{KeySource, KeySourceError};
pub use verify::{SKEW_SECONDS, UnverifiedToken, VerifiedClaims, Verifier};

/// The longest bearer token that is read, in bytes.
pub const MAX_LENGTH: usize = 12 << 10;

/// The longest that a token may live: a day.
pub const MAX_LIFETIME_SECONDS: i64 = 86_400;
