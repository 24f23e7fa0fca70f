//! Reports of trust domains.

use abi::tdx::{TdInfo, TdReport10, TdReport15, TdReport15Ex, TeeTcbInfo};
use zerocopy::FromZeros;

use crate::machine::{COMPONENT_SVNS, FMSPC, TEE_TCB_SVN};

/// What a trust domain says of itself; the rest of its report is the machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustDomainReport {
    /// MRTD: measurement of its initial contents.
    pub mr_td: [u8; 48],
    /// RTMR0 to RTMR3: measurements extended at run time.
    pub rtmr: [[u8; 48]; 4],
    /// Whether the host may read it.
    pub debug: bool,
    /// REPORTDATA: 64 bytes that the trust domain chose.
    pub report_data: [u8; 64],
}

impl TrustDomainReport {
    /// Its report from a module of TDX 1.0: SEPT_VE_DISABLE, x87 to AVX-512 state (XFAM e7).
    pub fn td10(&self) -> TdReport10 {
        let debug = if self.debug { TdReport10::DEBUG } else { 0 };
        TdReport10 {
            tee_tcb_svn: TEE_TCB_SVN,
            mr_seam: *b"Veritee simulation: measurement of a TDX module.",
            td_attributes: (TdReport10::SEPT_VE_DISABLE | debug).into(),
            xfam: 0xe7.into(),
            mr_td: self.mr_td,
            rtmr: self.rtmr,
            report_data: self.report_data,
            ..TdReport10::new_zeroed()
        }
    }

    /// Its report from a module of TDX 1.5, which has not changed since the launch; no service trust domain is bound.
    pub fn td15(&self) -> TdReport15 {
        TdReport15 { base: self.td10(), tee_tcb_svn2: TEE_TCB_SVN, ..TdReport15::new_zeroed() }
    }

    /// What the TDX module says of itself and of the trust domain, for the processor to vouch for.
    pub(crate) fn parts(&self) -> (TeeTcbInfo, TdInfo) {
        let TdReport10 { tee_tcb_svn, mr_seam, mr_signer_seam, seam_attributes, td_attributes, xfam, .. } = self.td10();
        let tee_tcb_info = TeeTcbInfo {
            valid: TeeTcbInfo::VALID_15.into(),
            tee_tcb_svn,
            mr_seam,
            mr_signer_seam,
            seam_attributes,
            tee_tcb_svn2: tee_tcb_svn,
            ..TeeTcbInfo::new_zeroed()
        };
        let (mr_td, rtmr) = (self.mr_td, self.rtmr);
        (tee_tcb_info, TdInfo { attributes: td_attributes, xfam, mr_td, rtmr, ..TdInfo::new_zeroed() })
    }

    /// Its extended report from a module of TDX 1.5, launched on this machine; no service trust domain is bound.
    pub fn td15_ex(&self) -> TdReport15Ex {
        let mut init_tee_fmspc = [0; 12];
        for (to, from) in init_tee_fmspc.iter_mut().zip(FMSPC) {
            *to = from;
        }
        TdReport15Ex {
            base: self.td15(),
            td_id: *b"Veritee simulation: trust domain",
            init_cpu_svn: COMPONENT_SVNS,
            init_tee_tcb_svn: TEE_TCB_SVN,
            init_tee_fmspc,
            ..TdReport15Ex::new_zeroed()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerocopy::IntoBytes;

    #[test]
    fn a_report_says_what_the_trust_domain_says_and_the_machines_tcb() {
        let trust_domain = TrustDomainReport {
            mr_td: [1; 48],
            rtmr: [2, 3, 4, 5].map(|b| [b; 48]),
            debug: true,
            report_data: [6; 64],
        };
        let report = trust_domain.td15_ex();
        let bytes = report.as_bytes();
        assert!(report.base.base.is_debug());
        assert_eq!((&bytes[..3], &bytes[584..587]), (&[5, 3, 11][..], &[5, 3, 11][..]));
        assert_eq!(bytes[120..128], [1, 0, 0, 0x10, 0, 0, 0, 0]);
        assert_eq!((bytes[136], bytes[328], bytes[471 + 1], bytes[520]), (1, 2, 5, 6));
        assert_eq!(bytes[817..829], *b"VSIM\0\0\0\0\0\0\0\0");
        assert!(!TrustDomainReport { debug: false, ..trust_domain }.td10().is_debug());
    }
}
