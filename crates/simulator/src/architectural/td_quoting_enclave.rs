//! The quoting enclave for trust domains.

use abi::sgx::TargetInfo;
use abi::tdx::{TdReport, TdReport10, TdReport15, TeeTcbInfo};
use sgx::Secs;

use super::certification::{Certification, Started};
use super::error::EnclaveError;
use super::identity;
use super::pce::Pce;
use crate::cpu::Cpu;
use crate::machine::Tcb;
use crate::quoting::QuoteSpec;

/// The enclave on a processor, its attestation key certified.
#[derive(Clone, Debug)]
pub struct TdQuotingEnclave {
    cpu: Cpu,
    secs: Secs,
    certification: Certification,
    spec: QuoteSpec,
}

impl TdQuotingEnclave {
    /// Starts it on a processor with a certification enclave of that PCESVN, which vouches for it with the key of that level,
    /// unless what it kept says so already. Also gives what it is to keep instead, where that is so.
    ///
    /// # Errors
    /// See [`EnclaveError`].
    pub(crate) fn start(
        cpu: &Cpu,
        pce_svn: u16,
        level: Tcb,
        kept: Option<&[u8]>,
    ) -> Result<Started<Self>, EnclaveError> {
        let (secs, pce) = (identity::td_qe_secs(), Pce::new(cpu, pce_svn));
        let (certification, to_keep) = match kept.and_then(|kept| Certification::unseal(cpu, &secs, kept, level)) {
            Some(certification) => (certification, None),
            None => Certification::made(cpu, &secs, b"TDX_QE_DER", &pce, level)?,
        };
        let spec = certification.spec(pce_svn).of_trust_domains();
        Ok((Self { cpu: cpu.clone(), secs, certification, spec }, to_keep))
    }

    /// As the target of reports.
    pub fn target_info(&self) -> TargetInfo {
        self.secs.target_info()
    }

    /// What vouches for its key.
    pub const fn certification(&self) -> &Certification {
        &self.certification
    }

    /// Quotes a report of a trust domain on this machine, with those bytes as certification data: version 4, or 5 where the TDX
    /// module was changed since the launch or the report is of its later version.
    ///
    /// # Errors
    /// See [`EnclaveError`].
    pub fn quote(&self, report: &TdReport, certification_data: &[u8]) -> Result<Vec<u8>, EnclaveError> {
        if !self.cpu.everify_report2(report) {
            return Err(EnclaveError::InvalidReport);
        }
        let mut spec = self.spec.clone();
        if needs_version_5(report) {
            spec.header.version = 5.into();
            return Ok(spec.build(&body_15(report), certification_data)?);
        }
        Ok(spec.build(&body_10(report), certification_data)?)
    }
}

fn needs_version_5(report: &TdReport) -> bool {
    let tcb = &report.tee_tcb_info;
    let was_changed = tcb.valid.get() == TeeTcbInfo::VALID_15 && tcb.tee_tcb_svn2 != tcb.tee_tcb_svn;
    report.mac.version == 1 || was_changed
}

fn body_10(report: &TdReport) -> TdReport10 {
    let (tcb, td) = (&report.tee_tcb_info, &report.td_info);
    TdReport10 {
        tee_tcb_svn: tcb.tee_tcb_svn,
        mr_seam: tcb.mr_seam,
        mr_signer_seam: tcb.mr_signer_seam,
        seam_attributes: tcb.seam_attributes,
        td_attributes: td.attributes,
        xfam: td.xfam,
        mr_td: td.mr_td,
        mr_config_id: td.mr_config_id,
        mr_owner: td.mr_owner,
        mr_owner_config: td.mr_owner_config,
        rtmr: td.rtmr,
        report_data: report.mac.report_data,
    }
}

fn body_15(report: &TdReport) -> TdReport15 {
    let tcb = &report.tee_tcb_info;
    // Where the module gives no second SVN, it is what it was at the launch.
    let is_given = tcb.valid.get() == TeeTcbInfo::VALID_15;
    TdReport15 {
        base: body_10(report),
        tee_tcb_svn2: if is_given { tcb.tee_tcb_svn2 } else { tcb.tee_tcb_svn },
        mr_service_td: report.td_info.service_td_hash,
    }
}
