//! The quoting enclave of a simulated platform, as the daemon asks it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use abi::sgx::{QeReportInfo, Report};
use aesm::{Initialised, QuoteError, Quoted, QuotingEnclave};
use simulator::architectural::{EnclaveError, Requester};
use simulator::{EnclaveReport, Platform, PlatformQuoteError};

use crate::failure::{self, Failure};

/// A platform that is on.
pub struct Simulated {
    directory: PathBuf,
    started: RwLock<Arc<Started>>,
}

struct Started {
    platform: Platform,
    /// All its quotes of enclaves are as long.
    quote_size: u32,
}

impl Simulated {
    /// Opens the platform in that directory. It has to be able to quote: a daemon that cannot is of no use.
    pub fn open(directory: &Path) -> Result<Self, Failure> {
        let started = RwLock::new(Arc::new(Started::open(directory)?));
        tracing::warn!(platform = %directory.display(), "quotes are made by a simulated platform, and prove nothing");
        Ok(Self { directory: directory.to_owned(), started })
    }

    /// Opens it again: its levels or its certificates may have been changed.
    pub fn reload(&self) -> Result<(), Failure> {
        let started = Arc::new(Started::open(&self.directory)?);
        *self.started.write().unwrap_or_else(PoisonError::into_inner) = started;
        Ok(())
    }

    fn started(&self) -> Arc<Started> {
        Arc::clone(&self.started.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Started {
    fn open(directory: &Path) -> Result<Self, Failure> {
        let platform = Platform::open(directory).map_err(|error| {
            Failure::environment("simulated_platform_unusable", failure::chain(&error), error.help())
        })?;
        let enclave = EnclaveReport {
            mr_enclave: [0; 32],
            mr_signer: [0; 32],
            isv_prod_id: 0,
            isv_svn: 0,
            debug: false,
            report_data: [0; 64],
        };
        let quote = platform.quote_enclave(&enclave).map_err(|error| {
            Failure::environment("simulated_platform_cannot_quote", failure::chain(&error), error.help())
        })?;
        Ok(Self { platform, quote_size: u32::try_from(quote.len()).unwrap_or(u32::MAX) })
    }
}

impl QuotingEnclave for Simulated {
    fn init(&self) -> Result<Initialised, QuoteError> {
        let started = self.started();
        let enclave = started.platform.quoting_enclave().map_err(|error| refused(&error))?;
        Ok(Initialised { target_info: enclave.target_info(), ecdsa_id: enclave.certification().ecdsa_id() })
    }

    fn quote_size(&self) -> Result<u32, QuoteError> {
        Ok(self.started().quote_size)
    }

    fn quote(&self, report: &Report, info: Option<&QeReportInfo>) -> Result<Quoted, QuoteError> {
        let platform = &self.started().platform;
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
        PlatformQuoteError::Enclave(EnclaveError::NotPrivileged | EnclaveError::Key(_)) => {
            QuoteError::KeyCertification(cause)
        }
        PlatformQuoteError::Enclave(EnclaveError::Build(_)) => QuoteError::Unexpected(cause),
    }
}
