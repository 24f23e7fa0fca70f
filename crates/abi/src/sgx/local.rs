//! Local attestation: whom a report is for, and the report.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::report::{Attributes, ReportBody};

/// TARGETINFO, 512 bytes: the enclave that is to verify a report. Source: Intel SDM volume 3D, 35.16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct TargetInfo {
    /// MRENCLAVE of the target.
    pub mr_enclave: [u8; 32],
    /// ATTRIBUTES of the target.
    pub attributes: Attributes,
    /// Reserved, zero.
    pub reserved1: [u8; 2],
    /// CONFIGSVN of the target.
    pub config_svn: U16,
    /// MISCSELECT of the target.
    pub misc_select: U32,
    /// Reserved, zero.
    pub reserved2: [u8; 8],
    /// CONFIGID of the target.
    pub config_id: [u8; 64],
    /// Reserved, zero.
    pub reserved3: [u8; 384],
}

impl TargetInfo {
    /// Size in bytes.
    pub const SIZE: usize = 512;
}

/// REPORT, 432 bytes: a body, and what proves it to its target on the same machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Report {
    /// What the processor says of the enclave.
    pub body: ReportBody,
    /// KEYID: which of the target's report keys made the MAC.
    pub key_id: [u8; 32],
    /// AES-128-CMAC over the body, with the target's report key.
    pub mac: [u8; 16],
}

impl Report {
    /// Size in bytes.
    pub const SIZE: usize = 432;
}

const _: () = assert!(size_of::<TargetInfo>() == TargetInfo::SIZE);
const _: () = assert!(size_of::<Report>() == Report::SIZE);

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn fields_lie_where_the_manual_puts_them() {
        assert_eq!(offset_of!(TargetInfo, attributes), 32);
        assert_eq!(offset_of!(TargetInfo, config_svn), 50);
        assert_eq!(offset_of!(TargetInfo, misc_select), 52);
        assert_eq!(offset_of!(TargetInfo, config_id), 64);
        assert_eq!((offset_of!(Report, key_id), offset_of!(Report, mac)), (384, 416));
    }
}
