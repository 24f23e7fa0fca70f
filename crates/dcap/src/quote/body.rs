//! What a quote attests, as it lies in the quote.

use abi::sgx::ReportBody;
use abi::tdx::{TdReport10, TdReport15, TdReport15Ex};

/// What the processor or the TDX module says of the attested environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// An SGX enclave.
    SgxEnclave(&'a ReportBody),
    /// A trust domain, TDX 1.0.
    Td10(&'a TdReport10),
    /// A trust domain, TDX 1.5.
    Td15(&'a TdReport15),
    /// A trust domain, TDX 1.5 extended.
    Td15Ex(&'a TdReport15Ex),
}

impl Body<'_> {
    /// The fields that every TD report has, where it is one.
    pub const fn td_report(&self) -> Option<&TdReport10> {
        match self {
            Self::SgxEnclave(_) => None,
            Self::Td10(report) => Some(report),
            Self::Td15(report) => Some(&report.base),
            Self::Td15Ex(report) => Some(&report.base.base),
        }
    }

    /// TEE_TCB_SVN2, the TDX module as it is now, from TDX 1.5 on.
    pub const fn tee_tcb_svn2(&self) -> Option<&[u8; 16]> {
        match self {
            Self::SgxEnclave(_) | Self::Td10(_) => None,
            Self::Td15(report) => Some(&report.tee_tcb_svn2),
            Self::Td15Ex(report) => Some(&report.base.tee_tcb_svn2),
        }
    }

    /// The 64 bytes that the attested environment chose.
    pub const fn report_data(&self) -> &[u8; 64] {
        match self {
            Self::SgxEnclave(body) => &body.report_data,
            Self::Td10(body) => &body.report_data,
            Self::Td15(body) => &body.base.report_data,
            Self::Td15Ex(body) => &body.base.base.report_data,
        }
    }
}
