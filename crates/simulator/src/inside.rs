//! Enclaves whose code is ours: they run in this very process.

use std::borrow::Cow;

use abi::sgx::{KeyRequest, Report, TargetInfo};
use problem::Problem;
use sgx::Secs;
use sgx::enclu::{EgetkeyError, Enclu, Key128};

use crate::cpu::{Cpu, EreportError};

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

impl Problem for EncluError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Ereport(error) => error.code(),
            Self::Egetkey(error) => error.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Ereport(error) => error.help(),
            Self::Egetkey(error) => error.help(),
        }
    }
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
