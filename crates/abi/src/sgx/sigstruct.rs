//! What an enclave's signer says about it.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::report::Attributes;

/// SIGSTRUCT, 1808 bytes. Numbers of RSA are little-endian, 384 bytes. Source: Intel SDM volume 3D, 35.14.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct SigStruct {
    /// [`SigStruct::HEADER`].
    pub header: [u8; 16],
    /// VENDOR: 0x8086 for Intel's enclaves, otherwise zero.
    pub vendor: U32,
    /// DATE: the day of signing as 0xYYYYMMDD.
    pub date: U32,
    /// [`SigStruct::HEADER2`].
    pub header2: [u8; 16],
    /// SWDEFINED.
    pub sw_defined: U32,
    /// Reserved, zero.
    pub reserved1: [u8; 84],
    /// MODULUS of the signer's key of 3072 bits.
    pub modulus: [u8; 384],
    /// EXPONENT: 3.
    pub exponent: U32,
    /// SIGNATURE over the first 128 bytes and those from MISCSELECT to ISVSVN: RSA PKCS#1 v1.5 with SHA-256.
    pub signature: [u8; 384],
    /// MISCSELECT that the enclave has to have, under the mask.
    pub misc_select: U32,
    /// MISCMASK.
    pub misc_mask: U32,
    /// CET_ATTRIBUTES, their mask, reserved: zero.
    pub cet: [u8; 4],
    /// ISVFAMILYID.
    pub isv_family_id: [u8; 16],
    /// ATTRIBUTES that the enclave has to have, under the mask.
    pub attributes: Attributes,
    /// ATTRIBUTEMASK.
    pub attribute_mask: Attributes,
    /// ENCLAVEHASH: MRENCLAVE.
    pub enclave_hash: [u8; 32],
    /// Reserved, zero.
    pub reserved2: [u8; 16],
    /// ISVEXTPRODID.
    pub isv_ext_prod_id: [u8; 16],
    /// ISVPRODID.
    pub isv_prod_id: U16,
    /// ISVSVN.
    pub isv_svn: U16,
    /// Reserved, zero.
    pub reserved3: [u8; 12],
    /// Q1: the signature's square divided by the modulus.
    pub q1: [u8; 384],
    /// Q2: what is left of that times the signature, divided by the modulus.
    pub q2: [u8; 384],
}

impl SigStruct {
    /// Size in bytes.
    pub const SIZE: usize = 1808;
    /// HEADER.
    pub const HEADER: [u8; 16] = [6, 0, 0, 0, 0xe1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
    /// HEADER2.
    pub const HEADER2: [u8; 16] = [1, 1, 0, 0, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 1, 0, 0, 0];

    /// The bytes under the signature: two pieces, 256 bytes together.
    pub fn signed(&self) -> [&[u8]; 2] {
        let bytes = self.as_bytes();
        [bytes.get(..128).unwrap_or_default(), bytes.get(900..1028).unwrap_or_default()]
    }
}

const _: () = assert!(size_of::<SigStruct>() == SigStruct::SIZE);

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;
    use zerocopy::FromZeros;

    #[test]
    fn fields_lie_where_the_manual_puts_them() {
        assert_eq!((offset_of!(SigStruct, vendor), offset_of!(SigStruct, date)), (16, 20));
        assert_eq!((offset_of!(SigStruct, header2), offset_of!(SigStruct, sw_defined)), (24, 40));
        assert_eq!((offset_of!(SigStruct, modulus), offset_of!(SigStruct, exponent)), (128, 512));
        assert_eq!((offset_of!(SigStruct, signature), offset_of!(SigStruct, misc_select)), (516, 900));
        assert_eq!((offset_of!(SigStruct, misc_mask), offset_of!(SigStruct, cet)), (904, 908));
        assert_eq!((offset_of!(SigStruct, isv_family_id), offset_of!(SigStruct, attributes)), (912, 928));
        assert_eq!((offset_of!(SigStruct, attribute_mask), offset_of!(SigStruct, enclave_hash)), (944, 960));
        assert_eq!((offset_of!(SigStruct, isv_ext_prod_id), offset_of!(SigStruct, isv_prod_id)), (1008, 1024));
        assert_eq!((offset_of!(SigStruct, isv_svn), offset_of!(SigStruct, q1)), (1026, 1040));
        assert_eq!(offset_of!(SigStruct, q2), 1424);
    }

    #[test]
    fn two_pieces_are_signed() {
        let [first, second] = SigStruct::new_zeroed().signed().map(<[u8]>::len);
        assert_eq!((first, second), (128, 128));
    }
}
