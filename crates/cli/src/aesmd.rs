//! `veritee aesmd`: runs the quote daemon.

mod check;
mod metrics;
mod notify;
mod simulated;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aesm::{Access, Backend, Config, DEFAULT_SOCKET, Server, Socket, SocketError, Upstream, UpstreamError};
use problem::Problem;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use web::Serving;

use crate::failure::{self, Failure};
use crate::log::Log;
use crate::options::Given;
use crate::show;
use crate::{group, serve};

use notify::Watchdog;
use simulated::Simulated;

const MAX_CONFIG: u64 = 1 << 20;

/// Run the quote daemon, in the place of Intel's aesmd.
///
/// It speaks the AESM protocol on a Unix socket, and quotes with a simulated platform or passes requests on to another daemon. It stays
/// in the foreground and logs to standard error; SIGTERM lets those who are there already have their answers, SIGHUP reads the
/// configuration and the platform again. Flags take precedence over environment variables, and a flag for one of --platform and
/// --upstream over the variable of the other.
#[derive(clap::Args)]
#[command(after_help = "One of --platform, --upstream and --check is required.")]
pub struct Arguments {
    /// Listen at this path. The socket of a daemon that is there already is replaced, and no client notices; then end that daemon.
    #[arg(long, env = "VERITEE_AESMD_SOCKET", value_name = "PATH", default_value = DEFAULT_SOCKET)]
    socket: PathBuf,
    /// Quote with the simulated platform in this directory. Its quotes prove nothing.
    #[arg(long, env = "VERITEE_AESMD_PLATFORM", value_name = "DIR")]
    platform: Option<PathBuf>,
    /// Pass requests on to the daemon at this path.
    #[arg(long, env = "VERITEE_AESMD_UPSTREAM", value_name = "PATH")]
    upstream: Option<PathBuf>,
    /// Permission bits of the socket, octal.
    #[arg(long, env = "VERITEE_AESMD_SOCKET_MODE", value_name = "MODE", default_value = "0777", value_parser = mode)]
    socket_mode: u32,
    /// Group of the socket, by name or number [default: the daemon's].
    #[arg(long, env = "VERITEE_AESMD_SOCKET_GROUP", value_name = "GROUP")]
    socket_group: Option<String>,
    /// Read limits and the log level from this file, in the form of /etc/aesmd.conf.
    #[arg(long, env = "VERITEE_AESMD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Serve metrics (OpenMetrics) at this loopback address, under /metrics; port 0 takes a free one.
    #[arg(long, env = "VERITEE_AESMD_METRICS", value_name = "ADDR")]
    metrics: Option<SocketAddr>,
    /// Ask the daemon at the socket whether it is able to quote, and end: a probe. Of the environment variables only that of the
    /// socket counts for it.
    #[arg(long)]
    check: bool,
    /// Without effect, for those who are used to Intel's daemon: this one never goes into the background.
    #[arg(long)]
    no_daemon: bool,
    /// Without effect, for the same: this one never logs to syslog.
    #[arg(long)]
    no_syslog: bool,
}

fn mode(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o777 => Ok(mode),
        _ => Err("give permission bits in octal, such as 0660".to_owned()),
    }
}

/// The options that a probe does not have.
const OF_THE_DAEMON: [(&str, &str); 6] = [
    ("platform", "--platform"),
    ("upstream", "--upstream"),
    ("socket_mode", "--socket-mode"),
    ("socket_group", "--socket-group"),
    ("config", "--config"),
    ("metrics", "--metrics"),
];

/// Applies the precedence of flags to options that exclude each other.
fn arguments(mut given: Given<Arguments>) -> Result<Arguments, Failure> {
    let excluded = |one: &str, other: &str| {
        let message = format!("`{one}` cannot be used with `{other}`");
        Failure::usage("options_exclude_each_other", message, format!("remove `{one}` or `{other}`"))
    };
    if given.is_flag("check") {
        for (id, flag) in OF_THE_DAEMON {
            given.forget_environment(id);
            if given.is_flag(id) {
                return Err(excluded(flag, "--check"));
            }
        }
    }
    for (flag, other) in [("platform", "upstream"), ("upstream", "platform")] {
        if given.is_flag(flag) {
            given.forget_environment(other);
        }
    }
    let arguments = given.resolve(None)?.options;
    match (&arguments.platform, &arguments.upstream) {
        (Some(_), Some(_)) => Err(excluded("--platform", "--upstream")),
        (None, None) if !arguments.check => Err(Failure::usage(
            "backend_missing",
            "there is nothing to quote with",
            "pass --platform DIR or --upstream PATH, or set VERITEE_AESMD_PLATFORM or VERITEE_AESMD_UPSTREAM",
        )),
        _ => Ok(arguments),
    }
}

pub fn run(given: Given<Arguments>) -> Result<(), Failure> {
    let arguments = &arguments(given)?;
    if arguments.check {
        return check::run(&arguments.socket);
    }
    let config = read_config(arguments.config.as_deref())?;
    let log = Log::to_stderr(config.log_level);
    warn_of(&config);
    serve::runtime()?.block_on(async {
        // Signals are heard before anybody is told that it is ready.
        let (end, mut hangup) = (
            serve::signal()?,
            signal(SignalKind::hangup())
                .map_err(|error| Failure::environment("signals", format!("cannot hear signals: {error}"), ""))?,
        );
        let mut running = Running::start(arguments, &config)?;
        show::line(&format!("veritee aesmd is ready at {}", arguments.socket.display()))?;
        notify::ready();
        let mut watchdog = Watchdog::from_environment();
        let mut end = std::pin::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return running.stop().await,
                _ = hangup.recv() => running.reload(arguments, &log),
                () = watchdog.feed() => {}
                ended = &mut running.serving => return served(ended),
            }
        }
    })
}

/// A daemon that serves.
struct Running {
    server: Arc<Server>,
    platform: Option<Arc<Simulated>>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<io::Result<()>>,
    metrics: Option<Serving>,
}

impl Running {
    /// What can be refused is refused before the socket is there for clients.
    fn start(arguments: &Arguments, config: &Config) -> Result<Self, Failure> {
        let group = arguments.socket_group.as_deref().map(|text| group::number("--socket-group", text)).transpose()?;
        let platform = arguments.platform.as_deref().map(Simulated::open).transpose()?.map(Arc::new);
        let backend = match (&platform, &arguments.upstream) {
            (Some(platform), _) => Backend::Enclave(Arc::<Simulated>::clone(platform)),
            (None, Some(path)) => Backend::Upstream(upstream(path, &arguments.socket)?),
            (None, None) => return Err(Failure::usage("backend_missing", "there is nothing to quote with", "")),
        };
        let metrics = arguments.metrics.map(metrics::bind).transpose()?;
        let access = Access { mode: arguments.socket_mode, group };
        let socket = Socket::publish(&arguments.socket, access).map_err(|error| no_socket(&error))?;
        if let Some(path) = &arguments.upstream
            && let Err(error) = Upstream::check_other(path, &arguments.socket)
        {
            socket.withdraw();
            return Err(no_upstream(&error));
        }
        let server = Arc::new(Server::new(backend, config.limits));
        let metrics = metrics.map(|listener| metrics::serve(listener, &server)).transpose()?;
        if let Some((address, _)) = &metrics {
            show::line(&format!("metrics are at http://{address}/metrics"))?;
        }
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(Arc::clone(&server).serve(socket, async { drop(stopped.await) }));
        Ok(Self { server, platform, stop, serving, metrics: metrics.map(|(_, serving)| serving) })
    }

    /// Reads again what may have changed; what cannot be read stays as it was.
    fn reload(&self, arguments: &Arguments, log: &Log) {
        match read_config(arguments.config.as_deref()) {
            Ok(config) => {
                self.server.set_limits(config.limits);
                log.set(config.log_level);
                warn_of(&config);
                tracing::info!("configuration read again");
            }
            Err(failure) => tracing::error!(error = failure.message(), "configuration stays as it was"),
        }
        if let Some(platform) = &self.platform
            && let Err(failure) = platform.reload()
        {
            tracing::error!(error = failure.message(), "platform stays as it was");
        }
    }

    /// Lets those who are there have their answers, and ends.
    async fn stop(self) -> Result<(), Failure> {
        notify::stopping();
        let _ = self.stop.send(());
        let ended = self.serving.await;
        if let Some(metrics) = self.metrics {
            metrics.stop(metrics::GRACE).await;
        }
        served(ended)
    }
}

fn served(ended: Result<io::Result<()>, tokio::task::JoinError>) -> Result<(), Failure> {
    let failed = |error: &dyn std::error::Error| {
        Failure::environment("server_failed", format!("quote daemon stopped: {error}"), "")
    };
    ended.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
}

fn upstream(path: &Path, own: &Path) -> Result<Upstream, Failure> {
    Upstream::check_other(path, own).and_then(|()| Upstream::at(path)).map_err(|error| no_upstream(&error))
}

fn no_upstream(error: &UpstreamError) -> Failure {
    let failure = match error {
        UpstreamError::Itself(_) => Failure::usage,
        UpstreamError::Random => Failure::environment,
    };
    failure("upstream_unusable", failure::chain(error), error.help())
}

fn no_socket(error: &SocketError) -> Failure {
    match error {
        SocketError::TooLong(_) | SocketError::NoName(_) => Failure::of_usage(error),
        _ => Failure::of_environment(error),
    }
}

fn read_config(path: Option<&Path>) -> Result<Config, Failure> {
    let Some(path) = path else { return Ok(Config::default()) };
    let bytes = failure::read_file(path, MAX_CONFIG).map_err(Failure::or_usage)?;
    Config::parse(&String::from_utf8_lossy(&bytes)).map_err(|error| {
        let message = format!("`{}` is no configuration: {error}", path.display());
        Failure::usage("config_malformed", message, error.help())
    })
}

fn warn_of(config: &Config) {
    for warning in &config.warnings {
        tracing::warn!(warning, "configuration");
    }
}
