//! `veritee serve`: runs the attestation service.

mod access_issuers;
mod administrator;
mod audit;
pub mod connections;
mod data_directory;
mod retention;
mod settings;
pub mod simulation;
mod vault;

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use attestation::{
    Addresses, Attestation, Audit, InvalidProviderDomain, KeysError, OpenAccessError, OpenError, ProviderDomain,
    Providers, PublicUrl, ServiceConfig, UnusableProvider, VerificationClock,
};
use problem::Problem;
use rustls::ServerConfig;
use simulator::Platform;
use state_dir::PrivateDir;
use store::{Postgres, Sqlite, Store, StoreError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use unix_time::UnixTime;
use web::{Gate, Limits, Serving};

use crate::failure::{self, Failure};
use crate::log;
use crate::requirements::requirements;
use crate::show;
use crate::tls::{self, DevelopmentCa};

use connections::{cannot_listen, listen};
pub use settings::{Arguments, Settings};
use simulation::Simulation;

/// The provider that is there from the first start on.
const PROVIDER: &str = "default";

/// Time that requests under way are given to finish.
const GRACE: Duration = Duration::from_secs(10);

pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let settings = Settings::read(arguments)?;
    log::to_stderr();
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
        let listener = bind(settings)?;
        let public_url = public_url(settings, &listener)?;
        let addresses = Addresses::new(public_url.clone(), provider_domain(settings)?);
        check_loopback(settings, &addresses)?;
        let issuers = settings.access_issuers.trusted(&addresses)?;
        let data = data_directory::open(&settings.data, settings.data_group)?;
        let starting = data_directory::lock(&data)?;
        let store = open_store(settings, &data).await?;
        check_kind(settings, &*store).await?;
        let tls = tls_config(settings, &data, &public_url)?;
        let simulation = settings.simulated.then(|| Simulation::open(&settings.data, now)).transpose()?;
        let url = public_url.as_str().to_owned();
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
            requirements: attestation::left_to_policy(requirements(&settings.accept_tcb, &[])),
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
async fn check_kind(settings: &Settings, store: &dyn Store) -> Result<(), Failure> {
    let kept = store.provider(PROVIDER).await.map_err(|error| store_unusable(&error))?;
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

async fn open_store(settings: &Settings, data: &PrivateDir) -> Result<Arc<dyn Store>, Failure> {
    if let Some(url) = &settings.database_url {
        let store = Postgres::open(url).await.map_err(|error| database_unusable(&error))?;
        return Ok(Arc::new(store));
    }
    // It holds signing keys. SQLite gives its other files the mode of this one.
    let file = data.file_for_library("veritee.db").map_err(|error| Failure::of_environment(&error))?;
    let store = Sqlite::open(&file).await.map_err(|error| store_unusable(&error))?;
    Ok(Arc::new(store))
}

fn database_unusable(error: &StoreError) -> Failure {
    let help = match error {
        StoreError::Newer { .. } => "start the version of veritee that wrote it, or a later one",
        _ => "check that the URL is postgres://USER:PASSWORD@HOST/DATABASE, and that the database can be reached",
    };
    Failure::environment("database_unusable", failure::chain(error), help)
}

fn store_unusable(error: &StoreError) -> Failure {
    let help = match error {
        StoreError::Newer { .. } => "start the version of veritee that wrote it, or a later one",
        _ => "check that veritee.db in the data directory can be written and is whole; restore it from a copy",
    };
    Failure::environment("store_unusable", failure::chain(error), help)
}

fn bind(settings: &Settings) -> Result<TcpListener, Failure> {
    if settings.simulated && !settings.listen.ip().is_loopback() {
        return Err(beyond_loopback(&format!("--listen {}", settings.listen)));
    }
    listen(settings.listen, "--listen")
}

/// A simulated service is reached on loopback alone, whatever forwards requests to it.
fn check_loopback(settings: &Settings, addresses: &Addresses) -> Result<(), Failure> {
    if !settings.simulated || addresses.are_loopback() {
        return Ok(());
    }
    Err(beyond_loopback(&match &settings.provider_domain {
        Some(domain) if addresses.service().is_loopback() => format!("--provider-domain {domain}"),
        _ => format!("--public-url {}", addresses.service().as_str()),
    }))
}

fn beyond_loopback(option: &str) -> Failure {
    Failure::usage(
        "simulated_beyond_loopback",
        format!("a simulated machine is served on loopback only, not with `{option}`"),
        "others could take its tokens for genuine ones; use `localhost`, a name that ends in `.localhost`, or a loopback address",
    )
}

fn public_url(settings: &Settings, listener: &TcpListener) -> Result<PublicUrl, Failure> {
    let port = listener.local_addr().map_err(|error| cannot_listen(settings.listen, "--listen", &error))?.port();
    let scheme = if settings.http { "http" } else { "https" };
    let text = settings.public_url.clone().unwrap_or_else(|| format!("{scheme}://localhost:{port}"));
    PublicUrl::parse(&text)
        .map_err(|error| Failure::usage("public_url_malformed", error.to_string(), "give the URL that clients use"))
}

fn provider_domain(settings: &Settings) -> Result<Option<ProviderDomain>, Failure> {
    let Some(text) = &settings.provider_domain else { return Ok(None) };
    let malformed = |error: InvalidProviderDomain| {
        Failure::usage("provider_domain_malformed", error.to_string(), "give a domain, without `*.`")
    };
    let domain = ProviderDomain::parse(text).map_err(malformed)?;
    if settings.tls_certificate.is_none() && !settings.http {
        return Err(Failure::usage(
            "tls_missing",
            format!("the development CA is good for localhost alone, not for names in `{text}`"),
            "pass --tls-certificate and --tls-key with a certificate for `*.DOMAIN`, or --http behind a proxy that does TLS",
        ));
    }
    Ok(Some(domain))
}

/// A TLS configuration, and the certificate of the CA that clients have to trust if it is the development CA's.
struct Tls {
    config: Arc<ServerConfig>,
    ca: Option<PathBuf>,
}

/// The TLS configuration; none if a proxy does TLS.
fn tls_config(settings: &Settings, data: &PrivateDir, public_url: &PublicUrl) -> Result<Option<Tls>, Failure> {
    match (&settings.tls_certificate, &settings.tls_key) {
        (Some(certificate), Some(key)) => Ok(Some(Tls { config: tls::operator_config(certificate, key)?, ca: None })),
        (None, None) if settings.http => Ok(None),
        (None, None) if !tls::is_covered(public_url.host()) => Err(Failure::usage(
            "tls_missing",
            format!("the development CA is good for localhost alone, not for `{}`", public_url.host()),
            "pass --tls-certificate and --tls-key, or --http behind a proxy that does TLS",
        )),
        (None, None) => {
            let ca = DevelopmentCa::open(data)?;
            Ok(Some(Tls { config: ca.server_config()?, ca: Some(ca.certificate().to_owned()) }))
        }
        _ => Err(Failure::usage(
            "tls_incomplete",
            "a TLS certificate and its key go together",
            "pass both --tls-certificate and --tls-key, or neither",
        )),
    }
}

fn no_access(error: &OpenAccessError) -> Failure {
    match error {
        OpenAccessError::Store(error) => store_unusable(error),
        OpenAccessError::Vault(_) => sealed(failure::chain(error)),
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
