//! The quoting enclave of a simulated platform, which forgets and fails when it is told to.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use abi::sgx::{Attributes, KeyRequest, QeReportInfo, Report, TargetInfo};
use aesm::{Initialised, QuoteError, Quoted, QuotingEnclave};
use sgx::Secs;
use sgx::enclu::verifies;
use simulator::architectural::Requester;
use simulator::{EnclaveReport, Platform, Simulation};
use unix_time::UnixTime;
use zerocopy::FromZeros;

pub struct SimulatedEnclave {
    platform: Platform,
    size: usize,
    is_ready: AtomicBool,
    /// How often it was made ready.
    pub inits: AtomicUsize,
    /// What every call fails with.
    pub fault: Mutex<Option<QuoteError>>,
}

impl SimulatedEnclave {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let simulation =
            Simulation::open_or_create(&directory.path().join("simulation"), UnixTime::from_seconds(1_790_000_000))
                .unwrap();
        let platform = simulation.open_or_create_platform("one", UnixTime::from_seconds(1_790_000_000)).unwrap();
        let size = platform.quote_enclave(&application([0; 64])).unwrap().len();
        let (inits, fault) = (AtomicUsize::new(0), Mutex::new(None));
        Self { platform, size, is_ready: AtomicBool::new(false), inits, fault }
    }

    pub fn target_info(&self) -> TargetInfo {
        self.platform.quoting_enclave().unwrap().target_info()
    }

    pub fn ecdsa_id(&self) -> [u8; 32] {
        self.platform.quoting_enclave().unwrap().certification().ecdsa_id()
    }

    /// A report of an application's enclave to the quoting enclave.
    pub fn report(&self, report_data: [u8; 64]) -> Report {
        self.platform.report(&application(report_data), &self.target_info()).unwrap()
    }

    /// A request for a report about the quote, to the application's enclave.
    pub fn report_info(&self, nonce: [u8; 16]) -> QeReportInfo {
        let app_enclave_target_info = Secs::from(&application([0; 64])).target_info();
        QeReportInfo { nonce, app_enclave_target_info, qe_report: Report::new_zeroed() }
    }

    /// Whether that is a report of this machine to the application's enclave.
    pub fn application_believes(&self, report: &Report) -> bool {
        let cpu = self.platform.cpu();
        let request = KeyRequest {
            key_name: KeyRequest::REPORT.into(),
            key_id: report.key_id,
            cpu_svn: cpu.cpu_svn().bytes(),
            attribute_mask: Attributes::new_zeroed(),
            ..KeyRequest::new_zeroed()
        };
        let key = cpu.egetkey(&Secs::from(&application([0; 64])), &request).unwrap();
        verifies(report, &key).unwrap()
    }

    pub fn size(&self) -> usize {
        self.size
    }

    fn check_fault(&self) -> Result<(), QuoteError> {
        self.fault.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    fn check_ready(&self) -> Result<(), QuoteError> {
        self.check_fault()?;
        match self.is_ready.load(Ordering::Relaxed) {
            true => Ok(()),
            false => Err(QuoteError::AttKeyNotInitialized("nobody asked for it".into())),
        }
    }
}

impl QuotingEnclave for SimulatedEnclave {
    fn init(&self) -> Result<Initialised, QuoteError> {
        self.check_fault()?;
        self.inits.fetch_add(1, Ordering::Relaxed);
        self.is_ready.store(true, Ordering::Relaxed);
        Ok(Initialised { target_info: self.target_info(), ecdsa_id: self.ecdsa_id() })
    }

    fn quote_size(&self) -> Result<u32, QuoteError> {
        self.check_ready()?;
        Ok(self.size.try_into().unwrap())
    }

    fn quote(&self, report: &Report, info: Option<&QeReportInfo>) -> Result<Quoted, QuoteError> {
        self.check_ready()?;
        let quote = self.platform.quote(report).map_err(|error| QuoteError::InvalidReport(error.to_string()))?;
        let qe_report = info.map(|info| {
            let requester = Requester { nonce: info.nonce, target: info.app_enclave_target_info };
            self.platform.quoting_enclave().unwrap().report_of(&requester, &quote).unwrap()
        });
        Ok(Quoted { quote, qe_report })
    }
}

fn application(report_data: [u8; 64]) -> EnclaveReport {
    EnclaveReport { mr_enclave: [1; 32], mr_signer: [2; 32], isv_prod_id: 3, isv_svn: 4, debug: false, report_data }
}
