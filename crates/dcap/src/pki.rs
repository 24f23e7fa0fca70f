//! Certificates, revocation lists, chains and roots; the platform's PCK certificate chain.

pub(crate) mod certificate;
pub(crate) mod chain;
pub(crate) mod crl;
pub(crate) mod ecdsa;
pub(crate) mod pck;
pub(crate) mod pck_error;
pub mod pem;
pub(crate) mod platform_family;
pub(crate) mod root;
pub(crate) mod sgx_extension;
pub(crate) mod x509;
