//! ECDSA over P-256 with SHA-256, the only signature scheme of DCAP.

use std::fmt;
use std::sync::OnceLock;

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, EcdsaVerificationAlgorithm, ParsedPublicKey, UnparsedPublicKey,
};

/// A P-256 public key as an uncompressed point: `04`, x, y; 65 bytes.
pub type Point = [u8; 65];

/// The point of a raw key x then y.
pub fn point(raw: &[u8; 64]) -> Point {
    let mut point = [4; 65];
    if let Some(coordinates) = point.last_chunk_mut::<64>() {
        *coordinates = *raw;
    }
    point
}

/// Whether `signature`, raw r then s, is over the message by a key that is used once. A point off the curve has no signatures.
pub fn verifies_raw(key: &Point, message: &[u8], signature: &[u8; 64]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature).is_ok()
}

/// A public key that verifies several signatures. The library reads the point, and checks that it is on the curve, when the key is first
/// used for one form of signatures; a certificate's key is used several times.
pub struct Key {
    point: Point,
    /// For signatures of r then s; `None` for a point off the curve.
    raw: OnceLock<Option<ParsedPublicKey>>,
    /// For signatures in DER, likewise.
    der: OnceLock<Option<ParsedPublicKey>>,
}

impl Key {
    /// The key of a point; whether it is on the curve is not checked.
    pub const fn new(point: Point) -> Self {
        Self { point, raw: OnceLock::new(), der: OnceLock::new() }
    }

    /// The point.
    pub const fn point(&self) -> &Point {
        &self.point
    }

    /// Whether `signature`, raw r then s, is the key's over the message. A point off the curve has no signatures.
    pub fn verifies_raw(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.verifies(&self.raw, &ECDSA_P256_SHA256_FIXED, message, signature)
    }

    /// Whether `signature`, in DER as certificates carry it, is the key's over the message. A point off the curve has no signatures.
    pub fn verifies_der(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifies(&self.der, &ECDSA_P256_SHA256_ASN1, message, signature)
    }

    fn verifies(
        &self,
        parsed: &OnceLock<Option<ParsedPublicKey>>,
        algorithm: &'static EcdsaVerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let parsed = parsed.get_or_init(|| ParsedPublicKey::new(algorithm, self.point).ok());
        parsed.as_ref().is_some_and(|key| key.verify_sig(message, signature).is_ok())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.point == other.point
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&hex::encode(self.point)).finish()
    }
}

/// SHA-256 over the parts, one after the other.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    finish(context)
}

/// The hash that a SHA-256 context holds.
pub fn finish(context: Context) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    };

    use super::*;

    #[test]
    fn a_point_off_the_curve_verifies_nothing() {
        assert!(!verifies_raw(&point(&[7; 64]), b"message", &[1; 64]));
        let key = Key::new(point(&[7; 64]));
        for _ in 0..2 {
            assert!(!key.verifies_raw(b"message", &[1; 64]));
            assert!(!key.verifies_der(b"message", &[1; 64]));
        }
    }

    #[test]
    fn zero_and_oversized_scalars_verify_nothing() {
        let point = crate::pki::root::INTEL_ROOT_KEY;
        for signature in [[0; 64], [0xff; 64]] {
            assert!(!Key::new(point).verifies_raw(b"message", &signature));
            assert!(!verifies_raw(&point, b"message", &signature));
        }
    }

    #[test]
    fn one_key_verifies_both_forms_of_signatures() {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let [raw, der] = [&ECDSA_P256_SHA256_FIXED_SIGNING, &ECDSA_P256_SHA256_ASN1_SIGNING].map(|form| {
            let pair = EcdsaKeyPair::from_pkcs8(form, made.as_ref()).unwrap();
            (pair.public_key().as_ref().to_vec(), pair.sign(&random, b"message").unwrap())
        });
        assert_eq!(raw.0, der.0);
        let key = Key::new(raw.0.try_into().unwrap());
        let (raw, der): ([u8; 64], _) = (raw.1.as_ref().try_into().unwrap(), der.1.as_ref());
        for _ in 0..2 {
            assert!(key.verifies_raw(b"message", &raw) && key.verifies_der(b"message", der));
            assert!(!key.verifies_raw(b"massage", &raw) && !key.verifies_der(b"massage", der));
            assert!(!key.verifies_der(b"message", &raw));
        }
    }
}
