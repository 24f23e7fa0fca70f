//! The simulated Intel on loopback, for tests of its clients.

use std::borrow::Cow;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use problem::Problem;
use tokio::sync::oneshot;
use unix_time::UnixTime;

use super::Pcs;
use crate::kept::SimulationError;
use crate::pcs::{Route, State, States};
use crate::simulation::Simulation;

/// Why the simulated Intel does not run.
#[derive(Debug, thiserror::Error)]
pub enum LocalPcsError {
    /// The simulation cannot be opened.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// The operating system gives no port or no thread.
    #[error("simulated PCS cannot be started")]
    Start(#[from] io::Error),
}

impl Problem for LocalPcsError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Simulation(error) => error.code(),
            Self::Start(_) => "simulated_pcs_not_started".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Simulation(error) => error.help(),
            Self::Start(_) => "check the limits of this process on open files and threads".into(),
        }
    }
}

/// The simulated Intel on a free port of loopback, until this is dropped.
///
/// It runs on a thread of its own, so it can be used in tests with and without an asynchronous runtime.
///
/// ```
/// use simulator::http::LocalPcs;
/// use simulator::pcs::{Route, State};
/// use simulator::Simulation;
/// use unix_time::UnixTime;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let temporary = tempfile::tempdir()?;
/// # let directory = temporary.path().join("simulation");
/// let now = UnixTime::from_seconds(1_790_000_000);
/// Simulation::open_or_create(&directory, now)?;
/// let pcs = LocalPcs::start(&directory, move || now)?;
/// pcs.set(Route::Tcb, State::Refusing(503, None))?;
/// let tcb = format!("{}/sgx/certification/v4/tcb?fmspc=5653494D0000", pcs.url());
/// # assert!(tcb.starts_with("http://127.0.0.1:"));
/// // A client that asks for `tcb` is answered with 503 from now on.
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct LocalPcs {
    directory: PathBuf,
    url: String,
    /// Dropped to stop the thread.
    running: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LocalPcs {
    /// Starts it over the simulation in that directory. Documents are issued at the time that `clock` gives.
    ///
    /// # Errors
    /// See [`LocalPcsError`].
    pub fn start(
        directory: &Path,
        clock: impl Fn() -> UnixTime + Send + Sync + 'static,
    ) -> Result<Self, LocalPcsError> {
        let pcs = Pcs::open(directory, clock)?;
        let listener = web::listen((Ipv4Addr::LOCALHOST, 0).into())?;
        let url = format!("http://{}", listener.local_addr()?);
        let (running, stopped) = oneshot::channel();
        let (report, started) = mpsc::channel();
        let thread = thread::Builder::new().name("simulated-pcs".to_owned()).spawn(move || {
            if let Err(error) = run(pcs, listener, stopped, &report) {
                let _ = report.send(Err(error));
            }
        })?;
        started.recv().map_err(io::Error::other)??;
        Ok(Self { directory: directory.to_owned(), url, running: Some(running), thread: Some(thread) })
    }

    /// The address before every path, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Puts a route into a state.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn set(&self, route: Route, state: State) -> Result<(), SimulationError> {
        self.change(|states| states.set(route, state))
    }

    /// Restores the normal behaviour of a route.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn clear(&self, route: Route) -> Result<(), SimulationError> {
        self.change(|states| states.clear(route))
    }

    fn change(&self, change: impl FnOnce(&mut States)) -> Result<(), SimulationError> {
        Simulation::open(&self.directory)?.change_states(change).map(drop)
    }
}

impl Drop for LocalPcs {
    fn drop(&mut self) {
        drop(self.running.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Serves until the sender of `stopped` is dropped. Answers that are still delayed by then are given up.
fn run(
    pcs: Pcs,
    listener: TcpListener,
    stopped: oneshot::Receiver<()>,
    report: &mpsc::Sender<io::Result<()>>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let _serving = pcs.serve(listener, None)?;
        let _ = report.send(Ok(()));
        let _ = stopped.await;
        Ok(())
    })
}
