//! Errors of reading a policy signing key, and of signing with it.

use std::borrow::Cow;

use jose::{Algorithm, KeyError};
use problem::Problem;

use super::{MAX_CERTIFICATES, MAX_KEY_FILE};

/// Why a policy signing key cannot be read, or cannot sign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyKeyError {
    /// A file is longer than [`MAX_KEY_FILE`].
    #[error("the {file} has {length} bytes, more than the {MAX_KEY_FILE} allowed")]
    TooLong {
        /// `key`, `certificates` or `PKCS#12 file`.
        file: &'static str,
        /// Its length in bytes.
        length: usize,
    },
    /// A file is not PEM.
    #[error("the {file} cannot be read as PEM")]
    Pem {
        /// `key` or `certificates`.
        file: &'static str,
        /// What is wrong with it.
        source: pem::PemError,
    },
    /// The key file has no private key.
    #[error("the key file has no private key in PEM")]
    NoKey,
    /// The key file has certificates and no private key.
    #[error("the key file has a certificate and no private key")]
    CertificateInsteadOfKey,
    /// The key file has several private keys.
    #[error("there are {count} private keys, expected one")]
    SeveralKeys {
        /// Their number.
        count: usize,
    },
    /// The private key is encrypted.
    #[error("the private key is encrypted")]
    EncryptedKey,
    /// The private key is malformed, or of a kind that cannot sign policies.
    #[error("the private key is neither a valid RSA key of 2048 to 4096 bits nor a valid key on P-256")]
    UnusableKey(#[source] aws_lc_rs::error::KeyRejected),
    /// The RSA key is too short or too long.
    #[error("the private key is an RSA key of {bits} bits, expected 2048 to 4096")]
    KeySize {
        /// The bits of its modulus.
        bits: usize,
    },
    /// There is no certificate.
    #[error("the certificate file has no certificate in PEM")]
    NoCertificate,
    /// More than [`MAX_CERTIFICATES`].
    #[error("there are {count} certificates, more than the {MAX_CERTIFICATES} allowed")]
    TooManyCertificates {
        /// Their number.
        count: usize,
    },
    /// A certificate is not an X.509 certificate in DER.
    #[error("certificate {number} is not an X.509 certificate in DER")]
    Certificate {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        source: der::Error,
    },
    /// No certificate has this key.
    #[error("the private key belongs to none of the certificates")]
    KeyWithoutCertificate,
    /// A certificate does not belong to the chain of the key's certificate.
    #[error("the certificate of `{subject}` is not in the chain of the key's certificate")]
    StrayCertificate {
        /// Its subject.
        subject: String,
    },
    /// The key is not of the kind that the algorithm needs.
    #[error("{key} keys cannot sign with {algorithm}")]
    AlgorithmOfOtherKeys {
        /// `RSA` or `P-256`.
        key: &'static str,
        /// The requested algorithm.
        algorithm: Algorithm,
    },
    /// The header could not be written.
    #[error("the header of the policy JWS cannot be written")]
    Header(#[source] serde_json::Error),
    /// The cryptographic library failed.
    #[error("signing failed")]
    Sign(#[source] aws_lc_rs::error::Unspecified),
}

impl Problem for PolicyKeyError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::TooLong { .. } => "policy_key_too_long",
            Self::Pem { .. } => "policy_key_pem",
            Self::NoKey => "policy_key_none",
            Self::CertificateInsteadOfKey => "policy_key_is_certificate",
            Self::SeveralKeys { .. } => "policy_key_several",
            Self::EncryptedKey => "policy_key_encrypted",
            Self::UnusableKey(_) => "policy_key_unusable",
            Self::KeySize { .. } => "policy_key_size",
            Self::NoCertificate => "policy_certificate_none",
            Self::TooManyCertificates { .. } => "policy_certificates_too_many",
            Self::Certificate { .. } => "policy_certificate_malformed",
            Self::KeyWithoutCertificate => "policy_key_without_certificate",
            Self::StrayCertificate { .. } => "policy_certificate_stray",
            Self::AlgorithmOfOtherKeys { .. } => "policy_key_algorithm",
            Self::Header(_) => "policy_header",
            Self::Sign(_) => "policy_signing",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::TooLong { .. } => "check that it is the right file",
            Self::Pem { .. } => "pass a file in PEM, as OpenSSL writes it, unchanged",
            Self::NoKey => "pass a private key in PEM: PKCS#8, PKCS#1 or SEC 1, unencrypted",
            Self::CertificateInsteadOfKey => {
                "pass the private key here, and the certificate in the file of certificates"
            }
            Self::SeveralKeys { .. } => "pass a file with only the signer's key",
            Self::EncryptedKey => {
                "decrypt it with `openssl pkey -in KEY.pem -out DECRYPTED.pem`, or pass key and certificates as PKCS#12"
            }
            Self::UnusableKey(_) | Self::KeySize { .. } => "use an RSA key of 2048 to 4096 bits, or a key on P-256",
            Self::NoCertificate => "pass the signer's certificate in PEM, and those of its issuers",
            Self::TooManyCertificates { .. } | Self::StrayCertificate { .. } => {
                "pass only the certificate of the key and those of its issuers"
            }
            Self::Certificate { .. } => "pass the certificates unchanged, as their issuer made them",
            Self::KeyWithoutCertificate => "pass the certificate that was issued for this key",
            Self::AlgorithmOfOtherKeys { .. } => "choose RS256 for an RSA key, ES256 for a key on P-256",
            Self::Header(_) | Self::Sign(_) => "try again; if it fails again, the cryptographic library is broken",
        }
        .into()
    }
}

impl From<KeyError> for PolicyKeyError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Pkcs8(source) => Self::UnusableKey(source),
            KeyError::Size { bits } => Self::KeySize { bits },
            KeyError::Header(source) => Self::Header(source),
            KeyError::Generate(source) | KeyError::Encode(source) | KeyError::Sign(source) => Self::Sign(source),
        }
    }
}
