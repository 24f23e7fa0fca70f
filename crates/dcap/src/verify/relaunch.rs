//! A trust domain whose TDX module was updated while it ran: whether a relaunch would make it fresh.

use crate::documents::tcb_info::TcbInfo;
use crate::documents::tcb_status::TcbStatus;
use crate::pki::pck::ProvenPck;
use crate::verify::error::VerifyError;
use crate::verify::levels::{Appraisal, platform_level, tdx_module_level};
use crate::verify::revoked::{Evaluation, RevokedLevel, RevokedPart};

/// Which rule says that a relaunch is advised. Intel has changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RelaunchRule {
    /// The rule of Intel's library since its commit ed07be6 of 2026-05-08 (DCAP 1.26): old as it was launched, and fresh
    /// when everything is evaluated again with the module as it is now. The module as it is now must be rated by Intel.
    #[default]
    Current,
    /// The rule before (commit cad23cd, DCAP 1.25), for results that must equal those of that release: the quoting enclave
    /// and the platform without TDX are fresh, the module was old at launch, and is the newest now. The module as it is
    /// now need not be rated.
    Dcap125,
}

/// The status, and that of everything with the module as it is now. (Appraisal step 4.18.)
pub(crate) fn judge(
    rule: RelaunchRule,
    launch: &Appraisal<'_>,
    now: &[u8; 16],
    current: Result<Appraisal<'_>, VerifyError>,
    pck: &ProvenPck,
    tcb_info: &TcbInfo,
) -> Result<(TcbStatus, Option<TcbStatus>), VerifyError> {
    match rule {
        RelaunchRule::Current => {
            let current = current?;
            let status = launch.status.relaunch(current.status);
            current.refuse_revoked(Evaluation::Current { reported_by_intel: status })?;
            Ok((status, Some(current.status)))
        }
        RelaunchRule::Dcap125 => {
            let status = until_1_25(launch, now, pck, tcb_info).unwrap_or(launch.status);
            let evaluation = Evaluation::Current { reported_by_intel: status };
            match current {
                Ok(current) => {
                    current.refuse_revoked(evaluation)?;
                    Ok((status, Some(current.status)))
                }
                Err(_) => {
                    refuse_what_is_reached(now, pck, tcb_info, evaluation)?;
                    Ok((status, None))
                }
            }
        }
    }
}

/// Where one part as it is now is not rated, the other may still be at a level that Intel withdrew, or whose status is not
/// known: neither is acceptable by any rule.
fn refuse_what_is_reached(
    now: &[u8; 16],
    pck: &ProvenPck,
    tcb_info: &TcbInfo,
    evaluation: Evaluation,
) -> Result<(), VerifyError> {
    let platform = platform_level(pck, tcb_info, Some(now)).map(|level| (RevokedPart::Platform, level.status));
    let module = match tdx_module_level(tcb_info, Some(now)) {
        Err(unknown @ VerifyError::TdxModuleStatusUnknown(_)) => return Err(unknown),
        reached => reached.ok().flatten().map(|level| (RevokedPart::TdxModule, level.status)),
    };
    match [platform, module].into_iter().flatten().find(|(_, status)| *status == TcbStatus::Revoked) {
        Some((part, _)) => Err(VerifyError::TcbRevoked(RevokedLevel { part, evaluation })),
        None => Ok(()),
    }
}

/// The relaunch status by the older rule, where it applies.
fn until_1_25(launch: &Appraisal<'_>, now: &[u8; 16], pck: &ProvenPck, tcb_info: &TcbInfo) -> Option<TcbStatus> {
    let sgx = tcb_info.levels.iter().find(|level| level.is_reached_without_tdx_by(pck.platform()))?.status;
    let applies = launch.qe.status == TcbStatus::UpToDate
        && sgx.is_fresh()
        && matches!(launch.status, TcbStatus::OutOfDate | TcbStatus::OutOfDateConfigurationNeeded)
        && launch.module.is_some_and(|module| module.status == TcbStatus::OutOfDate)
        && is_newest(now, tcb_info)?;
    let needs_configuration = launch.status == TcbStatus::OutOfDateConfigurationNeeded || sgx.needs_configuration();
    applies.then_some(if needs_configuration {
        TcbStatus::TdRelaunchAdvisedConfigurationNeeded
    } else {
        TcbStatus::TdRelaunchAdvised
    })
}

/// Whether module and late microcode are at the highest level that TCB Info lists.
fn is_newest(now: &[u8; 16], tcb_info: &TcbInfo) -> Option<bool> {
    let &[minor, major, microcode, ..] = now;
    let &[newest_minor, _, newest_microcode, ..] = tcb_info.levels.first()?.tdx_components.as_ref()?;
    let newest_minor = match major {
        0 => newest_minor.into(),
        _ => tcb_info.tdx_modules.as_ref()?.identity(major)?.levels.first()?.isv_svn(),
    };
    Some(u16::from(minor) >= newest_minor && microcode >= newest_microcode)
}
