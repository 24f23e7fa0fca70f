//! The quoting enclave for enclaves.

use abi::sgx::{Report, TargetInfo};
use sgx::Secs;
use zerocopy::IntoBytes;

use super::certification::{Certification, Started};
use super::error::EnclaveError;
use super::identity;
use super::pce::{Pce, verify};
use crate::cpu::Cpu;
use crate::machine::Tcb;
use crate::ppid::PpidKey;
use crate::quoting::QuoteSpec;

/// The enclave on a processor, its attestation key certified.
#[derive(Clone, Debug)]
pub struct QuotingEnclave {
    cpu: Cpu,
    secs: Secs,
    certification: Certification,
    spec: QuoteSpec,
}

/// Who wants to know that a quote is from this quoting enclave: `qe_report_info` of Intel's interface.
#[derive(Clone, Copy, Debug)]
pub struct Requester {
    /// Chosen by the requester.
    pub nonce: [u8; 16],
    /// The enclave that is to verify the answer.
    pub target: TargetInfo,
}

impl QuotingEnclave {
    /// Bytes of a quote but for the certification data: header, body, length; signature, key, QE report with signature,
    /// authentication data of 32 with its length, type and length of the certification data.
    pub const QUOTE_WITHOUT_CERTIFICATION: usize = 48 + 384 + 4 + 64 + 64 + 384 + 64 + 2 + 32 + 2 + 4;

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
        let (secs, pce) = (identity::qe_secs(), Pce::new(cpu, pce_svn));
        let (certification, to_keep) = match kept.and_then(|kept| Certification::unseal(cpu, &secs, kept, level)) {
            Some(certification) => (certification, None),
            None => Certification::made(cpu, &secs, b"QE_ATT_DER", &pce, level)?,
        };
        let spec = certification.spec(pce_svn);
        Ok((Self { cpu: cpu.clone(), secs, certification, spec }, to_keep))
    }

    /// The report with which it asks a certification enclave for the PPID, encrypted under that key.
    pub(crate) fn ask_pce(cpu: &Cpu, pce: &Pce<'_>, key: &PpidKey) -> Result<Report, EnclaveError> {
        Ok(cpu.ereport(&identity::qe_secs(), &pce.target_info(), key.commitment()?)?)
    }

    /// As the target of the reports that it quotes.
    pub fn target_info(&self) -> TargetInfo {
        self.secs.target_info()
    }

    /// What vouches for its key.
    pub const fn certification(&self) -> &Certification {
        &self.certification
    }

    /// Quotes a report that was made for it on this machine; version 3, with those bytes as certification data.
    ///
    /// # Errors
    /// See [`EnclaveError`].
    pub fn quote(&self, report: &Report, certification_data: &[u8]) -> Result<Vec<u8>, EnclaveError> {
        verify(&self.cpu, &self.secs, report)?;
        Ok(self.spec.build(&report.body, certification_data)?)
    }

    /// A report of its own for whoever asked for that quote: report data is SHA-256 over nonce and quote.
    ///
    /// # Errors
    /// See [`EnclaveError`].
    pub fn report_of(&self, requester: &Requester, quote: &[u8]) -> Result<Report, EnclaveError> {
        let report_data = identity::hashed(&[requester.nonce.as_bytes(), quote]);
        Ok(self.cpu.ereport(&self.secs, &requester.target, report_data)?)
    }
}
