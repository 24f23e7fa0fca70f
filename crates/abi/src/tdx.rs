//! The TD report bodies of TDX 1.0, 1.5 and 1.5ex, each of which begins with the one before; and what they are made of.

mod report;

use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub use report::{ReportMac, TdInfo, TdReport, TeeTcbInfo};

/// The TD report body of TDX 1.0, 584 bytes: what the TDX module says of a trust domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct TdReport10 {
    /// TEE_TCB_SVN: \[0\] is the TDX module's minor version, \[1\] its major version, \[2\] the SEAM loader's SVN.
    pub tee_tcb_svn: [u8; 16],
    /// MRSEAM: SHA-384 measurement of the TDX module.
    pub mr_seam: [u8; 48],
    /// MRSIGNERSEAM: signer of the TDX module, zero for Intel's.
    pub mr_signer_seam: [u8; 48],
    /// SEAMATTRIBUTES, zero.
    pub seam_attributes: [u8; 8],
    /// TDATTRIBUTES, see the constants of this type.
    pub td_attributes: U64,
    /// XFAM: extended processor state that the trust domain may use.
    pub xfam: U64,
    /// MRTD: SHA-384 measurement of the trust domain's initial contents.
    pub mr_td: [u8; 48],
    /// MRCONFIGID: software-defined identity, chosen at creation.
    pub mr_config_id: [u8; 48],
    /// MROWNER: software-defined owner.
    pub mr_owner: [u8; 48],
    /// MROWNERCONFIG: software-defined configuration of the owner.
    pub mr_owner_config: [u8; 48],
    /// RTMR0 to RTMR3: measurements extended at run time.
    pub rtmr: [[u8; 48]; 4],
    /// REPORTDATA: 64 bytes that the trust domain chose.
    pub report_data: [u8; 64],
}

impl TdReport10 {
    /// Size in bytes.
    pub const SIZE: usize = 584;
    /// TDATTRIBUTES bit 0: the host may read and write the trust domain.
    pub const DEBUG: u64 = 1 << 0;
    /// TDATTRIBUTES bits 4 to 6: the host may profile the trust domain.
    pub const PROFILING: u64 = 0b111 << 4;
    /// TDATTRIBUTES bit 17: service trust domains in their extended form.
    pub const SERVTD_EXT: u64 = 1 << 17;
    /// TDATTRIBUTES bit 28: an EPT violation is no exception in the trust domain.
    pub const SEPT_VE_DISABLE: u64 = 1 << 28;
    /// TDATTRIBUTES bit 29: the trust domain can be moved to another machine.
    pub const MIGRATABLE: u64 = 1 << 29;
    /// TDATTRIBUTES bit 30: the trust domain may use supervisor protection keys.
    pub const PROTECTION_KEYS: u64 = 1 << 30;
    /// TDATTRIBUTES bit 31: the trust domain may use Key Locker.
    pub const KEY_LOCKER: u64 = 1 << 31;
    /// TDATTRIBUTES bit 63: the trust domain may use performance monitoring.
    pub const PERFMON: u64 = 1 << 63;
    /// TDATTRIBUTES bits 1 to 3, 7 to 15, 23 to 26 and 32 to 61: must be zero.
    pub const RESERVED: u64 = 0b111 << 1 | 0x1ff << 7 | 0b1111 << 23 | ((1 << 30) - 1) << 32;

    /// Whether the host may look into the trust domain: read it or profile it.
    pub const fn is_debug(&self) -> bool {
        self.has(Self::DEBUG | Self::PROFILING)
    }

    /// Whether any of those bits of TDATTRIBUTES is set.
    pub const fn has(&self, attributes: u64) -> bool {
        self.td_attributes.get() & attributes != 0
    }
}

/// The TD report body of TDX 1.5, 648 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct TdReport15 {
    /// The fields of TDX 1.0.
    pub base: TdReport10,
    /// TEE_TCB_SVN2: the TCB now, where TEE_TCB_SVN is that of the launch.
    pub tee_tcb_svn2: [u8; 16],
    /// MRSERVICETD: SHA-384 over the bound service trust domains, zero where there is none.
    pub mr_service_td: [u8; 48],
}

impl TdReport15 {
    /// Size in bytes.
    pub const SIZE: usize = 648;
}

/// The extended TD report body of TDX 1.5 ("1.5ex"), 885 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct TdReport15Ex {
    /// The fields of TDX 1.5.
    pub base: TdReport15,
    /// VMID.
    pub vm_id: u8,
    /// TD_ID: made anew at every relaunch.
    pub td_id: [u8; 32],
    /// SHA-384 over the information of assigned devices.
    pub dev_info_hash: [u8; 48],
    /// Hash of the service trust domains at launch.
    pub init_servtd_hash: [u8; 48],
    /// Attributes of the service trust domains at launch.
    pub init_servtd_attributes: [u8; 8],
    /// CPUSVN at launch.
    pub init_cpu_svn: [u8; 16],
    /// TEE_TCB_SVN at launch.
    pub init_tee_tcb_svn: [u8; 16],
    /// FMSPC of the platform at launch, padded.
    pub init_tee_fmspc: [u8; 12],
    /// Hash of the service trust domains now.
    pub cur_servtd_hash: [u8; 48],
    /// Attributes of the service trust domains now.
    pub cur_servtd_attributes: [u8; 8],
}

impl TdReport15Ex {
    /// Size in bytes.
    pub const SIZE: usize = 885;
}

const _: () = assert!(size_of::<TdReport10>() == TdReport10::SIZE);
const _: () = assert!(size_of::<TdReport15>() == TdReport15::SIZE);
const _: () = assert!(size_of::<TdReport15Ex>() == TdReport15Ex::SIZE);

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn fields_lie_where_the_module_specification_puts_them() {
        assert_eq!(offset_of!(TdReport10, mr_signer_seam), 64);
        assert_eq!(offset_of!(TdReport10, td_attributes), 120);
        assert_eq!(offset_of!(TdReport10, mr_td), 136);
        assert_eq!(offset_of!(TdReport10, mr_owner_config), 280);
        assert_eq!(offset_of!(TdReport10, rtmr), 328);
        assert_eq!(offset_of!(TdReport10, report_data), 520);
        assert_eq!(offset_of!(TdReport15, tee_tcb_svn2), 584);
        assert_eq!(offset_of!(TdReport15, mr_service_td), 600);
        assert_eq!(offset_of!(TdReport15Ex, vm_id), 648);
        assert_eq!(offset_of!(TdReport15Ex, init_tee_fmspc), 817);
        assert_eq!(offset_of!(TdReport15Ex, cur_servtd_attributes), 877);
    }

    #[test]
    fn reserved_attributes_are_the_documented_bits() {
        let reserved = |bit: u32| matches!(bit, 1..=3 | 7..=15 | 23..=26 | 32..=61);
        assert!((0..64).all(|bit| (TdReport10::RESERVED >> bit & 1 == 1) == reserved(bit)));
        let known = TdReport10::PROTECTION_KEYS | TdReport10::KEY_LOCKER | TdReport10::PERFMON;
        assert_eq!(known.to_le_bytes(), [0, 0, 0, 0xc0, 0, 0, 0, 0x80]);
    }
}
