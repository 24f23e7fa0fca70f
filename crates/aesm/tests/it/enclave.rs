//! A quoting enclave over the simulated processor: it believes reports by their MAC, and nothing else.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use abi::sgx::{Attributes, KeyRequest, QeReportInfo, Report, ReportBody};
use aesm::{Initialised, QuoteError, Quoted, QuotingEnclave};
use aws_lc_rs::digest::{SHA256, digest};
use simulator::cpu::{Cpu, CpuSvn, DeviceKeys, Secs, verifies};
use simulator::{Blueprint, EcdsaKey};
use zerocopy::{FromZeros, IntoBytes};

/// Where body and signature lie in a quote of version 3.
const BODY: usize = 48;
const SIGNATURE: usize = 436;

pub struct SimulatedEnclave {
    cpu: Cpu,
    secs: Secs,
    key: EcdsaKey,
    template: Vec<u8>,
    is_ready: AtomicBool,
    /// How often it was made ready.
    pub inits: AtomicUsize,
    /// What every call fails with.
    pub fault: Mutex<Option<QuoteError>>,
}

impl SimulatedEnclave {
    pub fn new() -> Self {
        let cpu = Cpu::new(DeviceKeys::generate().unwrap(), CpuSvn::Components([1; 16]), [9; 32]);
        let key = EcdsaKey::generate().unwrap();
        let mut blueprint = Blueprint::new(1_790_000_000).unwrap();
        blueprint.quoting.use_attestation_key(&key);
        let template = blueprint.quote(&ReportBody::new_zeroed()).unwrap();
        let secs = secs([0x8c; 32]);
        Self {
            cpu,
            secs,
            key,
            template,
            is_ready: AtomicBool::new(false),
            inits: AtomicUsize::new(0),
            fault: Mutex::new(None),
        }
    }

    /// A report of an application's enclave to the quoting enclave.
    pub fn report(&self, report_data: [u8; 64]) -> Report {
        self.cpu.ereport(&application(), &self.secs.target_info(), report_data).unwrap()
    }

    /// A request for a report about the quote, to the application's enclave.
    pub fn report_info(&self, nonce: [u8; 16]) -> QeReportInfo {
        let app_enclave_target_info = application().target_info();
        QeReportInfo { nonce, app_enclave_target_info, qe_report: Report::new_zeroed() }
    }

    /// Whether that is a report of this machine to the application's enclave.
    pub fn application_believes(&self, report: &Report) -> bool {
        self.believes(&application(), report)
    }

    pub fn size(&self) -> usize {
        self.template.len()
    }

    fn believes(&self, secs: &Secs, report: &Report) -> bool {
        let request =
            KeyRequest { key_name: KeyRequest::REPORT.into(), key_id: report.key_id, ..KeyRequest::new_zeroed() };
        let request = KeyRequest { cpu_svn: self.cpu.cpu_svn().bytes(), ..request };
        verifies(report, &self.cpu.egetkey(secs, &request).unwrap()).unwrap()
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
        Ok(Initialised { target_info: self.secs.target_info(), ecdsa_id: [7; 32] })
    }

    fn quote_size(&self) -> Result<u32, QuoteError> {
        self.check_ready()?;
        Ok(self.template.len().try_into().unwrap())
    }

    fn quote(&self, report: &Report, info: Option<&QeReportInfo>) -> Result<Quoted, QuoteError> {
        self.check_ready()?;
        if !self.believes(&self.secs, report) {
            return Err(QuoteError::InvalidReport("its MAC is another".into()));
        }
        let mut quote = self.template.clone();
        quote[BODY..BODY + ReportBody::SIZE].copy_from_slice(report.body.as_bytes());
        let signature = self.key.sign(&quote[..BODY + ReportBody::SIZE]).unwrap();
        quote[SIGNATURE..SIGNATURE + 64].copy_from_slice(&signature);
        let qe_report = info.map(|info| {
            let mut report_data = [0; 64];
            report_data[..32].copy_from_slice(digest(&SHA256, &[&info.nonce, &quote[..]].concat()).as_ref());
            self.cpu.ereport(&self.secs, &info.app_enclave_target_info, report_data).unwrap()
        });
        Ok(Quoted { quote, qe_report })
    }
}

fn application() -> Secs {
    secs([2; 32])
}

fn secs(mr_signer: [u8; 32]) -> Secs {
    Secs {
        mr_enclave: [1; 32],
        mr_signer,
        attributes: Attributes { flags: (Attributes::INIT | Attributes::MODE64BIT).into(), xfrm: 3.into() },
        misc_select: 0,
        isv_prod_id: 1,
        isv_svn: 1,
        config_id: [0; 64],
        config_svn: 0,
        isv_family_id: [0; 16],
        isv_ext_prod_id: [0; 16],
    }
}
