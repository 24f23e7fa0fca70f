//! Public keys, from certificates or from bare numbers.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    UnparsedPublicKey, VerificationAlgorithm,
};
use der::asn1::{ObjectIdentifier, UintRef};
use der::{Decode, Encode, Sequence};
use x509_cert::Certificate;

use crate::algorithm::Algorithm;
use crate::key_kind::KeyKind;
use crate::public_key_error::PublicKeyError;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

const RSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_WITH_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_WITH_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");

/// Bits a modulus may have.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// A public key: RSAPublicKey (RFC 8017) in DER, or an uncompressed point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    bytes: Vec<u8>,
}

/// RFC 8017, appendix A.1.1.
#[derive(Sequence)]
struct RsaNumbers<'a> {
    modulus: UintRef<'a>,
    /// Its value is the library's to judge, when the key is used.
    public_exponent: UintRef<'a>,
}

impl PublicKey {
    pub(crate) fn new(kind: KeyKind, bytes: &[u8]) -> Self {
        Self { kind, bytes: bytes.to_vec() }
    }

    /// Takes the key out of a certificate; none if it is of a kind that is not known here. The certificate's signature and
    /// extensions are not looked at, and the size of an RSA key is not checked before it is used.
    pub fn of_certificate(certificate: &Certificate) -> Option<Self> {
        let spki = certificate.tbs_certificate().subject_public_key_info();
        let curve = || spki.algorithm.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok();
        let kind = match spki.algorithm.oid {
            RSA_ENCRYPTION => KeyKind::Rsa,
            EC_PUBLIC_KEY => match curve() {
                Some(P256) => KeyKind::P256,
                Some(P384) => KeyKind::P384,
                Some(P521) => KeyKind::P521,
                _ => return None,
            },
            _ => return None,
        };
        // Whether a point is on its curve is the library's to judge, when the key is used.
        Some(Self::new(kind, spki.subject_public_key.as_bytes().unwrap_or_default()))
    }

    /// Takes the key for that algorithm out of a certificate. The certificate's signature does not matter, because the key set
    /// vouches for it; nor does its KeyUsage: Azure Attestation has signed tokens under certificates for signing certificates
    /// alone.
    ///
    /// # Errors
    /// [`PublicKeyError::Kind`], and those of [`Self::check_size`].
    pub(crate) fn for_algorithm(certificate: &Certificate, algorithm: Algorithm) -> Result<Self, PublicKeyError> {
        match Self::of_certificate(certificate).filter(|key| key.kind == algorithm.key_kind()) {
            Some(key) => key.check_size().map(|()| key),
            None => {
                let found = certificate.tbs_certificate().subject_public_key_info().algorithm.oid;
                Err(PublicKeyError::Kind { found, algorithm: algorithm.name() })
            }
        }
    }

    /// Makes the RSA key of these numbers, in big-endian bytes.
    pub(crate) fn from_rsa_numbers(modulus: &[u8], public_exponent: &[u8]) -> Result<Self, PublicKeyError> {
        let number = |bytes| UintRef::new(bytes).map_err(PublicKeyError::Malformed);
        let numbers = RsaNumbers { modulus: number(modulus)?, public_exponent: number(public_exponent)? };
        let key = Self { kind: KeyKind::Rsa, bytes: numbers.to_der().map_err(PublicKeyError::Malformed)? };
        key.check_size().map(|()| key)
    }

    /// Makes the key of this point on P-256; each coordinate has 32 bytes.
    pub(crate) fn from_p256_coordinates(x: &[u8], y: &[u8]) -> Option<Self> {
        (x.len() == 32 && y.len() == 32).then(|| Self { kind: KeyKind::P256, bytes: [&[4], x, y].concat() })
    }

    /// The kind of the key.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The key as RSAPublicKey in DER, or as an uncompressed point.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Checks that an RSA key has 2048 to 4096 bits. [`Self::verifies`] checks that too.
    ///
    /// # Errors
    /// [`PublicKeyError::Size`] and [`PublicKeyError::Malformed`].
    pub fn check_size(&self) -> Result<(), PublicKeyError> {
        if self.kind != KeyKind::Rsa {
            return Ok(());
        }
        let numbers = RsaNumbers::from_der(&self.bytes).map_err(PublicKeyError::Malformed)?;
        let bits = bit_length(numbers.modulus.as_bytes());
        if MODULUS_BITS.contains(&bits) { Ok(()) } else { Err(PublicKeyError::Size { bits }) }
    }

    /// Returns modulus and public exponent of an RSA key, in big-endian bytes without leading zeros.
    pub(crate) fn rsa_numbers(&self) -> Option<(&[u8], &[u8])> {
        let numbers = (self.kind == KeyKind::Rsa).then(|| RsaNumbers::from_der(&self.bytes).ok())??;
        Some((numbers.modulus.as_bytes(), numbers.public_exponent.as_bytes()))
    }

    /// Returns the coordinates of a point on P-256, 32 bytes each.
    pub(crate) fn p256_coordinates(&self) -> Option<(&[u8], &[u8])> {
        let (form, coordinates) = self.bytes.split_first().filter(|_| self.kind == KeyKind::P256)?;
        (*form == 4 && coordinates.len() == 64).then(|| coordinates.split_at(32))
    }

    /// Whether `signature` is this key's of `message`, r‖s on curves. A key of another kind than the algorithm's verifies nothing,
    /// nor does an RSA key of less than 2048 or more than 4096 bits. Both s and n - s verify, because honest signers produce
    /// either.
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.kind == algorithm.key_kind()
            && self.check_size().is_ok()
            && UnparsedPublicKey::new(algorithm.scheme(), &self.bytes).verify(message, signature).is_ok()
    }

    /// Whether `signature` is this key's of `message`, in DER; false for RSA. JWS signatures are never in DER (RFC 7518, section
    /// 3.4): this is for those that earlier versions accepted.
    pub fn verifies_der(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let Some(scheme) = algorithm.der_scheme().filter(|_| self.kind == algorithm.key_kind()) else { return false };
        UnparsedPublicKey::new(scheme, &self.bytes).verify(message, signature).is_ok()
    }

    /// Whether this key signed a certificate, by the algorithm of X.509 that is named: RSA PKCS#1 v1.5 of 2048 to 8192 bits, or
    /// ECDSA in DER, with SHA-2.
    pub fn verifies_certificate(&self, algorithm: ObjectIdentifier, message: &[u8], signature: &[u8]) -> bool {
        let scheme: &'static dyn VerificationAlgorithm = match (self.kind, algorithm) {
            (KeyKind::Rsa, RSA_WITH_SHA256) => &RSA_PKCS1_2048_8192_SHA256,
            (KeyKind::Rsa, RSA_WITH_SHA384) => &RSA_PKCS1_2048_8192_SHA384,
            (KeyKind::Rsa, RSA_WITH_SHA512) => &RSA_PKCS1_2048_8192_SHA512,
            (KeyKind::P256, ECDSA_WITH_SHA256) => &ECDSA_P256_SHA256_ASN1,
            (KeyKind::P256, ECDSA_WITH_SHA384) => &ECDSA_P256_SHA384_ASN1,
            (KeyKind::P256, ECDSA_WITH_SHA512) => &ECDSA_P256_SHA512_ASN1,
            (KeyKind::P384, ECDSA_WITH_SHA256) => &ECDSA_P384_SHA256_ASN1,
            (KeyKind::P384, ECDSA_WITH_SHA384) => &ECDSA_P384_SHA384_ASN1,
            (KeyKind::P384, ECDSA_WITH_SHA512) => &ECDSA_P384_SHA512_ASN1,
            (KeyKind::P521, ECDSA_WITH_SHA256) => &ECDSA_P521_SHA256_ASN1,
            (KeyKind::P521, ECDSA_WITH_SHA384) => &ECDSA_P521_SHA384_ASN1,
            (KeyKind::P521, ECDSA_WITH_SHA512) => &ECDSA_P521_SHA512_ASN1,
            _ => return false,
        };
        UnparsedPublicKey::new(scheme, &self.bytes).verify(message, signature).is_ok()
    }
}

/// Returns the bits of a number in big-endian bytes without leading zero bytes.
fn bit_length(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |byte| byte.leading_zeros());
    number.len().saturating_mul(8).saturating_sub(leading as usize)
}
