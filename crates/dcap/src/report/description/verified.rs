//! A verified quote: what it attests, and how up to date its platform is.

use serde::Serialize;
use unix_time::UnixTime;

use crate::documents::tcb_status::TcbStatus;
use crate::pki::root::{Root, RootKind};
use crate::pki::sgx_extension::Fmspc;
use crate::report::description::body::ReportDescription;
use crate::verify::tcb::Tcb;
use crate::verify::verified::VerifiedQuote;

/// What is known of a verified quote.
///
/// It proves nothing to a program: there is no way from it to a verified quote.
///
/// ```compile_fail
/// fn verified(description: dcap::VerifiedQuoteDescription) -> dcap::VerifiedQuote { description.into() }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedQuoteDescription {
    /// The platform family.
    pub fmspc: Fmspc,
    /// The root that platform and collateral lead to.
    pub root: RootDescription,
    /// Whether the root is another one than Intel's.
    pub simulated: bool,
    /// How up to date the platform is.
    pub tcb: TcbDescription,
    /// Until when the verdict holds.
    pub valid_until: UnixTime,
    /// What the quote attests.
    pub report: ReportDescription,
}

impl From<&VerifiedQuote> for VerifiedQuoteDescription {
    fn from(quote: &VerifiedQuote) -> Self {
        Self {
            fmspc: quote.fmspc(),
            root: (&quote.root()).into(),
            simulated: quote.root().is_simulated(),
            tcb: quote.tcb().into(),
            valid_until: quote.validity().until,
            report: quote.report().into(),
        }
    }
}

/// A root of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RootDescription {
    /// Whose root it is.
    pub kind: RootKind,
    /// SHA-256 over the public key as an uncompressed point (65 bytes).
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
}

impl From<&Root> for RootDescription {
    fn from(root: &Root) -> Self {
        Self { kind: root.kind(), sha256: root.sha256() }
    }
}

/// How up to date a platform is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TcbDescription {
    /// Platform, quoting enclave and TDX module together.
    pub status: TcbStatus,
    /// The earliest date of the levels reached.
    pub date: UnixTime,
    /// Intel's advisories that apply.
    pub advisory_ids: Vec<String>,
    /// The lower of both evaluation data numbers.
    pub evaluation_data_number: u32,
    /// Evaluation data number of TCB Info.
    pub tcb_info_evaluation_data_number: u32,
    /// Evaluation data number of the QE identity.
    pub qe_identity_evaluation_data_number: u32,
    /// The platform alone.
    pub platform_status: TcbStatus,
    /// The quoting enclave alone.
    pub qe_status: TcbStatus,
    /// TDX: the module alone.
    pub tdx_module_status: Option<TcbStatus>,
    /// TDX 1.5: everything together with the current module.
    pub current_status: Option<TcbStatus>,
}

impl From<&Tcb> for TcbDescription {
    fn from(tcb: &Tcb) -> Self {
        Self {
            status: tcb.status,
            date: tcb.date,
            advisory_ids: tcb.advisory_ids.clone(),
            evaluation_data_number: tcb.evaluation_data_number(),
            tcb_info_evaluation_data_number: tcb.tcb_info_evaluation_data_number,
            qe_identity_evaluation_data_number: tcb.qe_identity_evaluation_data_number,
            platform_status: tcb.platform_status,
            qe_status: tcb.qe_status,
            tdx_module_status: tcb.tdx_module_status,
            current_status: tcb.current_status,
        }
    }
}
