//! The RSA key in the certificate of a key set.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::asn1::{ObjectIdentifier, UintRef};
use der::{Decode, Sequence};
use x509_cert::Certificate;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Bits a modulus may have.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// Why the key of a key set cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The entry has no certificate.
    #[error("the key has no certificate")]
    NoCertificate,
    /// The certificate is no padded base64.
    #[error("the key's certificate is no base64")]
    Base64(#[source] base64::DecodeError),
    /// The certificate is no X.509 in DER.
    #[error("the key's certificate is no X.509 in DER")]
    Certificate(#[source] der::Error),
    /// The certificate holds a key of another kind.
    #[error("the certificate's key is of the kind `{0}` instead of RSA")]
    NotRsa(ObjectIdentifier),
    /// The RSA key is malformed.
    #[error("the certificate's RSA key is malformed")]
    Malformed(#[source] der::Error),
    /// The modulus is too short or too long.
    #[error("the certificate's RSA key has {bits} bits instead of 2048 to 4096")]
    Size {
        /// Bits of the modulus.
        bits: usize,
    },
}

impl PublicKeyError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoCertificate => "public_key_no_certificate",
            Self::Base64(_) => "public_key_base64",
            Self::Certificate(_) => "public_key_certificate",
            Self::NotRsa(_) => "public_key_not_rsa",
            Self::Malformed(_) => "public_key_malformed",
            Self::Size { .. } => "public_key_size",
        }
    }

    /// What the operator of the issuer can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NotRsa(_) | Self::Size { .. } => "the issuer has to sign with an RSA key of 2048 to 4096 bits",
            Self::NoCertificate | Self::Base64(_) | Self::Certificate(_) | Self::Malformed(_) => {
                "the issuer has to publish the key's certificate as base64 of DER in `x5c`"
            }
        }
    }
}

/// An RSA key of 2048 to 4096 bits, as RSAPublicKey (RFC 8017) in DER.
#[derive(Debug)]
pub(crate) struct RsaPublicKey(Vec<u8>);

/// RFC 8017, appendix A.1.1.
#[derive(Sequence)]
struct RsaNumbers<'a> {
    modulus: UintRef<'a>,
    #[allow(dead_code, reason = "its value is the library's to judge; here it only has to be there")]
    public_exponent: UintRef<'a>,
}

impl RsaPublicKey {
    /// Takes the key out of the first certificate of an `x5c`; validity and signature of the certificate do not matter,
    /// because the key set vouches for it.
    pub(crate) fn from_x5c(x5c: &[String]) -> Result<Self, PublicKeyError> {
        let text = x5c.first().ok_or(PublicKeyError::NoCertificate)?;
        let der = STANDARD.decode(text).map_err(PublicKeyError::Base64)?;
        let certificate = Certificate::from_der(&der).map_err(PublicKeyError::Certificate)?;
        let spki = certificate.tbs_certificate().subject_public_key_info();
        if spki.algorithm.oid != RSA_ENCRYPTION {
            return Err(PublicKeyError::NotRsa(spki.algorithm.oid));
        }
        let key = spki.subject_public_key.as_bytes().unwrap_or_default();
        let numbers = RsaNumbers::from_der(key).map_err(PublicKeyError::Malformed)?;
        let bits = bit_length(numbers.modulus.as_bytes());
        if !MODULUS_BITS.contains(&bits) {
            return Err(PublicKeyError::Size { bits });
        }
        Ok(Self(key.to_vec()))
    }

    /// Whether `signature` is this key's RS256 signature of `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0).verify(message, signature).is_ok()
    }
}

/// Bits of a number in big-endian bytes without leading zero bytes.
fn bit_length(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |byte| byte.leading_zeros());
    number.len().saturating_mul(8).saturating_sub(leading as usize)
}
