//! TDREPORT: what a trust domain gets from the TDX module, for the quoting enclave of its machine.

use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// TDREPORT_STRUCT, 1024 bytes. Source: Intel TDX Module ABI, `TDREPORT_STRUCT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct TdReport {
    /// What proves the rest on the same machine.
    pub mac: ReportMac,
    /// The TDX module and its TCB.
    pub tee_tcb_info: TeeTcbInfo,
    /// Reserved, zero.
    pub reserved: [u8; 17],
    /// The trust domain.
    pub td_info: TdInfo,
}

impl TdReport {
    /// Size in bytes.
    pub const SIZE: usize = 1024;
}

/// REPORTMACSTRUCT, 256 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ReportMac {
    /// REPORTTYPE: type, 81 for TDX.
    pub report_type: u8,
    /// REPORTTYPE: subtype, zero.
    pub subtype: u8,
    /// REPORTTYPE: version, 0 or 1.
    pub version: u8,
    /// Reserved, zero.
    pub reserved1: [u8; 13],
    /// CPUSVN.
    pub cpu_svn: [u8; 16],
    /// SHA-384 of TEE_TCB_INFO.
    pub tee_tcb_info_hash: [u8; 48],
    /// SHA-384 of TDINFO.
    pub td_info_hash: [u8; 48],
    /// REPORTDATA: 64 bytes that the trust domain chose.
    pub report_data: [u8; 64],
    /// Reserved, zero.
    pub reserved2: [u8; 32],
    /// HMAC-SHA-256 over the 224 bytes before.
    pub mac: [u8; 32],
}

impl ReportMac {
    /// Size in bytes.
    pub const SIZE: usize = 256;
    /// Bytes that the MAC is over.
    pub const COVERED: usize = 224;
    /// Type of reports of trust domains.
    pub const TDX: u8 = 0x81;
}

/// TEE_TCB_INFO, 239 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct TeeTcbInfo {
    /// VALID: which fields count; 1ff for TDX 1.0, 301ff where TEE_TCB_SVN2 counts too.
    pub valid: U64,
    /// TEE_TCB_SVN.
    pub tee_tcb_svn: [u8; 16],
    /// MRSEAM.
    pub mr_seam: [u8; 48],
    /// MRSIGNERSEAM.
    pub mr_signer_seam: [u8; 48],
    /// SEAMATTRIBUTES.
    pub seam_attributes: [u8; 8],
    /// TEE_TCB_SVN2, with TDX 1.5.
    pub tee_tcb_svn2: [u8; 16],
    /// Reserved, zero.
    pub reserved: [u8; 95],
}

impl TeeTcbInfo {
    /// Size in bytes.
    pub const SIZE: usize = 239;
    /// VALID of TDX 1.0.
    pub const VALID_10: u64 = 0x1ff;
    /// VALID of TDX 1.5: TEE_TCB_SVN2 counts.
    pub const VALID_15: u64 = 0x3_01ff;
}

/// TDINFO_STRUCT, 512 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct TdInfo {
    /// TDATTRIBUTES.
    pub attributes: U64,
    /// XFAM.
    pub xfam: U64,
    /// MRTD.
    pub mr_td: [u8; 48],
    /// MRCONFIGID.
    pub mr_config_id: [u8; 48],
    /// MROWNER.
    pub mr_owner: [u8; 48],
    /// MROWNERCONFIG.
    pub mr_owner_config: [u8; 48],
    /// RTMR0 to RTMR3.
    pub rtmr: [[u8; 48]; 4],
    /// SERVTD_HASH, with TDX 1.5.
    pub service_td_hash: [u8; 48],
    /// Reserved, zero.
    pub reserved: [u8; 64],
}

impl TdInfo {
    /// Size in bytes.
    pub const SIZE: usize = 512;
}

const _: () = assert!(size_of::<ReportMac>() == ReportMac::SIZE);
const _: () = assert!(size_of::<TeeTcbInfo>() == TeeTcbInfo::SIZE);
const _: () = assert!(size_of::<TdInfo>() == TdInfo::SIZE);
const _: () = assert!(size_of::<TdReport>() == TdReport::SIZE);

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn fields_lie_where_the_module_specification_puts_them() {
        assert_eq!((offset_of!(TdReport, tee_tcb_info), offset_of!(TdReport, td_info)), (256, 512));
        assert_eq!(offset_of!(ReportMac, cpu_svn), 16);
        assert_eq!(offset_of!(ReportMac, tee_tcb_info_hash), 32);
        assert_eq!(offset_of!(ReportMac, td_info_hash), 80);
        assert_eq!(offset_of!(ReportMac, report_data), 128);
        assert_eq!(offset_of!(ReportMac, mac), ReportMac::COVERED);
        assert_eq!((offset_of!(TeeTcbInfo, tee_tcb_svn), offset_of!(TeeTcbInfo, mr_seam)), (8, 24));
        assert_eq!((offset_of!(TeeTcbInfo, seam_attributes), offset_of!(TeeTcbInfo, tee_tcb_svn2)), (120, 128));
        assert_eq!((offset_of!(TdInfo, mr_td), offset_of!(TdInfo, rtmr)), (16, 208));
        assert_eq!((offset_of!(TdInfo, service_td_hash), offset_of!(TdInfo, reserved)), (400, 448));
    }
}
