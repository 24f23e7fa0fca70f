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

pub use algorithm::{ALLOWED, BearerAlgorithm};
pub use error::BearerError;
pub use key_set::KeySet;
pub use key_source::{KeySource, KeySourceError};
pub use verify::{UnverifiedToken, VerifiedClaims, Verifier};

/// The longest bearer token that is read, in bytes.
pub const MAX_LENGTH: usize = 12 << 10;

/// How far the issuer's clock and ours may lie apart.
pub const SKEW_SECONDS: i64 = 60;

/// The longest that a token may live: a day.
pub const MAX_LIFETIME_SECONDS: i64 = 86_400;
