//! The body of a report, and the attributes of an enclave.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The body of an SGX REPORT, 384 bytes: what the processor says of an enclave.
///
/// The same layout describes an application's enclave and the quoting enclave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ReportBody {
    /// CPUSVN: security version of the processor, opaque.
    pub cpu_svn: [u8; 16],
    /// MISCSELECT: selected fields of the SSA frame.
    pub misc_select: U32,
    /// Reserved, zero.
    pub reserved1: [u8; 12],
    /// ISVEXTPRODID: extended product id, with KSS only.
    pub isv_ext_prod_id: [u8; 16],
    /// ATTRIBUTES of the enclave.
    pub attributes: Attributes,
    /// MRENCLAVE: SHA-256 measurement of the enclave as it was built.
    pub mr_enclave: [u8; 32],
    /// Reserved, zero.
    pub reserved2: [u8; 32],
    /// MRSIGNER: SHA-256 of the modulus of the key that signed the enclave.
    pub mr_signer: [u8; 32],
    /// Reserved, zero.
    pub reserved3: [u8; 32],
    /// CONFIGID: chosen when the enclave starts, with KSS only.
    pub config_id: [u8; 64],
    /// ISVPRODID: product id that the signer gave.
    pub isv_prod_id: U16,
    /// ISVSVN: security version that the signer gave.
    pub isv_svn: U16,
    /// CONFIGSVN, with KSS only.
    pub config_svn: U16,
    /// Reserved, zero.
    pub reserved4: [u8; 42],
    /// ISVFAMILYID, with KSS only.
    pub isv_family_id: [u8; 16],
    /// REPORTDATA: 64 bytes that the enclave chose.
    pub report_data: [u8; 64],
}

impl ReportBody {
    /// Size in bytes.
    pub const SIZE: usize = 384;
}

/// SGX ATTRIBUTES, 16 bytes: FLAGS and XFRM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Attributes {
    /// FLAGS, see the constants of this type.
    pub flags: U64,
    /// XFRM: extended processor state that the enclave may use.
    pub xfrm: U64,
}

impl Attributes {
    /// FLAGS bit 0: the enclave is initialised.
    pub const INIT: u64 = 1 << 0;
    /// FLAGS bit 1: a debugger may read and write the enclave.
    pub const DEBUG: u64 = 1 << 1;
    /// FLAGS bit 2: the enclave runs in 64-bit mode.
    pub const MODE64BIT: u64 = 1 << 2;
    /// FLAGS bit 4: the enclave may derive the provisioning key.
    pub const PROVISION_KEY: u64 = 1 << 4;
    /// FLAGS bit 5: the enclave may derive the EINIT token key.
    pub const EINITTOKEN_KEY: u64 = 1 << 5;
    /// FLAGS bit 7: key separation and sharing (KSS) is on.
    pub const KSS: u64 = 1 << 7;

    /// Whether a debugger may read the enclave.
    pub const fn is_debug(&self) -> bool {
        self.flags.get() & Self::DEBUG != 0
    }

    /// Whether key separation and sharing is on, so that the KSS fields carry meaning.
    pub const fn is_kss(&self) -> bool {
        self.flags.get() & Self::KSS != 0
    }
}

const _: () = assert!(size_of::<ReportBody>() == ReportBody::SIZE);

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn fields_lie_where_the_manual_puts_them() {
        assert_eq!(offset_of!(ReportBody, isv_ext_prod_id), 32);
        assert_eq!(offset_of!(ReportBody, attributes), 48);
        assert_eq!(offset_of!(ReportBody, mr_enclave), 64);
        assert_eq!(offset_of!(ReportBody, mr_signer), 128);
        assert_eq!(offset_of!(ReportBody, config_id), 192);
        assert_eq!(offset_of!(ReportBody, isv_prod_id), 256);
        assert_eq!(offset_of!(ReportBody, isv_svn), 258);
        assert_eq!(offset_of!(ReportBody, config_svn), 260);
        assert_eq!(offset_of!(ReportBody, isv_family_id), 304);
        assert_eq!(offset_of!(ReportBody, report_data), 320);
    }

    #[test]
    fn debug_is_bit_one_of_flags() {
        let mut body = ReportBody::read_from_bytes(&[0; 384]).unwrap();
        assert!(!body.attributes.is_debug());
        body.attributes.flags = U64::new(0x07);
        assert!(body.attributes.is_debug());
        assert_eq!(body.as_bytes()[48], 0x07);
    }
}
