//! The simulated machine that a service trusts instead of Intel's hardware, and the collateral its Intel issues.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dcap::UnixTime;
use simulator::Platform;
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

fn write_collateral(platform: &Platform, directory: &Path, now: UnixTime) -> Result<(), Failure> {
    let collateral = platform
        .collateral(now.seconds())
        .map_err(|error| Failure::environment("simulation_failed", failure::chain(&error), error.help()))?;
    collateral
        .write_to(directory)
        .map_err(|error| Failure::environment("simulated_collateral_unwritable", failure::chain(&error), error.help()))
}
