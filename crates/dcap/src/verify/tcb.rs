//! Evaluating the TCB: which levels are reached, and what they mean together.

mod relaunch;
mod revoked;

use super::{Tcb, VerifyError};
use crate::enclave_identity::EnclaveIdentity;
use crate::isv_level::{self, IsvLevel};
use crate::pck::ProvenPck;
use crate::quote::Quote;
use crate::tcb_info::{TcbInfo, TcbLevel, TdxModuleLevel};
use crate::tcb_status::TcbStatus;
use unix_time::UnixTime;

pub use relaunch::RelaunchRule;
pub use revoked::{Evaluation, RevokedLevel, RevokedPart};

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
    let td = body.td_report();
    let launch = appraise(pck, tcb_info, qe, td.map(|report| &report.tee_tcb_svn))?;
    launch.refuse_revoked(if td.is_some() { Evaluation::Launch } else { Evaluation::Only })?;
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

/// One evaluation: the levels reached, and their status together, which may be `Revoked`.
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
    let platform = platform_level(pck, tcb_info, tee_tcb_svn).ok_or(VerifyError::TcbNotSupported)?;
    let module = tdx_module_level(tcb_info, tee_tcb_svn)?;
    let reached = Appraisal { status: platform.status, platform, module, qe };
    let status = reached.parts().fold(platform.status, |status, part| status.converge(part.status));
    Ok(Appraisal { status, ..reached })
}

impl<'c> Appraisal<'c> {
    /// Nothing that Intel withdrew is acceptable.
    fn refuse_revoked(&self, evaluation: Evaluation) -> Result<(), VerifyError> {
        if self.status != TcbStatus::Revoked {
            return Ok(());
        }
        let is_revoked = |level: &IsvLevel| level.status == TcbStatus::Revoked;
        let part = if self.platform.status == TcbStatus::Revoked {
            RevokedPart::Platform
        } else if self.module.is_some_and(is_revoked) {
            RevokedPart::TdxModule
        } else {
            RevokedPart::QuotingEnclave
        };
        Err(VerifyError::TcbRevoked(RevokedLevel { part, evaluation }))
    }

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

/// Step 13: the highest level that the platform reaches.
fn platform_level<'c>(pck: &ProvenPck, tcb_info: &'c TcbInfo, tee_tcb_svn: Option<&[u8; 16]>) -> Option<&'c TcbLevel> {
    tcb_info.levels.iter().find(|level| level.is_reached_by(pck.platform(), tee_tcb_svn))
}

/// Step 14: a module with a major version is rated by its own identity. A level that it reaches must have a known status;
/// those of levels that it does not reach do not matter.
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
    match identity.reached(minor) {
        Some(TdxModuleLevel::Known(level)) => Ok(Some(level)),
        Some(TdxModuleLevel::UnknownStatus { status, .. }) => Err(VerifyError::TdxModuleStatusUnknown(status.clone())),
        None => Err(VerifyError::TdxModuleTcbNotSupported),
    }
}
