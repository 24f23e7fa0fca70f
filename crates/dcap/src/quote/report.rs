//! What a quote attests: the report of an enclave or a trust domain.

use abi::sgx::ReportBody;
use abi::tdx::{TdReport10, TdReport15, TdReport15Ex};

/// What the processor or the TDX module says of the attested environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // one for each quote, read in place
pub enum Report {
    /// An SGX enclave.
    SgxEnclave(ReportBody),
    /// A trust domain, TDX 1.0.
    Td10(TdReport10),
    /// A trust domain, TDX 1.5.
    Td15(TdReport15),
    /// A trust domain, TDX 1.5 extended.
    Td15Ex(TdReport15Ex),
}

impl Report {
    /// The 64 bytes that the attested environment chose.
    pub const fn report_data(&self) -> &[u8; 64] {
        match self {
            Self::SgxEnclave(report) => &report.report_data,
            Self::Td10(report) => &report.report_data,
            Self::Td15(report) => &report.base.report_data,
            Self::Td15Ex(report) => &report.base.base.report_data,
        }
    }

    /// Whether the host can look into the attested environment: through a debugger, or a profiler.
    pub const fn is_debug(&self) -> bool {
        match self {
            Self::SgxEnclave(report) => report.attributes.is_debug(),
            Self::Td10(report) => report.is_debug(),
            Self::Td15(report) => report.base.is_debug(),
            Self::Td15Ex(report) => report.base.base.is_debug(),
        }
    }

    /// The fields that every TD report has, where it is one.
    pub const fn td_report(&self) -> Option<&TdReport10> {
        match self {
            Self::SgxEnclave(_) => None,
            Self::Td10(report) => Some(report),
            Self::Td15(report) => Some(&report.base),
            Self::Td15Ex(report) => Some(&report.base.base),
        }
    }

    /// TEE_TCB_SVN2, the current TDX module, from TDX 1.5 on.
    pub const fn tee_tcb_svn2(&self) -> Option<&[u8; 16]> {
        match self {
            Self::SgxEnclave(_) | Self::Td10(_) => None,
            Self::Td15(report) => Some(&report.tee_tcb_svn2),
            Self::Td15Ex(report) => Some(&report.base.tee_tcb_svn2),
        }
    }

    /// Whether a service trust domain was bound to it at its launch, or is now.
    pub(crate) fn has_service_td(&self) -> bool {
        let bound = |hash: &[u8; 48]| *hash != [0; 48];
        match self {
            Self::SgxEnclave(_) | Self::Td10(_) => false,
            Self::Td15(report) => bound(&report.mr_service_td),
            Self::Td15Ex(report) => bound(&report.base.mr_service_td) || bound(&report.cur_servtd_hash),
        }
    }
}
