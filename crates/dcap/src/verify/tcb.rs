//! Evaluating the TCB: which levels are reached, and what they mean together.

mod relaunch;

use super::{Tcb, VerifyError};
use crate::enclave_identity::EnclaveIdentity;
use crate::isv_level::{self, IsvLevel};
use crate::pck::ProvenPck;
use crate::quote::Quote;
use crate::tcb_info::{TcbInfo, TcbLevel};
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

/// One evaluation: the levels reached, and their status together.
struct Appraisal<'c> {
    status: TcbStatus,
    platform: &'c TcbLevel,
    module: Option<&'c IsvLevel>,
    qe: &'c IsvLevel,
}

/// Steps 13 to 16: platform, TDX module and quoting enclave, converged.
fn appraise<'c>(
    pck: &ProvenPck,
    tcb_info: &'c TcbInfo,
    qe: &'c IsvLevel,
    tee_tcb_svn: Option<&[u8; 16]>,
) -> Result<Appraisal<'c>, VerifyError> {
    let platform = tcb_info
        .levels
        .iter()
        .find(|level| level.is_reached_by(pck.platform(), tee_tcb_svn))
        .ok_or(VerifyError::TcbNotSupported)?;
    let module = tdx_module_level(tcb_info, tee_tcb_svn)?;
    let reached = Appraisal { status: platform.status, platform, module, qe };
    let status = reached.parts().fold(platform.status, |status, part| status.converge(part.status));
    if status == TcbStatus::Revoked {
        return Err(VerifyError::TcbRevoked);
    }
    Ok(Appraisal { status, ..reached })
}

impl<'c> Appraisal<'c> {
    /// What is rated by an ISVSVN of its own.
    fn parts(&self) -> impl Iterator<Item = &'c IsvLevel> {
        self.module.into_iter().chain([self.qe])
    }

    /// The earliest of all levels.
    fn date(&self) -> UnixTime {
        self.parts().fold(self.platform.date, |date, part| date.min(part.date))
    }

    /// Those of all levels, sorted, each once.
    fn advisory_ids(&self) -> Vec<String> {
        let of_parts = self.parts().flat_map(|part| &part.advisory_ids);
        let mut ids: Vec<&String> = self.platform.advisory_ids.iter().chain(of_parts).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().cloned().collect()
    }
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
