//! JSON Object Signing: algorithms, keys, JWS, key sets, and the times of claims (RFC 7515, 7517, 7518 and 7519).
//!
//! ```text
//! text ──▶ Jws ──▶ AllowList::find(alg) ──▶ Algorithm ─┐
//! bytes ─▶ Jwks ─▶ Jwk ─▶ PublicKey ───────────────────┴▶ PublicKey::verifies ──▶ claims ──▶ Times::check
//! KeyPair ─▶ jws::sign ─▶ text
//! ```
//!
//! There is one table of algorithms, [`Algorithm`]. Nothing here decides which of them may be used: attestation tokens, policies and
//! bearer tokens each have an [`AllowList`] of their own, so that what one of them accepts says nothing about the others.
//! `none` and algorithms with a shared secret are not in the table.
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
mod jwk;
mod jwks;
pub mod jws;
mod key_kind;
mod key_pair;
mod key_use;
mod public_key;
mod public_key_error;
mod times;

pub use algorithm::{Algorithm, AllowList, UnknownAlgorithm};
pub use jwk::{BareKey, CertifiedKey, Jwk};
pub use jwks::{Jwks, JwksError, MAX_KEYS};
pub use key_kind::KeyKind;
pub use key_pair::{KeyError, KeyPair};
pub use key_use::KeyUseError;
pub use public_key::PublicKey;
pub use public_key_error::PublicKeyError;
pub use times::{TimeError, Times};

/// Returns the first 200 characters of another party's text, safe for terminals and logs.
fn excerpt(text: &str) -> String {
    problem::untrusted::excerpt(text, 200)
}
