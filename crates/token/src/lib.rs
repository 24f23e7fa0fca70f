//! Attestation tokens: claims to JWS and back, JWKS, OpenID metadata, relying-party verification.
//!
//! ```text
//! service:        claims ──▶ issue ──▶ compact JWS        SigningKey ──▶ certificate ──▶ Jwks
//! administrator:  policy text ──▶ PolicySigningKey::sign ──▶ policy JWS ──▶ PolicyJws::read ──▶ text, signer
//! administrator:  issuer ──▶ openid::KeySet       bearer token ──▶ openid::Verifier::verify ──▶ openid::VerifiedClaims
//! relying party:  issuer ──▶ discovery ──▶ Verifier       token ──▶ Verifier::verify ──▶ VerifiedToken
//!                 Issuer: the same, with keys fetched when they are needed, and kept
//! ```
//!
//! The tokens are those of the Azure Attestation API: RS256, a header of `alg`, `jku`, `kid`, `typ`, claims sorted by name.
//! What the `x-ms-*` claims of a piece of evidence are is the service's affair; this crate owns `iss`, `exp`, `iat`, `nbf`,
//! `jti` and `x-ms-ver`. Time is always an argument, in seconds since 1970 UTC.
//!
//! ```
//! use token::{ATTESTATION_LIFETIME, Binding, Expectations, Jwk, Jwks, SigningKey, TokenAlgorithm, Verifier, issue};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (iss, now) = ("https://attest.example", 1_800_000_000);
//! let key = SigningKey::generate(TokenAlgorithm::Rs256)?;
//! let certificate = key.self_signed(iss, now, now + 365 * 86_400, None)?;
//! let claims = serde_json::from_str(r#"{"nonce": "f00d", "x-ms-attestation-type": "sgx", "x-ms-sgx-svn": 3}"#)?;
//! let token = issue(&key, iss, claims, now, ATTESTATION_LIFETIME)?;
//!
//! let verifier = Verifier::new(iss, Jwks::new(vec![Jwk::new(key.kid(), &certificate)]));
//! let verified = verifier.verify(&token, now + 60, &Expectations::new(Binding::Nonce("f00d".into())))?;
//! assert_eq!(verified.svn(), Some(3));
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
mod certified_key;
pub mod discovery;
mod excerpt;
pub mod hash;
mod issue;
pub mod issuer;
mod jwks;
pub mod jws;
mod key_use;
mod metadata;
pub mod openid;
pub mod policy_jws;
mod public_key;
pub mod relying_party;
mod revocation;
mod signer_evidence;
mod signing_key;

pub use algorithm::{Algorithm, TokenAlgorithm, UnknownAlgorithm};
pub use issue::{
    ADMINISTRATION_LIFETIME, ATTESTATION_LIFETIME, IssueError, RESERVED_CLAIMS, issue, issue_administration,
    issue_of_2018, issue_unsecured,
};
pub use issuer::{Issuer, IssuerError};
pub use jwks::{Jwk, Jwks, JwksError, MAX_KEYS};
pub use key_use::KeyUseError;
pub use metadata::OpenIdMetadata;
pub use public_key::PublicKeyError;
pub use relying_party::{Binding, EnclaveExpectations, Expectations, TokenError, VerifiedToken, Verifier};
pub use revocation::{RevocationError, RevokedTokens};
pub use signer_evidence::{SignerEvidence, SignerEvidenceError};
pub use signing_key::{CertificateError, KeyError, SigningKey};
