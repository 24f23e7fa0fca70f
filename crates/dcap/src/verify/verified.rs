//! A quote that was verified.

use abi::sgx::ReportBody;
use abi::tdx::{TdReport10, TdReport15, TdReport15Ex};

use crate::pki::root::Root;
use crate::pki::sgx_extension::Fmspc;
use crate::quote::body::Body;
use crate::quote::tee::Tee;
use crate::verify::tcb::Tcb;
use unix_time::{UnixTime, ValidityPeriod};

/// A quote whose signatures, identities, revocation and validity periods hold. Whether it is good enough is for
/// [`Requirements`](crate::Requirements) to judge.
///
/// It is made by [`Verifier::verify`] alone:
///
/// ```compile_fail
/// let quote: dcap::VerifiedQuote = Default::default();
/// ```
/// ```compile_fail
/// fn read(json: &str) -> dcap::VerifiedQuote { serde_json::from_str(json).unwrap() }
/// ```
#[derive(Clone, Debug)]
pub struct VerifiedQuote {
    pub(crate) version: u16,
    pub(crate) tee: Tee,
    pub(crate) report: Report,
    pub(crate) fmspc: Fmspc,
    pub(crate) root: Root,
    pub(crate) tcb: Tcb,
    pub(crate) valid: ValidityPeriod,
    pub(crate) collateral_issued: UnixTime,
    pub(crate) at: UnixTime,
}

impl VerifiedQuote {
    /// Version of the quote: 3, 4 or 5.
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// SGX or TDX.
    pub const fn tee(&self) -> Tee {
        self.tee
    }

    /// What is attested.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// The platform family.
    pub const fn fmspc(&self) -> Fmspc {
        self.fmspc
    }

    /// The root that platform and collateral lead to.
    pub const fn root(&self) -> Root {
        self.root
    }

    /// How up to date the platform is.
    pub const fn tcb(&self) -> &Tcb {
        &self.tcb
    }

    /// When chain and collateral are valid: until its end the same verdict would come out again.
    pub const fn validity(&self) -> ValidityPeriod {
        self.valid
    }

    /// When the oldest of TCB Info, QE identity and PCK CRL was issued.
    pub const fn collateral_issued(&self) -> UnixTime {
        self.collateral_issued
    }

    /// As of when it was verified.
    pub const fn at(&self) -> UnixTime {
        self.at
    }
}

/// What is attested, in a quote that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // one per verified quote, read in place
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
    pub(crate) const fn of(body: Body<'_>) -> Self {
        match body {
            Body::SgxEnclave(report) => Self::SgxEnclave(*report),
            Body::Td10(report) => Self::Td10(*report),
            Body::Td15(report) => Self::Td15(*report),
            Body::Td15Ex(report) => Self::Td15Ex(*report),
        }
    }

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
