//! The quoting enclave of a simulated platform, as the daemon asks it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use abi::sgx::{QeReportInfo, Report};
use aesm::{Initialised, QuoteError, Quoted, QuotingEnclave};
use problem::Problem;
use simulator::architectural::{EnclaveError, Requester};
use simulator::{Platform, PlatformQuoteError};

use crate::failure::{self, Failure};
use crate::serve::simulation::unusable;

/// A platform that is on, until it is opened again.
pub struct Simulated {
    directory: PathBuf,
    platform: RwLock<Arc<Platform>>,
}

impl Simulated {
    /// Opens the platform in that directory.
    pub fn open(directory: &Path) -> Result<Self, Failure> {
        let platform = RwLock::new(Arc::new(able_platform(directory)?));
        tracing::warn!(platform = %directory.display(), "quotes are made by a simulated platform, and prove nothing");
        Ok(Self { directory: directory.to_owned(), platform })
    }

    /// Opens it again: its levels or its certificates may have been changed.
    pub fn reload(&self) -> Result<(), Failure> {
        let platform = Arc::new(able_platform(&self.directory)?);
        *self.platform.write().unwrap_or_else(PoisonError::into_inner) = platform;
        Ok(())
    }

    fn platform(&self) -> Arc<Platform> {
        Arc::clone(&self.platform.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A daemon whose platform cannot quote is of no use.
fn able_platform(directory: &Path) -> Result<Platform, Failure> {
    let platform = Platform::open(directory).map_err(unusable)?;
    match platform.quoting_enclave().map(drop) {
        Ok(()) => Ok(platform),
        Err(error) => {
            Err(Failure::environment("simulated_platform_cannot_quote", failure::chain(&error), error.help()))
        }
    }
}

impl QuotingEnclave for Simulated {
    fn init(&self) -> Result<Initialised, QuoteError> {
        let platform = self.platform();
        let enclave = platform.quoting_enclave().map_err(|error| refused(&error))?;
        Ok(Initialised { target_info: enclave.target_info(), ecdsa_id: enclave.certification().ecdsa_id() })
    }

    fn quote_size(&self) -> Result<u32, QuoteError> {
        let size = self.platform().quote_size().map_err(|error| refused(&error))?;
        u32::try_from(size).map_err(|_| QuoteError::Unexpected(format!("quotes have {size} bytes")))
    }

    fn quote(&self, report: &Report, info: Option<&QeReportInfo>) -> Result<Quoted, QuoteError> {
        let platform = self.platform();
        let quote = platform.quote(report).map_err(|error| refused(&error))?;
        let report_of = |info: &QeReportInfo| {
            let requester = Requester { nonce: info.nonce, target: info.app_enclave_target_info };
            let enclave = platform.quoting_enclave().map_err(|error| refused(&error))?;
            let reported = enclave.report_of(&requester, &quote);
            reported.map_err(|error| QuoteError::UnableToGenerateQeReport(failure::chain(&error)))
        };
        let qe_report = info.map(report_of).transpose()?;
        Ok(Quoted { quote, qe_report })
    }
}

fn refused(error: &PlatformQuoteError) -> QuoteError {
    let cause = failure::chain(error);
    match error {
        PlatformQuoteError::NotCertified => QuoteError::NoPlatformCertData(cause),
        PlatformQuoteError::Enclave(EnclaveError::InvalidReport) => QuoteError::InvalidReport(cause),
        PlatformQuoteError::Enclave(EnclaveError::Commitment | EnclaveError::NotPrivileged | EnclaveError::Key(_)) => {
            QuoteError::KeyCertification(cause)
        }
        PlatformQuoteError::Enclave(EnclaveError::Seal(_)) => QuoteError::StoredKey(cause),
        PlatformQuoteError::Enclave(EnclaveError::Report(_)) => QuoteError::ErrorReport(cause),
        PlatformQuoteError::Enclave(EnclaveError::Build(_)) => QuoteError::Unexpected(cause),
    }
}
