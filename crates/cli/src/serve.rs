//! `veritee serve`: runs the attestation service.

mod access_issuers;
pub mod addresses;
mod administrator;
mod audit;
pub mod certificate;
pub mod connections;
mod data_directory;
mod database;
mod retention;
pub mod settings;
pub mod simulation;
pub mod vault;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use attestation::{
    Attestation, Audit, KeysError, OpenAccessError, OpenError, Providers, ServiceConfig, UnusableProvider,
    VerificationClock,
};
use problem::Problem;
use simulator::Platform;
use store::ProviderStore;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use unix_time::UnixTime;
use web::{Gate, Limits, Serving};

use crate::failure::{self, Failure};
use crate::log;
use crate::options::{self, Given};
use crate::requirements::requirements;
use crate::show;

use connections::cannot_listen;
use settings::{Arguments, Configuration, Settings};
use simulation::Simulation;

/// The provider that is there from the first start on.
const PROVIDER: &str = "default";

/// Time that requests under way are given to finish.
const GRACE: Duration = Duration::from_secs(10);

pub fn run(given: Given<Arguments>) -> Result<(), Failure> {
    let settings = Configuration::read(given)?.settings;
    log::to_stderr();
    for variable in options::unknown_variables::<Arguments>(settings::VARIABLES) {
        tracing::warn!(variable, "unknown environment variable; it has no effect");
    }
    runtime()?.block_on(async {
        let mut running = Running::start(&settings).await?;
        let end = signal()?;
        show::line(&format!("veritee is ready at {}", running.url))?;
        tokio::select! {
            () = end => running.stop().await,
            () = running.serving.ended() => {
                Err(Failure::environment("server_failed", "service stopped: the log says why", ""))
            }
        }
    })
}

/// A service that runs in this process.
pub struct Running {
    /// Its public URL.
    pub url: String,
    /// The certificate that clients have to trust, where it is the development CA's.
    pub ca: Option<PathBuf>,
    /// The simulated machine that it trusts, if it does.
    pub platform: Option<Arc<Platform>>,
    serving: Serving,
    /// What keeps the attestation up to date, until it is told to end.
    background: JoinHandle<()>,
    ending: oneshot::Sender<()>,
    /// What issues the simulated collateral again.
    publishing: Option<JoinHandle<()>>,
}

impl Running {
    /// Opens the data directory, the provider and the listener, and serves.
    pub async fn start(settings: &Settings) -> Result<Self, Failure> {
        let now = UnixTime::of_system_clock();
        // What can be refused is refused before anything is made: a data directory must not be spoilt by a wrong start.
        let listener = addresses::bind(settings)?;
        let addresses = addresses::of_listener(settings, &listener)?;
        let url = addresses.service().as_str().to_owned();
        let issuers = settings.access_issuers.trusted(&addresses)?;
        let data = data_directory::open(&settings.data, settings.data_group)?;
        let starting = data_directory::lock(&data)?;
        let store = database::open(settings.database_url.as_deref(), &data).await?;
        check_kind(settings, &*store).await?;
        let tls = certificate::configured(settings, &data, now)?;
        let simulation = settings.simulated.then(|| Simulation::open(&settings.data, now)).transpose()?;
        let retention = settings.audit_retention;
        let audit = Arc::new(Audit::new(audit::replica(&data, &starting)?, settings.audit));
        let config = ServiceConfig {
            addresses,
            location: settings.location.clone(),
            root_pem: simulation.as_ref().map(|simulation| simulation.root_certificate_pem()),
            collateral: simulation
                .as_ref()
                .map(|simulation| simulation.collateral())
                .or_else(|| settings.collateral.clone()),
            requirements: requirements(&settings.accept_tcb, &[]).left_to_policy(),
            clock: settings.dangerous_verification_time.map_or(VerificationClock::System, VerificationClock::Dangerous),
            vault: Arc::new(vault::open(settings.key_encryption_key.as_deref(), &data, &starting)?),
            quoter: simulation.as_ref().map(Simulation::quoter),
            max_staleness: settings.max_staleness,
            listens_on_loopback: settings.listen.ip().is_loopback(),
            audit: Arc::clone(&audit),
        };
        let opened = Providers::open(Arc::clone(&store), config, now).await;
        let providers = opened.map_err(|error| not_open(&error))?;
        administrator::keep(&data, &starting, &*store, &audit, now).await?;
        let opened = Attestation::open(providers, issuers, now).await;
        let attestation = Arc::new(opened.map_err(|error| no_access(&error))?);
        // Everything that a first start makes is there.
        drop(starting);
        let (ending, end) = oneshot::channel::<()>();
        let background = Arc::clone(&attestation);
        let background = tokio::spawn(async move {
            background.run(retention, async { end.await.unwrap_or_default() }, GRACE).await;
        });
        let publishing = simulation.as_ref().map(Simulation::keep_fresh);
        let (tls, ca) = tls.map(|tls| (tls.config, tls.ca)).unzip();
        let limits = Limits { connections_per_peer: settings.connections_per_peer, ..Limits::default() };
        let serving = web::serve(listener, tls, Gate::new(limits), service::router(attestation))
            .map_err(|error| cannot_listen(settings.listen, "--listen", &error))?;
        let platform = simulation.map(|simulation| simulation.platform);
        Ok(Self { url, ca: ca.flatten(), platform, serving, background, ending, publishing })
    }

    /// Takes no more requests, lets those under way finish, and ends.
    pub async fn stop(self) -> Result<(), Failure> {
        tracing::info!("stopping");
        self.publishing.iter().for_each(JoinHandle::abort);
        self.serving.stop(GRACE).await;
        // Dropped, it says the same.
        let _ = self.ending.send(());
        let _ = self.background.await;
        Ok(())
    }
}

/// A data directory is for a simulated machine or for genuine hardware, from its first start on.
async fn check_kind(settings: &Settings, store: &dyn ProviderStore) -> Result<(), Failure> {
    let kept = store.provider(PROVIDER).await.map_err(|error| database::store_unusable(&error))?;
    let is_simulated = kept.as_ref().map(|state| state.provider.root_pem.is_some());
    match (is_simulated, settings.simulated) {
        (Some(true), false) => Err(Failure::usage(
            "data_directory_simulated",
            format!("`{}` holds a simulated machine, and --simulated was not given", settings.data.display()),
            "use another data directory for genuine hardware, or pass --simulated: its tokens prove nothing",
        )),
        (Some(false), true) => Err(Failure::usage(
            "data_directory_genuine",
            format!("`{}` holds a provider for genuine hardware, and --simulated was given", settings.data.display()),
            "use another data directory for a simulated machine",
        )),
        _ => Ok(()),
    }
}

fn no_access(error: &OpenAccessError) -> Failure {
    match error {
        OpenAccessError::Store(error) => database::store_unusable(error),
        OpenAccessError::Vault(_) => sealed(failure::chain(error)),
        OpenAccessError::Random => {
            Failure::environment("randomness_unavailable", failure::chain(error), "see why /dev/urandom does not work")
        }
    }
}

fn sealed(message: String) -> Failure {
    let help = "give the key-encryption key that the data directory was made with: --key-encryption-key, the environment \
                variable VERITEE_KEY_ENCRYPTION_KEY, or the file key-encryption-key in it";
    Failure::usage("keys_sealed", message, help)
}

fn not_open(error: &OpenError) -> Failure {
    let message = failure::chain(error);
    match error {
        OpenError::Default(unusable) if matches!(**unusable, UnusableProvider::Keys(KeysError::Vault(_))) => {
            sealed(message)
        }
        OpenError::OtherRoot { .. } | OpenError::BeyondLoopback => Failure::of_usage(error),
        _ => Failure::environment("provider_unusable", message, error.help()),
    }
}

/// A runtime for one command.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new()
        .map_err(|error| Failure::environment("runtime", format!("cannot start threads: {error}"), ""))
}

/// An interrupt from the keyboard or a request to terminate; heard from the call on, and not only once it is waited for.
pub fn signal() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let hear = |kind| {
        signal(kind).map_err(|error| Failure::environment("signals", format!("cannot hear signals: {error}"), ""))
    };
    let (mut interrupt, mut terminate) = (hear(SignalKind::interrupt())?, hear(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
