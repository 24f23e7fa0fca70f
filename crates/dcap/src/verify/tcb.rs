//! Evaluating the TCB: what the levels that are reached mean together.

use crate::documents::enclave_identity::EnclaveIdentity;
use crate::documents::isv_level;
use crate::documents::tcb_info::TcbInfo;
use crate::documents::tcb_status::TcbStatus;
use crate::pki::pck::ProvenPck;
use crate::quote::parse::Quote;
use crate::verify::error::VerifyError;
use crate::verify::levels::appraise;
use crate::verify::relaunch::{self, RelaunchRule};
use crate::verify::revoked::Evaluation;
use unix_time::UnixTime;

/// How up to date the platform is: data for whoever judges, never `Revoked`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcb {
    /// Platform, quoting enclave and TDX module together.
    pub status: TcbStatus,
    /// The platform alone.
    pub platform_status: TcbStatus,
    /// The quoting enclave alone.
    pub qe_status: TcbStatus,
    /// TDX: the module alone, where its major version has an identity of its own.
    pub tdx_module_status: Option<TcbStatus>,
    /// TDX 1.5: everything together with the module as it is now, not as it was at launch.
    pub current_status: Option<TcbStatus>,
    /// The earliest date of the levels reached.
    pub date: UnixTime,
    /// Date of the level that the platform reached.
    pub platform_date: UnixTime,
    /// Date of the level that the quoting enclave reached.
    pub qe_date: UnixTime,
    /// Intel's advisories that apply, sorted, each once.
    pub advisory_ids: Vec<String>,
    /// Evaluation number of TCB Info.
    pub tcb_info_evaluation_data_number: u32,
    /// Evaluation number of the QE identity.
    pub qe_identity_evaluation_data_number: u32,
}

impl Tcb {
    /// The lower of both evaluation numbers, which is what the verdict rests on.
    pub fn evaluation_data_number(&self) -> u32 {
        self.tcb_info_evaluation_data_number.min(self.qe_identity_evaluation_data_number)
    }
}

/// Appraisal steps 4.14 to 4.18: the platform's TCB, with a trust domain once as it was launched and, from TDX 1.5 on, once as the module is now.
pub(crate) fn evaluate(
    quote: &Quote<'_>,
    pck: &ProvenPck,
    tcb_info: &TcbInfo,
    identity: &EnclaveIdentity,
    rule: RelaunchRule,
) -> Result<Tcb, VerifyError> {
    // Appraisal step 4.14.
    let qe =
        isv_level::reached(&identity.levels, quote.qe_report().isv_svn.get()).ok_or(VerifyError::QeTcbNotSupported)?;
    let td = quote.report().td_report();
    let launch = appraise(pck, tcb_info, qe, td.map(|report| &report.tee_tcb_svn))?;
    launch.refuse_revoked(if td.is_some() { Evaluation::Launch } else { Evaluation::Only })?;
    let (status, current) = match quote.report().tee_tcb_svn2() {
        None => (launch.status, None),
        Some(now) => relaunch::judge(rule, &launch, now, appraise(pck, tcb_info, qe, Some(now)), pck, tcb_info)?,
    };
    Ok(Tcb {
        status,
        platform_status: launch.platform.status,
        qe_status: qe.status,
        tdx_module_status: launch.module.map(|module| module.status),
        current_status: current,
        date: launch.date(),
        platform_date: launch.platform.date,
        qe_date: qe.date,
        advisory_ids: launch.advisory_ids(),
        tcb_info_evaluation_data_number: tcb_info.evaluation_data_number,
        qe_identity_evaluation_data_number: identity.evaluation_data_number,
    })
}
