//! Evaluating the TCB: which levels are reached, and what they mean together.

mod relaunch;

use super::{Tcb, VerifyError};
use crate::enclave_identity::EnclaveIdentity;
use crate::isv_level::{self, IsvLevel};
use crate::pck::ProvenPck;
use crate::quote::Quote;
use crate::tcb_info::TcbInfo;
use crate::tcb_status::TcbStatus;
use crate::time::UnixTime;

pub use relaunch::RelaunchRule;

/// The platform's TCB, with a trust domain once as it was launched and, from TDX 1.5 on, once as the module is now.
pub(crate) fn evaluate(
    quote: &Quote<'_>,
    pck: &ProvenPck,
    tcb_info: &TcbInfo,
    identity: &EnclaveIdentity,
    rule: RelaunchRule,
) -> Result<Tcb, VerifyError> {
    let qe =
        isv_level::reached(&identity.levels, quote.qe_report().isv_svn.get()).ok_or(VerifyError::QeTcbNotSupported)?;
    let body = quote.body();
    let launch = appraise(pck, tcb_info, qe, body.td_report().map(|report| &report.tee_tcb_svn))?;
    let (status, current) = match body.tee_tcb_svn2() {
        None => (launch.status, None),
        Some(now) => relaunch::judge(rule, &launch, now, appraise(pck, tcb_info, qe, Some(now)), pck, tcb_info)?,
    };
    Ok(Tcb {
        status,
        platform_status: launch.platform_status,
        qe_status: launch.qe_status,
        tdx_module_status: launch.module_status,
        current_status: current,
        date: launch.date,
        platform_date: launch.platform_date,
        qe_date: qe.date,
        advisory_ids: launch.advisory_ids,
        tcb_info_evaluation_data_number: tcb_info.evaluation_data_number,
        qe_identity_evaluation_data_number: identity.evaluation_data_number,
    })
}

/// One evaluation.
struct Appraisal {
    status: TcbStatus,
    platform_status: TcbStatus,
    qe_status: TcbStatus,
    module_status: Option<TcbStatus>,
    date: UnixTime,
    platform_date: UnixTime,
    advisory_ids: Vec<String>,
}

/// Steps 13 to 16: platform, TDX module and quoting enclave, converged. Dates and advisories are of all of them.
fn appraise(
    pck: &ProvenPck,
    tcb_info: &TcbInfo,
    qe: &IsvLevel,
    tee_tcb_svn: Option<&[u8; 16]>,
) -> Result<Appraisal, VerifyError> {
    let platform = tcb_info
        .levels
        .iter()
        .find(|level| level.is_reached_by(pck.platform(), tee_tcb_svn))
        .ok_or(VerifyError::TcbNotSupported)?;
    let module = tdx_module_level(tcb_info, tee_tcb_svn)?;
    let parts = || module.into_iter().chain([qe]);
    let status = parts().fold(platform.status, |status, part| status.converge(part.status));
    if status == TcbStatus::Revoked {
        return Err(VerifyError::TcbRevoked);
    }
    let mut advisory_ids: Vec<String> =
        platform.advisory_ids.iter().chain(parts().flat_map(|part| &part.advisory_ids)).cloned().collect();
    advisory_ids.sort_unstable();
    advisory_ids.dedup();
    Ok(Appraisal {
        status,
        platform_status: platform.status,
        qe_status: qe.status,
        platform_date: platform.date,
        module_status: module.map(|module| module.status),
        date: parts().fold(platform.date, |date, part| date.min(part.date)),
        advisory_ids,
    })
}

/// Step 14: a module with a major version is rated by its own identity.
fn tdx_module_level<'c>(
    tcb_info: &'c TcbInfo,
    tee_tcb_svn: Option<&[u8; 16]>,
) -> Result<Option<&'c IsvLevel>, VerifyError> {
    let (Some(&[minor, major, ..]), Some(modules)) = (tee_tcb_svn, &tcb_info.tdx_modules) else {
        return Ok(None);
    };
    if major == 0 {
        return Ok(None);
    }
    let identity = modules.identity(major).ok_or(VerifyError::TdxModuleUnknown(major))?;
    isv_level::reached(&identity.levels, minor.into()).map(Some).ok_or(VerifyError::TdxModuleTcbNotSupported)
}
