//! What an enclave asks the processor for.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::report::Attributes;

/// KEYREQUEST, 512 bytes. Source: Intel SDM volume 3D, 35.18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct KeyRequest {
    /// KEYNAME, see the constants of this type.
    pub key_name: U16,
    /// KEYPOLICY, see the constants of this type.
    pub key_policy: U16,
    /// ISVSVN that the key is for, at most the enclave's own.
    pub isv_svn: U16,
    /// CET_ATTRIBUTES_MASK, and a reserved byte: zero.
    pub reserved1: [u8; 2],
    /// CPUSVN that the key is for, at most the processor's own.
    pub cpu_svn: [u8; 16],
    /// ATTRIBUTEMASK: which attributes the key depends on. INIT and DEBUG count in any case.
    pub attribute_mask: Attributes,
    /// KEYID: keys of one request but for this are unrelated.
    pub key_id: [u8; 32],
    /// MISCMASK: which bits of MISCSELECT the key depends on.
    pub misc_mask: U32,
    /// CONFIGSVN that the key is for, at most the enclave's own.
    pub config_svn: U16,
    /// Reserved, zero.
    pub reserved2: [u8; 434],
}

impl KeyRequest {
    /// Size in bytes.
    pub const SIZE: usize = 512;

    /// KEYNAME: the key that launch tokens are made with.
    pub const EINITTOKEN: u16 = 0;
    /// KEYNAME: the provisioning key, which outlives the owner of the machine.
    pub const PROVISION: u16 = 1;
    /// KEYNAME: the provisioning seal key, likewise.
    pub const PROVISION_SEAL: u16 = 2;
    /// KEYNAME: the key that reports to this enclave are made with.
    pub const REPORT: u16 = 3;
    /// KEYNAME: a seal key.
    pub const SEAL: u16 = 4;

    /// KEYPOLICY: the key is for this MRENCLAVE.
    pub const MRENCLAVE: u16 = 1 << 0;
    /// KEYPOLICY: the key is for this MRSIGNER.
    pub const MRSIGNER: u16 = 1 << 1;
    /// KEYPOLICY: the key is for every ISVPRODID; with KSS only.
    pub const NOISVPRODID: u16 = 1 << 2;
    /// KEYPOLICY: the key is for this CONFIGID; with KSS only.
    pub const CONFIGID: u16 = 1 << 3;
    /// KEYPOLICY: the key is for this ISVFAMILYID; with KSS only.
    pub const ISVFAMILYID: u16 = 1 << 4;
    /// KEYPOLICY: the key is for this ISVEXTPRODID; with KSS only.
    pub const ISVEXTPRODID: u16 = 1 << 5;
}

const _: () = assert!(size_of::<KeyRequest>() == KeyRequest::SIZE);

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn fields_lie_where_the_manual_puts_them() {
        assert_eq!(offset_of!(KeyRequest, key_policy), 2);
        assert_eq!(offset_of!(KeyRequest, isv_svn), 4);
        assert_eq!(offset_of!(KeyRequest, cpu_svn), 8);
        assert_eq!(offset_of!(KeyRequest, attribute_mask), 24);
        assert_eq!(offset_of!(KeyRequest, key_id), 40);
        assert_eq!(offset_of!(KeyRequest, misc_mask), 72);
        assert_eq!(offset_of!(KeyRequest, config_svn), 76);
        assert_eq!(offset_of!(KeyRequest, reserved2), 78);
    }
}
