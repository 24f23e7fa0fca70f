//! The simulated machine that a service trusts instead of Intel's hardware, and the collateral its Intel issues.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use dcap::UnixTime;
use service::Quoter;
use simulator::{EnclaveReport, Platform};
use tokio::task::JoinHandle;

use crate::failure::{self, Failure};
use crate::tls;

/// How often the simulated Intel issues collateral anew; it is valid for thirty days.
const COLLATERAL_INTERVAL: Duration = Duration::from_secs(86_400);

/// The simulated machine of a data directory, and where its collateral lies.
pub struct Simulation {
    pub platform: Arc<Platform>,
    pub collateral: PathBuf,
}

impl Simulation {
    /// Opens the machine of that data directory, makes it on first use, and issues its collateral.
    pub fn open(data: &Path, now: UnixTime) -> Result<Self, Failure> {
        let directory = data.join("simulation");
        let platform = Platform::open_or_create(&directory.join("platform"), now.seconds()).map_err(|error| {
            Failure::environment("simulated_platform_unusable", failure::chain(&error), error.help())
        })?;
        let collateral = directory.join("collateral");
        write_collateral(&platform, &collateral, now)?;
        // For `veritee verify --trust-root`: the service itself keeps the root in its store.
        let root = directory.join("root.pem");
        if !root.exists() {
            tls::write_new(&root, platform.root_certificate_pem().as_bytes(), 0o644)?;
        }
        Ok(Self { platform: Arc::new(platform), collateral })
    }

    /// Quotes about the service itself, as if it ran in an enclave of that machine.
    pub fn quoter(&self) -> Quoter {
        let platform = Arc::clone(&self.platform);
        Quoter::new(move |report_data| {
            let enclave = EnclaveReport { report_data: *report_data, ..service_enclave() };
            platform.quote(&platform.report(&enclave)).map_err(|error| failure::chain(&error))
        })
    }

    /// Issues collateral anew every day, until the task is ended. The service notices the changed files.
    pub fn keep_fresh(&self) -> JoinHandle<()> {
        let (platform, directory) = (Arc::clone(&self.platform), self.collateral.clone());
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(COLLATERAL_INTERVAL);
            // The first tick is at once, and the collateral is fresh.
            interval.tick().await;
            loop {
                interval.tick().await;
                if let Err(failure) = write_collateral(&platform, &directory, UnixTime::of_system_clock()) {
                    tracing::error!(error = failure.message(), "simulated collateral cannot be issued anew");
                }
            }
        })
    }
}

/// What the simulated enclave of the service measures: hashes of its name and version, for there is no enclave to measure.
fn service_enclave() -> EnclaveReport {
    let hash = |text: &str| {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        hash
    };
    EnclaveReport {
        mr_enclave: hash(concat!("veritee simulated attestation service ", env!("CARGO_PKG_VERSION"))),
        mr_signer: hash("veritee simulated attestation service"),
        isv_prod_id: 1,
        isv_svn: 1,
        debug: false,
        report_data: [0; 64],
    }
}

fn write_collateral(platform: &Platform, directory: &Path, now: UnixTime) -> Result<(), Failure> {
    let collateral = platform
        .collateral(now.seconds())
        .map_err(|error| Failure::environment("simulation_failed", failure::chain(&error), error.help()))?;
    collateral
        .write_to(directory)
        .map_err(|error| Failure::environment("simulated_collateral_unwritable", failure::chain(&error), error.help()))
}
