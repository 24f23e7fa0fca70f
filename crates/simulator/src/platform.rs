//! A simulated machine that stays the same: its state lies in a directory.

use std::io;
use std::path::{Path, PathBuf};

use abi::sgx::ReportBody;

use crate::blueprint::Blueprint;
use crate::build_error::BuildError;
use crate::collateral::Collateral;
use crate::machine::{CaType, FMSPC, Machine, Parties};
use crate::pki::{CERTIFICATE, PemStyle};
use crate::report::EnclaveReport;

mod directory;
mod state;

pub use state::DamagedState;

/// Why there is no platform.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// The directory holds no platform.
    #[error("`{}` holds no simulated platform", .0.display())]
    Absent(PathBuf),
    /// What should be a directory is something else.
    #[error("`{}` is not a directory", .0.display())]
    NotADirectory(PathBuf),
    /// Others than the owner have rights to the directory or the state in it.
    #[error("others may use `{}` (mode {mode:04o}), which holds secret keys", path.display())]
    Exposed {
        /// Which directory or file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file or directory cannot be read, written or locked.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The state cannot be used.
    #[error("state of the simulated platform in `{}` is damaged", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: DamagedState,
    },
    /// No new platform could be made.
    #[error("no simulated platform could be made")]
    Build(#[from] BuildError),
}

impl PlatformError {
    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Absent(_) => "create the platform first, or name the directory of another",
            Self::NotADirectory(_) => "name a directory, or a path where one can be made",
            Self::Exposed { .. } => "take the rights of group and others away: chmod -R go= on the directory",
            Self::Io { .. } => {
                "check that the directory is yours, that it can be written to and that the disk has room"
            }
            Self::Damaged { .. } => {
                "restore the file from a copy; or remove it and make a new platform, which vouches for nothing made before"
            }
            Self::Build(error) => error.help(),
        }
    }
}

/// A simulated SGX machine under the Platform CA, with its Intel. It makes real quotes and the collateral to verify
/// them, under a root of its own.
#[derive(Clone, Debug)]
pub struct Platform {
    machine: Machine,
    certificates: Parties<Vec<u8>>,
    /// Signs quotes; its collateral is as of the machine's making and never handed out.
    quoting: Blueprint,
}

impl Platform {
    /// Opens the platform in that directory, or makes one as of `at` (Unix seconds) where there is none. The
    /// directory is made with mode 0700; of several callers at once one makes the platform, the others open it.
    ///
    /// # Errors
    /// See [`PlatformError`].
    pub fn open_or_create(directory: &Path, at: i64) -> Result<Self, PlatformError> {
        match Self::open(directory) {
            Err(PlatformError::Absent(_)) => Self::create(directory, at),
            opened => opened,
        }
    }

    fn create(directory: &Path, at: i64) -> Result<Self, PlatformError> {
        directory::make(directory)?;
        directory::check(directory)?;
        let _lock = directory::lock(directory)?;
        match Self::open(directory) {
            Err(PlatformError::Absent(_)) => {}
            // Somebody else made it before the lock was ours.
            opened => return opened,
        }
        let platform = Self::generate(at)?;
        directory::create_state(directory, &state::write(&platform.machine, &platform.certificates)?)?;
        Ok(platform)
    }

    /// Opens the platform in that directory.
    ///
    /// # Errors
    /// See [`PlatformError`].
    pub fn open(directory: &Path) -> Result<Self, PlatformError> {
        directory::check(directory)?;
        let (path, bytes) = directory::read_state(directory)?;
        let damaged = |source| PlatformError::Damaged { path, source };
        let (machine, certificates) = state::read(&bytes).map_err(damaged)?;
        let quoting = Blueprint::of(&machine, machine.created)?;
        Ok(Self { machine, certificates, quoting })
    }

    fn generate(at: i64) -> Result<Self, BuildError> {
        let machine = Machine::generate(CaType::Platform, at)?;
        let quoting = Blueprint::of(&machine, at)?;
        let certificates = quoting.issue()?.certificates().clone();
        Ok(Self { machine, certificates, quoting })
    }

    /// Signs a quote over that report.
    ///
    /// # Errors
    /// Where the cryptographic library fails.
    pub fn quote(&self, body: &ReportBody) -> Result<Vec<u8>, BuildError> {
        self.quoting.with_certificates(self.certificates.clone()).quote(body)
    }

    /// Issues collateral at `at` (Unix seconds): the root CRL for a year, everything else for 30 days.
    ///
    /// # Errors
    /// Where the time cannot be written.
    pub fn collateral(&self, at: i64) -> Result<Collateral, BuildError> {
        self.blueprint(at)?.with_certificates(self.certificates.clone()).collateral()
    }

    /// The platform as a blueprint, to be changed and built. Keys, names, numbers and times are the platform's;
    /// certificates built of it are signed anew.
    ///
    /// # Errors
    /// Where the cryptographic library fails.
    pub fn blueprint(&self, at: i64) -> Result<Blueprint, BuildError> {
        Blueprint::of(&self.machine, at)
    }

    /// The report that the machine makes of an application's enclave.
    pub fn report(&self, enclave: &EnclaveReport) -> ReportBody {
        enclave.on(self.cpu_svn())
    }

    /// The root certificate, DER.
    pub fn root_certificate_der(&self) -> &[u8] {
        &self.certificates.root
    }

    /// The root certificate, PEM.
    pub fn root_certificate_pem(&self) -> String {
        PemStyle::default().encode([self.root_certificate_der()], CERTIFICATE)
    }

    /// The certificates, DER.
    pub const fn certificates(&self) -> &Parties<Vec<u8>> {
        &self.certificates
    }

    /// When the platform was made, Unix time.
    pub const fn created(&self) -> i64 {
        self.machine.created
    }

    /// CPUSVN of the machine.
    pub const fn cpu_svn(&self) -> [u8; 16] {
        self.quoting.cpu_svn()
    }

    /// FMSPC of the machine's family.
    pub const fn fmspc(&self) -> [u8; 6] {
        FMSPC
    }

    /// QE ID: names the machine in the header of its quotes.
    pub const fn qe_id(&self) -> [u8; 16] {
        self.machine.qe_id
    }
}
