//! ECDSA over P-256 with SHA-256, the only signature scheme of DCAP.

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

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

/// Whether `signature`, raw r then s, is the key's over the message. A point off the curve has no signatures.
pub fn verifies_raw(key: &Point, message: &[u8], signature: &[u8; 64]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature).is_ok()
}

/// Whether `signature`, in DER as certificates carry it, is the key's over the message.
pub fn verifies_der(key: &Point, message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(message, signature).is_ok()
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
    use super::*;

    #[test]
    fn a_point_off_the_curve_verifies_nothing() {
        assert!(!verifies_raw(&point(&[7; 64]), b"message", &[1; 64]));
    }

    #[test]
    fn zero_and_oversized_scalars_verify_nothing() {
        let key = crate::pki::root::INTEL_ROOT_KEY;
        assert!(!verifies_raw(&key, b"message", &[0; 64]));
        assert!(!verifies_raw(&key, b"message", &[0xff; 64]));
    }
}
