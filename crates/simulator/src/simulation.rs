//! A simulated Intel and its platforms, kept in a directory.
//!
//! ```text
//! DIRECTORY/intel.json                    keys and certificates of Intel, what it has revoked
//! DIRECTORY/platforms/NAME/platform.json  secrets and levels of a machine, its PCK certificates
//! DIRECTORY/platforms/NAME/*.blob         what its quoting enclaves keep, sealed
//! DIRECTORY/collateral/                   what a verifier needs beside a quote, as of the last time it was published
//! DIRECTORY/root.pem                      the root certificate
//! DIRECTORY/pcs.json                      states that Intel's service is in, for rehearsals
//! ```
//!
//! Directories of machines and Intel have mode 0700 and their files 0600; a file is replaced as a whole, under the lock of the simulation.

mod intel;
mod states;

use std::path::{Path, PathBuf};

use state_dir::Lock;
use unix_time::UnixTime;

use crate::build_error::BuildError;
use crate::collateral::write_files;
use crate::cpu::CpuSvn;
use crate::kept::{self, SimulationError};
use crate::machine::{CaType, Tcb};
use crate::platform::{self, Device, PckCertificates, Platform};
use crate::ppid::PpidKey;
use crate::service_state::States;

pub use intel::Intel;

const INTEL: &str = "intel.json";
const PLATFORMS: &str = "platforms";
const COLLATERAL: &str = "collateral";
const ROOT: &str = "root.pem";
const STATES: &str = "pcs.json";

/// More bytes than the name of a platform has.
const MAX_NAME: usize = 64;

/// A simulated Intel, and the machines that it certifies.
#[derive(Debug)]
pub struct Simulation {
    directory: PathBuf,
    intel: Intel,
}

/// What a machine is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlatformSpec {
    /// Who certifies it.
    pub ca: CaType,
    /// Whether its processor derives keys as the simulation mode of Intel's SDK does, from what everybody knows.
    pub sdk_compat: bool,
}

impl Simulation {
    /// Opens the simulation in that directory, or makes one as of `at` where there is none. Of several callers at
    /// once one makes it, the others open it.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn open_or_create(directory: &Path, at: UnixTime) -> Result<Self, SimulationError> {
        match Self::open(directory) {
            Err(SimulationError::Absent(_)) => {}
            opened => return opened,
        }
        let state = kept::open_or_create(directory)?;
        let lock = state.lock()?;
        match Self::open(directory) {
            Err(SimulationError::Absent(_)) => {}
            // Somebody else made it before the lock was ours.
            opened => return opened,
        }
        let simulation = Self { directory: directory.to_owned(), intel: Intel::generate(at)? };
        simulation.write_intel(&lock)?;
        Ok(simulation)
    }

    /// Opens the simulation in that directory.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn open(directory: &Path) -> Result<Self, SimulationError> {
        let (path, json) = kept::read_file(&kept::open(directory)?, INTEL)?;
        let intel = Intel::read(&json).map_err(|source| SimulationError::Damaged { path, source })?;
        Ok(Self { directory: directory.to_owned(), intel })
    }

    /// Its Intel.
    pub const fn intel(&self) -> &Intel {
        &self.intel
    }

    /// Names of its platforms, sorted.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn platforms(&self) -> Result<Vec<String>, SimulationError> {
        kept::list(&self.directory.join(PLATFORMS), platform::STATE)
    }

    /// Where the platform of that name is or would be.
    ///
    /// # Errors
    /// Where that is no name.
    pub fn platform_directory(&self, name: &str) -> Result<PathBuf, SimulationError> {
        let is_good =
            |place: usize, byte: u8| byte.is_ascii_alphanumeric() || (place > 0 && matches!(byte, b'-' | b'_'));
        let is_name =
            (1..=MAX_NAME).contains(&name.len()) && name.bytes().enumerate().all(|(at, byte)| is_good(at, byte));
        if is_name {
            Ok(self.directory.join(PLATFORMS).join(name))
        } else {
            Err(SimulationError::Name(name.chars().take(MAX_NAME).collect()))
        }
    }

    /// Opens the platform of that name.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn platform(&self, name: &str) -> Result<Platform, SimulationError> {
        Platform::open(&self.platform_directory(name)?)
    }

    /// Opens the platform of that name, or makes one that Intel certifies at `at`.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn open_or_create_platform(&self, name: &str, at: UnixTime) -> Result<Platform, SimulationError> {
        match self.platform(name) {
            Err(SimulationError::Absent(_)) => {}
            opened => return opened,
        }
        match self.create_platform(name, PlatformSpec::default(), at) {
            Err(SimulationError::Exists(_)) => self.platform(name),
            created => created,
        }
    }

    /// Makes a platform of that name, which Intel certifies at `at`.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn create_platform(&self, name: &str, spec: PlatformSpec, at: UnixTime) -> Result<Platform, SimulationError> {
        let directory = self.platform_directory(name)?;
        let state = kept::open(&self.directory)?;
        let _lock = state.lock()?;
        if kept::open_or_create(&directory)?.contains(platform::STATE)? {
            return Err(SimulationError::Exists(name.to_owned()));
        }
        let device = if spec.sdk_compat { Device::sdk_compat(spec.ca, at)? } else { Device::generate(spec.ca, at)? };
        keep(&directory, &device, &self.intel.certify(&device, at)?)
    }

    /// Raises or lowers the levels of a platform. Below all levels that Intel certifies it cannot quote.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn set_tcb(&self, name: &str, cpu_svn: CpuSvn, pce_svn: u16) -> Result<Platform, SimulationError> {
        let directory = self.platform_directory(name)?;
        let state = kept::open(&self.directory)?;
        let _lock = state.lock()?;
        let (device, certificates) = Platform::open(&directory)?.into_parts();
        keep(&directory, &Device { cpu_svn, pce_svn, ..device }, &certificates)
    }

    /// Revokes the platform's PCK certificates, or takes that back. Collateral that is issued from then on says so.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn set_revoked(&mut self, name: &str, is_revoked: bool) -> Result<Platform, SimulationError> {
        let platform = self.platform(name)?;
        let state = kept::open(&self.directory)?;
        let lock = state.lock()?;
        self.intel = Self::open(&self.directory)?.intel;
        for level in Tcb::CERTIFIED {
            let serial = platform.pck_serial(level);
            if is_revoked {
                self.intel.revoke(platform.ca(), serial);
            } else {
                self.intel.pardon(platform.ca(), &serial);
            }
        }
        self.write_intel(&lock)?;
        Ok(platform)
    }

    /// The key that PPIDs are encrypted under for Intel, made at the first time.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn ppid_key(&mut self) -> Result<PpidKey, SimulationError> {
        if self.intel.ppid_key().is_none() {
            let state = kept::open(&self.directory)?;
            let lock = state.lock()?;
            self.intel = Self::open(&self.directory)?.intel;
            if self.intel.ppid_key().is_none() {
                self.intel.make_ppid_key()?;
                self.write_intel(&lock)?;
            }
        }
        self.intel.ppid_key().cloned().ok_or(SimulationError::Build(BuildError::Cryptography))
    }

    /// Where collateral is published.
    pub fn collateral_directory(&self) -> PathBuf {
        self.directory.join(COLLATERAL)
    }

    /// Where the root certificate is published, in PEM.
    pub fn root_file(&self) -> PathBuf {
        self.directory.join(ROOT)
    }

    /// Writes the root certificate, and collateral about SGX and TDX for both CAs as of `at`, as Intel has it by
    /// then: what others revoked since this was opened is revoked in it.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn publish(&self, at: UnixTime) -> Result<(), SimulationError> {
        let intel = Self::open(&self.directory)?.intel;
        let [platform_ca, processor_ca, td] = [
            intel.collateral(CaType::Platform, at)?,
            intel.collateral(CaType::Processor, at)?,
            intel.td_collateral(CaType::Platform, at)?,
        ];
        platform_ca.write_to(&self.collateral_directory())?;
        let beside: [(&str, &[u8]); 4] = [
            ("pck_crl_processor.der", &processor_ca.pck_crl),
            ("pck_crl_processor_chain.pem", processor_ca.pck_crl_chain_pem.as_bytes()),
            ("td_qe_identity.json", &td.qe_identity),
            ("tdx_tcb_info.json", &td.tcb_info),
        ];
        write_files(&self.collateral_directory(), &beside)?;
        Ok(write_files(&self.directory, &[(ROOT, intel.root_certificate_pem().as_bytes())])?)
    }

    /// The states that Intel's service is in.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn states(&self) -> Result<States, SimulationError> {
        let (path, json) = match kept::read_file(&kept::open(&self.directory)?, STATES) {
            Err(SimulationError::Absent(_)) => return Ok(States::default()),
            read => read?,
        };
        states::read_states(&json).map_err(|source| SimulationError::Damaged { path, source })
    }

    /// Changes the states that Intel's service is in; a service that runs follows.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn change_states(&self, change: impl FnOnce(&mut States)) -> Result<States, SimulationError> {
        let state = kept::open(&self.directory)?;
        let lock = state.lock()?;
        let mut states = self.states()?;
        change(&mut states);
        lock.replace(STATES, &states::write_states(&states)?)?;
        Ok(states)
    }

    fn write_intel(&self, lock: &Lock<'_>) -> Result<(), SimulationError> {
        Ok(lock.replace(INTEL, &self.intel.write()?)?)
    }
}

/// Writes a platform and starts it. The caller holds the lock of the simulation.
fn keep(directory: &Path, device: &Device, certificates: &PckCertificates) -> Result<Platform, SimulationError> {
    platform::write(directory, device, certificates)?;
    Platform::open(directory)
}
