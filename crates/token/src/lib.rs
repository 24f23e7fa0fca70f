//! Attestation tokens: claims to JWS and back, JWKS, OpenID metadata, relying-party verification.
//!
//! ```text
//! service:        claims ──▶ issue ──▶ compact JWS
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
mod attested_signer;
pub mod discovery;
mod excerpt;
pub mod hash;
mod issue;
pub mod issuer;
mod metadata;
pub mod openid;
pub mod policy_jws;
pub mod relying_party;
mod revocation;
#[cfg(feature = "hpke")]
mod sealed_secret;
mod signer_evidence;
mod signing_key;

pub use algorithm::{ALLOWED, TokenAlgorithm};
pub use attested_signer::{SignerError, SignerExpectations};
pub use issue::{
    ADMINISTRATION_LIFETIME, ATTESTATION_LIFETIME, IssueError, RESERVED_CLAIMS, issue, issue_administration,
    issue_of_2018, issue_unsecured,
};
pub use issuer::{Issuer, IssuerError};
pub use metadata::OpenIdMetadata;
pub use relying_party::{Binding, EnclaveExpectations, Expectations, TokenError, VerifiedToken, Verifier};
pub use revocation::{RevocationError, RevokedTokens};
#[cfg(feature = "hpke")]
pub use sealed_secret::{RecipientKey, SealedSecret, SealedSecretError};
pub use signer_evidence::{REPORT_EXTENSION, SignerEvidence, SignerEvidenceError};
pub use signing_key::SigningKey;
