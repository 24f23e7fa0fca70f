//! The TCB levels that one evaluation reaches.

use crate::documents::isv_level::IsvLevel;
use crate::documents::tcb_info::TcbInfo;
use crate::documents::tcb_info::level::TcbLevel;
use crate::documents::tcb_info::tdx_modules::TdxModuleLevel;
use crate::documents::tcb_status::TcbStatus;
use crate::pki::pck::ProvenPck;
use crate::verify::error::VerifyError;
use crate::verify::revoked::{Evaluation, RevokedLevel, RevokedPart};
use unix_time::UnixTime;

/// One evaluation: the levels reached, and their status together, which may be `Revoked`.
pub(crate) struct Appraisal<'c> {
    pub(crate) status: TcbStatus,
    pub(crate) platform: &'c TcbLevel,
    pub(crate) module: Option<&'c IsvLevel>,
    pub(crate) qe: &'c IsvLevel,
}

/// Appraisal steps 4.15, 4.16 and 4.17: platform, TDX module and quoting enclave, converged.
pub(crate) fn appraise<'c>(
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
    /// Appraisal step 4.17: a level that Intel withdrew is not acceptable.
    pub(crate) fn refuse_revoked(&self, evaluation: Evaluation) -> Result<(), VerifyError> {
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
    pub(crate) fn date(&self) -> UnixTime {
        self.parts().fold(self.platform.date, |date, part| date.min(part.date))
    }

    /// Those of all levels, sorted, each once.
    pub(crate) fn advisory_ids(&self) -> Vec<String> {
        let of_parts = self.parts().flat_map(|part| &part.advisory_ids);
        let mut ids: Vec<&String> = self.platform.advisory_ids.iter().chain(of_parts).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().cloned().collect()
    }
}

/// Appraisal step 4.15: the highest level that the platform reaches.
pub(crate) fn platform_level<'c>(
    pck: &ProvenPck,
    tcb_info: &'c TcbInfo,
    tee_tcb_svn: Option<&[u8; 16]>,
) -> Option<&'c TcbLevel> {
    tcb_info.levels.iter().find(|level| level.is_reached_by(pck.platform(), tee_tcb_svn))
}

/// Appraisal step 4.16: a module with a major version is rated by its own identity. A level that it reaches must have a known status;
/// those of levels that it does not reach do not matter.
pub(crate) fn tdx_module_level<'c>(
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
