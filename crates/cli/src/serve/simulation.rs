//! The simulated machine that a service trusts instead of Intel's hardware, and the collateral that its Intel issues.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use attestation::Quoter;
use aws_lc_rs::digest;
use problem::Problem;
use simulator::{EnclaveReport, Platform, SimulationError};
use tokio::task::JoinHandle;
use unix_time::UnixTime;

use crate::failure::{self, Failure};

/// How often the simulated Intel issues collateral anew; it is valid for thirty days.
const COLLATERAL_INTERVAL: Duration = Duration::from_secs(86_400);

/// Where the simulation of a data directory lies.
pub const DIRECTORY: &str = "simulation";
/// Name of the machine that the service runs on.
const PLATFORM: &str = "default";

/// The simulation of a data directory, and the machine that the service runs on.
pub struct Simulation {
    simulation: Arc<simulator::Simulation>,
    pub platform: Arc<Platform>,
}

impl Simulation {
    /// Opens the simulation of that data directory, makes it on first use, and issues its collateral.
    pub fn open(data: &Path, now: UnixTime) -> Result<Self, Failure> {
        let simulation = simulator::Simulation::open_or_create(&data.join(DIRECTORY), now).map_err(unusable)?;
        let platform = simulation.open_or_create_platform(PLATFORM, now).map_err(unusable)?;
        simulation.publish(now).map_err(unusable)?;
        Ok(Self { simulation: Arc::new(simulation), platform: Arc::new(platform) })
    }

    /// Where its collateral lies.
    pub fn collateral(&self) -> PathBuf {
        self.simulation.collateral_directory()
    }

    pub fn root_certificate_pem(&self) -> String {
        self.simulation.intel().root_certificate_pem()
    }

    /// Quotes about the service itself, as if it ran in an enclave of that machine.
    pub fn quoter(&self) -> Quoter {
        let platform = Arc::clone(&self.platform);
        Quoter::new(move |report_data| {
            let enclave = EnclaveReport { report_data: *report_data, ..service_enclave() };
            platform.quote_enclave(&enclave).map_err(|error| failure::chain(&error))
        })
    }

    /// Issues collateral anew every day, until the task is ended. The service notices the changed files.
    pub fn keep_fresh(&self) -> JoinHandle<()> {
        let simulation = Arc::clone(&self.simulation);
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(COLLATERAL_INTERVAL);
            // The first tick is at once, and the collateral is fresh.
            interval.tick().await;
            loop {
                interval.tick().await;
                if let Err(error) = simulation.publish(UnixTime::of_system_clock()) {
                    tracing::error!(error = failure::chain(&error), "simulated collateral cannot be issued anew");
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

/// Why a simulation cannot be used, for whoever called a command.
pub fn unusable(error: SimulationError) -> Failure {
    Failure::environment("simulation_unusable", failure::chain(&error), error.help())
}
