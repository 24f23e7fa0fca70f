//! The keys that tokens are verified with, out of certificates or bare numbers.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use der::asn1::{ObjectIdentifier, UintRef};
use der::{Decode, Encode, Sequence};
use x509_cert::Certificate;

use crate::algorithm::TokenAlgorithm;
use crate::key_use::KeyUseError;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// Bits a modulus may have.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// Why the key of a key set cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The entry lacks a member, or a member is of another type.
    #[error("the key's entry cannot be read: {0}")]
    Entry(String),
    /// The entry says that the key is for something else.
    #[error(transparent)]
    Use(#[from] KeyUseError),
    /// The entry has no certificate.
    #[error("the key has no certificate")]
    NoCertificate,
    /// The certificate is no padded base64.
    #[error("the key's certificate is no base64")]
    Base64(#[source] base64::DecodeError),
    /// The certificate is no X.509 in DER.
    #[error("the key's certificate is no X.509 in DER")]
    Certificate(#[source] der::Error),
    /// The certificate holds a key that does not sign with the token's algorithm.
    #[error("the certificate's key is of the kind `{found}`, which does not sign with {algorithm}")]
    Kind {
        /// The kind of the key.
        found: ObjectIdentifier,
        /// The algorithm.
        algorithm: &'static str,
    },
    /// The RSA key is malformed.
    #[error("the RSA key is malformed")]
    Malformed(#[source] der::Error),
    /// The modulus is too short or too long.
    #[error("the RSA key has {bits} bits instead of 2048 to 4096")]
    Size {
        /// Bits of the modulus.
        bits: usize,
    },
    /// The numbers of the entry (`n`, `e`, `crv`, `x`, `y`) are not those of the certificate's key.
    #[error("the entry's `{member}` is not that of the certificate's key")]
    OtherKey {
        /// The first member that differs.
        member: &'static str,
    },
    /// The certificate is not valid yet.
    #[error("the key's certificate is not valid before {not_before}, it is {at}")]
    NotYetValid {
        /// The beginning of its validity, in seconds since 1970 UTC.
        not_before: i64,
        /// The time it is judged for.
        at: i64,
    },
    /// The certificate has expired.
    #[error("the key's certificate expired at {not_after}, it is {at}")]
    Expired {
        /// The end of its validity, in seconds since 1970 UTC.
        not_after: i64,
        /// The time it is judged for.
        at: i64,
    },
}

impl PublicKeyError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Entry(_) => "public_key_entry",
            Self::Use(error) => error.code(),
            Self::NoCertificate => "public_key_no_certificate",
            Self::Base64(_) => "public_key_base64",
            Self::Certificate(_) => "public_key_certificate",
            Self::Kind { .. } => "public_key_kind",
            Self::Malformed(_) => "public_key_malformed",
            Self::Size { .. } => "public_key_size",
            Self::OtherKey { .. } => "public_key_other_key",
            Self::NotYetValid { .. } => "public_key_not_yet_valid",
            Self::Expired { .. } => "public_key_expired",
        }
    }

    /// What the operator of the issuer can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Kind { .. } | Self::Size { .. } => {
                "the issuer has to sign with an RSA key of 2048 to 4096 bits, or one on P-256"
            }
            Self::Use(error) => error.help(),
            Self::Entry(_) => "the issuer has to publish the members that RFC 7517 and RFC 7518 demand of such a key",
            Self::OtherKey { .. } => {
                "the issuer has to publish the certificate of the same key, or leave the numbers out"
            }
            Self::NotYetValid { .. } => "set the clock here, or ask the issuer to publish a certificate that is valid",
            Self::Expired { .. } => {
                "fetch the issuer's keys again; the issuer has to publish a certificate that is valid"
            }
            Self::NoCertificate | Self::Base64(_) | Self::Certificate(_) | Self::Malformed(_) => {
                "the issuer has to publish the key's certificate as base64 of DER in `x5c`"
            }
        }
    }
}

/// A key that verifies tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// RSA of 2048 to 4096 bits, as RSAPublicKey (RFC 8017) in DER.
    Rsa(Vec<u8>),
    /// An uncompressed point on P-256.
    P256(Vec<u8>),
}

/// RFC 8017, appendix A.1.1.
#[derive(Sequence)]
struct RsaNumbers<'a> {
    modulus: UintRef<'a>,
    /// Its value is the library's to judge, when the key is used.
    public_exponent: UintRef<'a>,
}

impl PublicKey {
    /// Takes the key for that algorithm out of a certificate. Its signature does not matter, because the key set vouches for it;
    /// nor does its KeyUsage: Azure Attestation has signed tokens under certificates for signing certificates alone.
    pub(crate) fn of_certificate(certificate: &Certificate, algorithm: TokenAlgorithm) -> Result<Self, PublicKeyError> {
        let spki = certificate.tbs_certificate().subject_public_key_info();
        let key = spki.subject_public_key.as_bytes().unwrap_or_default();
        if algorithm_of(certificate) != Some(algorithm) {
            return Err(PublicKeyError::Kind { found: spki.algorithm.oid, algorithm: algorithm.name() });
        }
        match algorithm {
            TokenAlgorithm::Rs256 => {
                check_modulus(key)?;
                Ok(Self::Rsa(key.to_vec()))
            }
            // Whether the point is on the curve is the library's to judge, when it is used.
            TokenAlgorithm::Es256 => Ok(Self::P256(key.to_vec())),
        }
    }

    /// The RSA key of these numbers, in big-endian bytes.
    pub(crate) fn from_rsa_numbers(modulus: &[u8], public_exponent: &[u8]) -> Result<Self, PublicKeyError> {
        let number = |bytes| UintRef::new(bytes).map_err(PublicKeyError::Malformed);
        let numbers = RsaNumbers { modulus: number(modulus)?, public_exponent: number(public_exponent)? };
        let key = numbers.to_der().map_err(PublicKeyError::Malformed)?;
        check_modulus(&key)?;
        Ok(Self::Rsa(key))
    }

    /// The key of this point on P-256; each coordinate has 32 bytes.
    pub(crate) fn from_p256_coordinates(x: &[u8], y: &[u8]) -> Option<Self> {
        (x.len() == 32 && y.len() == 32).then(|| Self::P256([&[4], x, y].concat()))
    }

    /// Modulus and public exponent of an RSA key, in big-endian bytes without leading zeros.
    pub(crate) fn rsa_numbers(&self) -> Option<(&[u8], &[u8])> {
        let Self::Rsa(key) = self else { return None };
        let numbers = RsaNumbers::from_der(key).ok()?;
        Some((numbers.modulus.as_bytes(), numbers.public_exponent.as_bytes()))
    }

    /// The coordinates of a point on P-256, 32 bytes each.
    pub(crate) fn p256_coordinates(&self) -> Option<(&[u8], &[u8])> {
        let Self::P256(point) = self else { return None };
        let (form, coordinates) = point.split_first()?;
        (*form == 4 && coordinates.len() == 64).then(|| coordinates.split_at(32))
    }

    /// Whether `signature` is this key's of `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa(key) => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(message, signature),
            Self::P256(key) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature),
        }
        .is_ok()
    }
}

/// Whether an RSAPublicKey in DER has 2048 to 4096 bits.
pub(crate) fn check_modulus(key: &[u8]) -> Result<(), PublicKeyError> {
    let numbers = RsaNumbers::from_der(key).map_err(PublicKeyError::Malformed)?;
    let bits = bit_length(numbers.modulus.as_bytes());
    if MODULUS_BITS.contains(&bits) { Ok(()) } else { Err(PublicKeyError::Size { bits }) }
}

/// The algorithm that the key of a certificate signs tokens with, where it does.
pub(crate) fn algorithm_of(certificate: &Certificate) -> Option<TokenAlgorithm> {
    let algorithm = &certificate.tbs_certificate().subject_public_key_info().algorithm;
    let curve = || algorithm.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok();
    match algorithm.oid {
        RSA_ENCRYPTION => Some(TokenAlgorithm::Rs256),
        EC_PUBLIC_KEY if curve() == Some(P256) => Some(TokenAlgorithm::Es256),
        _ => None,
    }
}

/// The same for a certificate in DER.
pub(crate) fn certificate_algorithm(der: &[u8]) -> Option<TokenAlgorithm> {
    Certificate::from_der(der).ok().as_ref().and_then(algorithm_of)
}

/// Bits of a number in big-endian bytes without leading zero bytes.
fn bit_length(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |byte| byte.leading_zeros());
    number.len().saturating_mul(8).saturating_sub(leading as usize)
}
