//! Attestation tokens: issue them, verify them as a relying party, and read the documents that accompany them.
//!
//! ```text
//! service:        claims ──▶ issue ──▶ compact JWS       OpenIdMetadata, RevokedTokens
//! relying party:  the issuer's keys ──▶ Verifier         token ──▶ Verifier::verify ──▶ VerifiedToken
//! ```
//!
//! The tokens are those of the Azure Attestation API: RS256, a header of `alg`, `jku`, `kid`, `typ`, claims sorted by name. The
//! service chooses the `x-ms-*` claims about evidence; this crate owns `iss`, `exp`, `iat`, `nbf`, `jti` and `x-ms-ver`.
//!
//! The crate reads no clock and uses no network: time and keys are arguments. Crate `client` fetches an issuer's keys and makes a
//! [`Verifier`] of them.
//!
//! ```
//! use jose::Jwks;
//! use problem::Problem;
//! use token::{ATTESTATION_LIFETIME, Binding, Expectations, SigningKey, TokenAlgorithm, Verifier, issue};
//! use unix_time::UnixTime;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (iss, now) = ("https://attest.example", UnixTime::from_seconds(1_800_000_000));
//! let key = SigningKey::generate(TokenAlgorithm::Es256)?;
//! let claims = serde_json::from_str(r#"{"nonce": "f00d", "x-ms-attestation-type": "sgx", "x-ms-sgx-svn": 3}"#)?;
//! let token = issue(&key, iss, claims, now, ATTESTATION_LIFETIME)?;
//!
//! // What the issuer publishes at `<iss>/certs`; this one has withdrawn its keys.
//! let verifier = Verifier::new(iss, Jwks::parse(br#"{"keys":[]}"#)?);
//! let result = verifier.verify(&token, now.plus(60), &Expectations::new(Binding::Nonce("f00d".into())));
//! assert_eq!(result.unwrap_err().code(), "token_unknown_key");
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
#[cfg(feature = "attested-signer")]
mod attested_signer;
mod excerpt;
pub mod hash;
mod issue;
mod metadata;
pub mod relying_party;
mod revocation;
#[cfg(feature = "hpke")]
mod sealed_secret;
mod signer_evidence;
mod signing_key;

pub use algorithm::{ALLOWED, TokenAlgorithm};
#[cfg(feature = "attested-signer")]
pub use attested_signer::{AttestedSigner, SignerError, SignerExpectations};
pub use issue::{
    ADMINISTRATION_LIFETIME, ATTESTATION_LIFETIME, IssueError, RESERVED_CLAIMS, issue, issue_administration,
    issue_of_2018, issue_unsecured,
};
pub use metadata::OpenIdMetadata;
pub use relying_party::{Binding, EnclaveExpectations, Expectations, TokenError, VerifiedToken, Verifier};
pub use revocation::{RevocationError, RevokedTokens};
#[cfg(feature = "hpke")]
pub use sealed_secret::{RecipientKey, SealedSecret, SealedSecretError};
pub use signer_evidence::{REPORT_EXTENSION, SignerEvidence, SignerEvidenceError};
pub use signing_key::SigningKey;
