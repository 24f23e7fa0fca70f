//! What an enclave asks its processor for: the instructions of ENCLU.

mod channel;
pub(crate) mod protocol;

use std::error::Error;

use abi::sgx::{KeyRequest, Report, TargetInfo};
use zerocopy::FromZeros;

pub use channel::{Channel, ChannelError};

use crate::cpu::{Cpu, EgetkeyError, EreportError, Key128, Secs, verifies};

/// A processor as the enclave that runs on it sees it.
pub trait Enclu {
    /// Why there is no report or key.
    type Error: Error + Send + Sync + 'static;

    /// EREPORT: a report about this enclave, for the target to verify.
    ///
    /// # Errors
    /// As the processor refuses it.
    fn ereport(&self, target: &TargetInfo, report_data: [u8; 64]) -> Result<Report, Self::Error>;

    /// EGETKEY: a key of this enclave.
    ///
    /// # Errors
    /// As the processor refuses it.
    fn egetkey(&self, request: &KeyRequest) -> Result<Key128, Self::Error>;

    /// Local attestation: whether an enclave on this machine made the report for this one.
    ///
    /// # Errors
    /// As the processor refuses it.
    fn believes(&self, report: &Report) -> Result<bool, Self::Error> {
        let own = self.ereport(&TargetInfo::new_zeroed(), [0; 64])?.body;
        let request = KeyRequest {
            key_name: KeyRequest::REPORT.into(),
            key_id: report.key_id,
            cpu_svn: own.cpu_svn,
            ..KeyRequest::new_zeroed()
        };
        let key = self.egetkey(&request)?;
        Ok(verifies(report, &key).unwrap_or(false))
    }
}

/// An enclave whose code is ours and runs in this very process.
#[derive(Clone, Copy, Debug)]
pub struct Inside<'a> {
    /// The processor.
    pub cpu: &'a Cpu,
    /// The enclave.
    pub enclave: &'a Secs,
}

/// Why a processor gives no report or key.
#[derive(Debug, thiserror::Error)]
pub enum EncluError {
    /// EREPORT refuses.
    #[error(transparent)]
    Ereport(#[from] EreportError),
    /// EGETKEY refuses.
    #[error(transparent)]
    Egetkey(#[from] EgetkeyError),
}

impl Enclu for Inside<'_> {
    type Error = EncluError;

    fn ereport(&self, target: &TargetInfo, report_data: [u8; 64]) -> Result<Report, EncluError> {
        Ok(self.cpu.ereport(self.enclave, target, report_data)?)
    }

    fn egetkey(&self, request: &KeyRequest) -> Result<Key128, EncluError> {
        Ok(self.cpu.egetkey(self.enclave, request)?)
    }
}
