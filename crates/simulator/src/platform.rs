//! A simulated machine that stays the same: its state lies in a directory.

mod certificates;
mod device;
mod state;

use std::borrow::Cow;
use std::path::Path;

use abi::sgx::{Report, TargetInfo};
use abi::tdx::TdReport;
use problem::Problem;
use sgx::Secs;
use unix_time::UnixTime;

use crate::architectural::{EnclaveError, Pce, QuotingEnclave, TdQuotingEnclave};
use crate::cpu::{Cpu, CpuSvn, EreportError};
use crate::kept::{self, SimulationError};
use crate::machine::{CaType, FMSPC, Tcb};
use crate::pki::{CERTIFICATE, PemStyle};
use crate::ppid::PpidKey;
use crate::report::EnclaveReport;
use crate::trust_domain::TrustDomainReport;

pub use certificates::PckCertificates;
pub(crate) use device::Device;
pub(crate) use state::{STATE, write};

/// What the quoting enclave keeps, by the name that Intel's has for it.
const BLOB: &str = "ecdsa_data.blob";
/// What the quoting enclave for trust domains keeps.
const TD_BLOB: &str = "tdqe_data.blob";

/// A machine with SGX and TDX that is on: its processor, its quoting enclaves, and the certificates that Intel gave it.
#[derive(Clone, Debug)]
pub struct Platform {
    device: Device,
    cpu: Cpu,
    ppid: [u8; 16],
    certificates: PckCertificates,
    quoting: Option<Quoting>,
}

/// What a machine quotes with, at a level that Intel certifies.
#[derive(Clone, Debug)]
struct Quoting {
    level: Tcb,
    enclave: QuotingEnclave,
    td_enclave: TdQuotingEnclave,
    /// The chain of the PCK certificate, as quotes carry it.
    certification_data: Vec<u8>,
}

/// Why a machine does not quote.
#[derive(Debug, thiserror::Error)]
pub enum PlatformQuoteError {
    /// It is below all levels that Intel certifies.
    #[error("Intel certifies no level as low as the platform's")]
    NotCertified,
    /// Its quoting enclave refuses.
    #[error(transparent)]
    Enclave(#[from] EnclaveError),
}

impl Problem for PlatformQuoteError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::NotCertified => "platform_not_certified",
            Self::Enclave(error) => return error.code(),
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::NotCertified => "raise its levels: veritee platform set-tcb",
            Self::Enclave(error) => return error.help(),
        })
    }
}

impl Platform {
    /// Opens the platform in that directory and starts it.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn open(directory: &Path) -> Result<Self, SimulationError> {
        let (device, certificates) = state::read(directory)?;
        let cpu = device.start()?;
        let ppid = Pce::new(&cpu, device.pce_svn).ppid()?;
        let level = device.level();
        let [ca, root] = &certificates.issuers;
        let certified = certificates.pck.iter().find(|(certified, _)| Some(*certified) == level);
        let quoting = certified
            .map(|(level, pck)| Quoting::start(directory, &device, &cpu, *level, [pck, ca, root]))
            .transpose()?;
        Ok(Self { device, cpu, ppid, certificates, quoting })
    }

    /// Its processor.
    pub const fn cpu(&self) -> &Cpu {
        &self.cpu
    }

    /// Its quoting enclave.
    ///
    /// # Errors
    /// See [`PlatformQuoteError`].
    pub fn quoting_enclave(&self) -> Result<&QuotingEnclave, PlatformQuoteError> {
        Ok(&self.quoting()?.enclave)
    }

    /// Its quoting enclave for trust domains.
    ///
    /// # Errors
    /// See [`PlatformQuoteError`].
    pub fn td_quoting_enclave(&self) -> Result<&TdQuotingEnclave, PlatformQuoteError> {
        Ok(&self.quoting()?.td_enclave)
    }

    /// Quotes a report that was made on this machine for its quoting enclave.
    ///
    /// # Errors
    /// See [`PlatformQuoteError`].
    pub fn quote(&self, report: &Report) -> Result<Vec<u8>, PlatformQuoteError> {
        let quoting = self.quoting()?;
        Ok(quoting.enclave.quote(report, &quoting.certification_data)?)
    }

    /// Bytes of its quotes of enclaves.
    ///
    /// # Errors
    /// See [`PlatformQuoteError`].
    pub fn quote_size(&self) -> Result<usize, PlatformQuoteError> {
        Ok(QuotingEnclave::QUOTE_WITHOUT_CERTIFICATION.saturating_add(self.quoting()?.certification_data.len()))
    }

    /// Quotes a report of a trust domain on this machine.
    ///
    /// # Errors
    /// See [`PlatformQuoteError`].
    pub fn quote_trust_domain(&self, report: &TdReport) -> Result<Vec<u8>, PlatformQuoteError> {
        let quoting = self.quoting()?;
        Ok(quoting.td_enclave.quote(report, &quoting.certification_data)?)
    }

    /// Quotes an application's enclave that is taken to run on this machine.
    ///
    /// # Errors
    /// See [`PlatformQuoteError`].
    pub fn quote_enclave(&self, enclave: &EnclaveReport) -> Result<Vec<u8>, PlatformQuoteError> {
        let target = self.quoting_enclave()?.target_info();
        self.quote(&self.report(enclave, &target).map_err(EnclaveError::from)?)
    }

    /// The report that the machine makes of an application's enclave, for that target.
    ///
    /// # Errors
    /// [`EreportError`].
    pub fn report(&self, enclave: &EnclaveReport, target: &TargetInfo) -> Result<Report, EreportError> {
        self.cpu.ereport(&Secs::from(enclave), target, enclave.report_data)
    }

    /// The report that the machine makes of a trust domain.
    pub fn trust_domain_report(&self, trust_domain: &TrustDomainReport) -> TdReport {
        let (tee_tcb_info, td_info) = trust_domain.parts();
        self.cpu.seam_report(0, tee_tcb_info, td_info, trust_domain.report_data)
    }

    /// The certificates that Intel gave it.
    pub const fn certificates(&self) -> &PckCertificates {
        &self.certificates
    }

    /// PPID encrypted for Intel, 384 bytes: another text each time.
    ///
    /// # Errors
    /// See [`EnclaveError`].
    pub fn encrypted_ppid(&self, key: &PpidKey) -> Result<Vec<u8>, EnclaveError> {
        let pce = Pce::new(&self.cpu, self.device.pce_svn);
        pce.encrypted_ppid(&QuotingEnclave::ask_pce(&self.cpu, &pce, key)?, key)
    }

    /// When it was made.
    pub const fn created(&self) -> UnixTime {
        self.device.created
    }

    /// Who certifies it.
    pub const fn ca(&self) -> CaType {
        self.device.ca
    }

    /// CPUSVN and PCESVN of the machine.
    pub const fn tcb(&self) -> Tcb {
        Tcb { cpu_svn: self.device.cpu_svn.bytes(), pce_svn: self.device.pce_svn }
    }

    /// The level that Intel certifies it for, where there is one.
    pub fn level(&self) -> Option<Tcb> {
        self.quoting.as_ref().map(|quoting| quoting.level)
    }

    /// PPID: what Intel knows it by.
    pub const fn ppid(&self) -> [u8; 16] {
        self.ppid
    }

    /// FMSPC of its family.
    pub const fn fmspc(&self) -> [u8; 6] {
        FMSPC
    }

    /// Whether its processor derives keys from what everybody knows, as the simulation mode of Intel's SDK does.
    pub const fn is_sdk_compat(&self) -> bool {
        !matches!(self.device.cpu_svn, CpuSvn::Components(_))
    }

    /// The serial number of its PCK certificate for that level.
    pub fn pck_serial(&self, level: Tcb) -> [u8; 20] {
        device::serial(&self.ppid, level)
    }

    /// What it is made of.
    pub(crate) const fn device(&self) -> &Device {
        &self.device
    }

    /// It off, with its certificates.
    pub(crate) fn into_parts(self) -> (Device, PckCertificates) {
        (self.device, self.certificates)
    }

    fn quoting(&self) -> Result<&Quoting, PlatformQuoteError> {
        self.quoting.as_ref().ok_or(PlatformQuoteError::NotCertified)
    }
}

impl Quoting {
    /// Starts the quoting enclaves with what they kept in that directory, and keeps what they made anew.
    fn start(
        directory: &Path,
        device: &Device,
        cpu: &Cpu,
        level: Tcb,
        chain: [&Vec<u8>; 3],
    ) -> Result<Self, SimulationError> {
        let (key_level, pce_svn) = (device.key_level(level), device.pce_svn);
        let [kept, td_kept] = [read_blob(directory, BLOB)?, read_blob(directory, TD_BLOB)?];
        let (enclave, to_keep) = QuotingEnclave::start(cpu, pce_svn, key_level, kept.as_deref())?;
        let (td_enclave, td_to_keep) = TdQuotingEnclave::start(cpu, pce_svn, key_level, td_kept.as_deref())?;
        for (name, to_keep) in [(BLOB, to_keep), (TD_BLOB, td_to_keep)] {
            to_keep.map(|to_keep| write_blob(directory, name, &to_keep)).transpose()?;
        }
        let style = PemStyle { final_line_end: false, nul: true, ..PemStyle::default() };
        let certification_data = style.encode(chain.map(Vec::as_slice), CERTIFICATE).into_bytes();
        Ok(Self { level, enclave, td_enclave, certification_data })
    }
}

/// What an enclave kept in that directory, if it did.
fn read_blob(directory: &Path, name: &str) -> Result<Option<Vec<u8>>, SimulationError> {
    match kept::read_file(&kept::open(directory)?, name) {
        Err(SimulationError::Absent(_)) => Ok(None),
        // It is sealed.
        read => Ok(Some(read?.1.to_vec())),
    }
}

/// Keeps what an enclave wants to find again.
fn write_blob(directory: &Path, name: &str, blob: &[u8]) -> Result<(), SimulationError> {
    kept::write_file(&kept::open(directory)?, name, blob)
}
