//! Writing DER by its parts.
//!
//! Certificates and CRLs are put together piece by piece instead of from a library's types, so that a test can leave
//! out, double or damage any piece.

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, UintRef};
use der::{Encode, Tag, TagNumber};

use crate::build_error::BuildError;

/// One value: tag, length, contents.
pub(crate) fn value(tag: Tag, contents: &[u8]) -> Result<Vec<u8>, BuildError> {
    Ok(AnyRef::new(tag, contents)?.to_der()?)
}

/// A SEQUENCE of values that are DER already.
pub(crate) fn sequence(values: &[Vec<u8>]) -> Result<Vec<u8>, BuildError> {
    value(Tag::Sequence, &values.concat())
}

/// A context-specific constructed value: what explicit tagging makes of a value, and implicit tagging of a SEQUENCE.
pub(crate) fn constructed(number: u32, contents: &[u8]) -> Result<Vec<u8>, BuildError> {
    value(TagNumber(number).context_specific(true), contents)
}

/// A context-specific primitive value: what implicit tagging makes of a string.
pub(crate) fn primitive(number: u32, contents: &[u8]) -> Result<Vec<u8>, BuildError> {
    value(TagNumber(number).context_specific(false), contents)
}

/// An INTEGER that is not negative, from its bytes, big-endian.
pub(crate) fn unsigned(big_endian: &[u8]) -> Result<Vec<u8>, BuildError> {
    Ok(UintRef::new(big_endian)?.to_der()?)
}

/// An OCTET STRING.
pub(crate) fn octet_string(contents: &[u8]) -> Result<Vec<u8>, BuildError> {
    value(Tag::OctetString, contents)
}

/// A BIT STRING without unused bits.
pub(crate) fn bit_string(contents: &[u8]) -> Result<Vec<u8>, BuildError> {
    value(Tag::BitString, &[&[0], contents].concat())
}

/// A BOOLEAN.
pub(crate) fn boolean(is_true: bool) -> Result<Vec<u8>, BuildError> {
    value(Tag::Boolean, &[if is_true { 0xff } else { 0 }])
}

/// An OBJECT IDENTIFIER.
pub(crate) fn oid(oid: ObjectIdentifier) -> Result<Vec<u8>, BuildError> {
    Ok(oid.to_der()?)
}

/// An ECDSA signature as `SEQUENCE { r, s }`, from raw r then s.
pub(crate) fn ecdsa_signature(raw: &[u8; 64]) -> Result<Vec<u8>, BuildError> {
    let (r, s) = raw.split_at(32);
    sequence(&[unsigned(r)?, unsigned(s)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_has_minimal_positive_integers() {
        let mut raw = [0; 64];
        raw[31] = 0x80;
        raw[63] = 1;
        assert_eq!(ecdsa_signature(&raw).unwrap(), [0x30, 7, 2, 2, 0, 0x80, 2, 1, 1]);
        assert_eq!(ecdsa_signature(&[0; 64]).unwrap(), [0x30, 6, 2, 1, 0, 2, 1, 0]);
    }

    #[test]
    fn context_specific_values_carry_their_number() {
        assert_eq!(constructed(3, &[5, 0]).unwrap(), [0xa3, 2, 5, 0]);
        assert_eq!(primitive(6, b"a").unwrap(), [0x86, 1, b'a']);
    }
}
