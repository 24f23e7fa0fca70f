//! Why bytes are no certificate of the DCAP hierarchy, and the bounds of one.

use std::borrow::Cow;

use const_oid::ObjectIdentifier;
use problem::Problem;

/// Object identifier of Intel's SGX extension in PCK certificates.
pub const SGX_EXTENSION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113741.1.13.1");

/// More bytes than any certificate of the hierarchy has (about 1,300).
pub const MAX_CERTIFICATE: usize = 16 << 10;
/// More extensions than any certificate or revocation list of the hierarchy has (6), and few enough to compare each with each.
pub(crate) const MAX_EXTENSIONS: usize = 32;

/// Why bytes are no certificate of the DCAP hierarchy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedCertificate {
    /// Longer than [`MAX_CERTIFICATE`].
    #[error("certificate is longer than {MAX_CERTIFICATE} bytes")]
    TooLong,
    /// Not the DER of an X.509 certificate.
    #[error("certificate is no X.509 in DER")]
    Der(#[source] der::Error),
    /// Version 1 or 2, which have no extensions.
    #[error("certificate is not of X.509 version 3")]
    Version,
    /// Signed with something else than ecdsa-with-SHA256.
    #[error("certificate is signed with `{0}` instead of ecdsa-with-SHA256")]
    SignatureAlgorithm(ObjectIdentifier),
    /// A key of another kind than P-256.
    #[error("certificate's public key is no uncompressed P-256 point")]
    PublicKey,
    /// More extensions than any certificate of the hierarchy has.
    #[error("certificate has {0} extensions")]
    TooManyExtensions(usize),
    /// The same extension twice.
    #[error("certificate has extension `{0}` twice")]
    DuplicateExtension(ObjectIdentifier),
    /// A critical extension that is not understood.
    #[error("certificate has unknown critical extension `{0}`")]
    UnknownCriticalExtension(ObjectIdentifier),
    /// An extension that every certificate of the hierarchy carries is absent or empty.
    #[error("certificate lacks the extension {0}")]
    MissingExtension(&'static str),
    /// The subject has no common name, several, or one that is no text.
    #[error("certificate's subject does not have exactly one common name")]
    CommonName,
}

impl Problem for MalformedCertificate {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::TooLong => "certificate_too_long",
            Self::Der(_) => "certificate_not_der",
            Self::Version => "certificate_version_unsupported",
            Self::SignatureAlgorithm(_) => "certificate_algorithm_unsupported",
            Self::PublicKey => "certificate_key_unsupported",
            Self::TooManyExtensions(_) => "certificate_too_many_extensions",
            Self::DuplicateExtension(_) => "certificate_duplicate_extension",
            Self::UnknownCriticalExtension(_) => "certificate_unknown_critical_extension",
            Self::MissingExtension(_) => "certificate_missing_extension",
            Self::CommonName => "certificate_common_name_invalid",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        "the certificate is damaged or none of Intel's SGX hierarchy; obtain it again".into()
    }
}
