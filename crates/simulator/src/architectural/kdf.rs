//! How architectural enclaves derive keys and identifiers from what EGETKEY gives: AES-128-CMAC over a block of 16 bytes, which
//! is a counter, a label, zeros, and the length of the result in bits.

use aws_lc_rs::cmac;
use num_bigint::BigUint;
use sgx::enclu::Key128;
use zeroize::Zeroizing;

use crate::build_error::BuildError;
use crate::key::EcdsaKey;

/// Bytes that a private key is made of, which is more than it has: so every key is as likely as every other.
const SEED: usize = 40;
const SEED_BITS: u16 = 320;
const ID_BITS: u16 = 128;

/// The order of P-256, less one.
const ORDER_LESS_ONE: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x50,
];

/// A key on P-256: 40 bytes of three blocks, counted from 1, taken big-endian modulo the order less one, and one more.
#[expect(clippy::arithmetic_side_effects, reason = "numbers of any size, and the divisor is not zero")]
pub(super) fn private_key(key: &Key128, label: &[u8]) -> Result<EcdsaKey, BuildError> {
    let mut seed = Zeroizing::new(Vec::with_capacity(48));
    for counter in 1..=3 {
        seed.extend_from_slice(cmac_of(key, &block(counter, label, SEED_BITS))?.as_slice());
    }
    let seed = BigUint::from_bytes_be(seed.get(..SEED).unwrap_or_default());
    let number = seed % BigUint::from_bytes_be(&ORDER_LESS_ONE) + 1_u8;
    let digits = Zeroizing::new(number.to_bytes_be());
    let mut scalar = Zeroizing::new([0; 32]);
    for (to, from) in scalar.iter_mut().rev().zip(digits.iter().rev()) {
        *to = *from;
    }
    EcdsaKey::from_scalar(&scalar)
}

/// An identifier: one block, counted 0.
pub(super) fn id(key: &Key128, label: &[u8]) -> Result<[u8; 16], BuildError> {
    Ok(*cmac_of(key, &block(0, label, ID_BITS))?)
}

/// AES-128-CMAC.
pub(super) fn cmac_of(key: &Key128, message: &[u8]) -> Result<Key128, BuildError> {
    let key = cmac::Key::new(cmac::AES_128, key.as_slice())?;
    let mut tag = Zeroizing::new([0; 16]);
    tag.copy_from_slice(cmac::sign(&key, message)?.as_ref());
    Ok(tag)
}

fn block(counter: u8, label: &[u8], bits: u16) -> [u8; 16] {
    let [high, low] = bits.to_be_bytes();
    let mut block = [0; 16];
    let [first, middle @ .., last_but_one, last] = &mut block;
    (*first, *last_but_one, *last) = (counter, high, low);
    for (to, from) in middle.iter_mut().zip(label) {
        *to = *from;
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_as_intels_enclaves_have_them() {
        assert_eq!(block(1, b"QE_ATT_DER", SEED_BITS), *b"\x01QE_ATT_DER\0\0\0\x01\x40");
        assert_eq!(block(3, b"PAK_KEY_DER", SEED_BITS), *b"\x03PAK_KEY_DER\0\0\x01\x40");
        assert_eq!(block(0, b"QE_ID_DER", ID_BITS), *b"\0QE_ID_DER\0\0\0\0\0\x80");
    }

    #[test]
    fn the_same_key_gives_the_same_key_pair_and_another_label_another() {
        let key = Zeroizing::new([7; 16]);
        let point = |label: &[u8]| private_key(&key, label).unwrap().public_key();
        assert_eq!(point(b"QE_ATT_DER"), point(b"QE_ATT_DER"));
        assert_ne!(point(b"QE_ATT_DER"), point(b"TDX_QE_DER"));
    }

    /// Computed by an independent implementation (Python, `cryptography` 48): CMAC of each block, 40 bytes, modulo, one more, times
    /// the base point.
    #[test]
    fn a_key_pair_is_the_one_that_the_derivation_gives() {
        let key = Zeroizing::new(*b"\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f");
        let point = private_key(&key, b"QE_ATT_DER").unwrap().public_key();
        assert_eq!(hex::encode(point), EXPECTED);
        assert_eq!(hex::encode(id(&key, b"QE_ID_DER").unwrap()), EXPECTED_ID);
    }

    const EXPECTED: &str = "5fcd12c17e5717067b1032c9b974090cb871b38f8be23b7e32c4dd520401752b\
        a2aab1dec2de9169c3a517820f2f82f90ada447b62cd48d169cd0d948a31b385";
    const EXPECTED_ID: &str = "03538228159f66c4601be60b57965ea4";
}
