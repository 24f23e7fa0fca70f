//! Certificates and revocation lists in the shape of Intel's DCAP hierarchy, valid and invalid ones alike.
//!
//! A specification holds what a certificate or CRL says, in plain fields; [`Signed`](crate::Signed) adds who signs it.
//! Nothing here keeps anybody from writing nonsense: that is what tests of a verifier need.
//!
//! Source: RFC 5280, and the certificates that Intel has issued since 2018.

mod certificate;
mod crl;
mod extension;
mod name;
mod pem;
mod sgx_extension;

pub use certificate::CertificateSpec;
pub use crl::CrlSpec;
pub use extension::RawExtension;
pub use name::{Name, SIMULATION_UNIT};
pub use pem::{CERTIFICATE, CRL, PemStyle};
pub use sgx_extension::{Configuration, SGX_EXTENSION, SgxExtensionSpec};
