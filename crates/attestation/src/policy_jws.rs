//! The policy JWS of the Azure Attestation API, in which an administrator sends a policy, signed or unsecured.
//!
//! ```text
//! unsecured:  {"alg":"none"} . {"AttestationPolicy":"<base64url of the text>"} .
//! signed:     {"alg":"RS256","x5c":["<certificate>", …]} . the same payload . signature
//! reset:      either, with an empty payload
//! ```
//!
//! Every JWS that [`PolicySigningKey`] signs is unique, so that a service can refuse it the second time: policies and signer
//! requests have a `jti` in their payload; a reset has no payload, and has a `kid` in its header, which Azure allows.
//!
//! [`PolicyJws::read`] accepts every spelling that Microsoft's clients send, and verifies the signature with the key of the first
//! certificate. [`PolicySigner::chains_to`] then checks whether that certificate belongs to a trusted signer. Keep the JWS
//! verbatim, because [`token::hash::policy_token_hash`] is over it.
//!
//! ```
//! use attestation::policy_jws::{PolicyJws, unsecured};
//! let text = "version=1.0; authorizationrules{=> permit();};";
//! let read = PolicyJws::read(&unsecured(text)).unwrap();
//! assert_eq!((read.text(), read.signer()), (Some(text), None));
//! ```

mod certificate;
mod certificate_jws;
mod chain;
mod error;
mod key_error;
mod key_file;
mod read;
mod signed;
mod signer;
mod trust;
mod write;

use jose::{Algorithm, AllowList};

pub use certificate::SignerCertificate;
pub use certificate_jws::{CertificateAction, CertificateJws, CertificateJwsError};
pub use error::PolicyJwsError;
pub use key_error::PolicyKeyError;
pub use read::PolicyJws;
pub use signed::PolicySigner;
pub use signer::PolicySigningKey;
pub use trust::SignerTrustError;
pub use write::{unsecured, unsecured_reset};

/// The algorithms that signed policies are accepted with. Attestation tokens and bearer tokens have lists of their own.
pub const ALLOWED: AllowList = AllowList::new(&Algorithm::ALL);

/// The algorithms that [`PolicySigningKey`] signs with.
pub const SIGNED_WITH: AllowList = AllowList::new(&[Algorithm::Rs256, Algorithm::Es256]);

/// The maximum length of a policy JWS, in bytes: a policy of 64 KiB, encoded twice, and five large certificates.
pub const MAX_LENGTH: usize = 256 << 10;

/// The maximum number of certificates in a signer's chain.
pub const MAX_CERTIFICATES: usize = 5;

/// The maximum length of a file with a key, certificates or both, in bytes.
pub const MAX_KEY_FILE: usize = 256 << 10;

/// Returns the first 200 characters of another party's text, safe for terminals and logs.
fn excerpt(text: &str) -> String {
    problem::untrusted::excerpt(text, 200)
}
