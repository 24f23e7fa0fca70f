//! The process of an enclave.

use std::ffi::OsString;
use std::io;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use sgx::Secs;

use super::epc::Pages;
use super::error::{LoadError, system};
use super::program_file::ProgramFile;
use super::session;
use crate::cpu::Cpu;
use crate::inside::Inside;

/// What is chosen when an enclave is loaded, and not when it is signed.
#[derive(Debug)]
pub struct Loading {
    /// CONFIGID, with KSS only.
    pub config_id: [u8; 64],
    /// CONFIGSVN, with KSS only.
    pub config_svn: u16,
    /// What the program finds as its arguments. They are not measured.
    pub arguments: Vec<OsString>,
    /// Standard output of the program.
    pub stdout: Stdio,
    /// Its standard error.
    pub stderr: Stdio,
}

impl Default for Loading {
    /// Without configuration and arguments; the program writes where this process does.
    fn default() -> Self {
        let (stdout, stderr) = (Stdio::inherit(), Stdio::inherit());
        Self { config_id: [0; 64], config_svn: 0, arguments: Vec::new(), stdout, stderr }
    }
}

/// An enclave that was loaded. It is ended when this is dropped.
#[derive(Debug)]
pub struct Enclave {
    secs: Secs,
    child: Arc<Mutex<Child>>,
    supervisor: Option<JoinHandle<io::Result<ExitStatus>>>,
    /// Its standard output, where the loader asked for a pipe.
    pub stdout: Option<ChildStdout>,
    /// Its standard error, likewise.
    pub stderr: Option<ChildStderr>,
}

impl Enclave {
    /// What the processor knows of it.
    pub const fn secs(&self) -> &Secs {
        &self.secs
    }

    /// The number of its process.
    pub fn process_id(&self) -> u32 {
        lock(&self.child).id()
    }

    /// Ends it.
    ///
    /// # Errors
    /// Where the system does not let it be ended.
    pub fn kill(&self) -> io::Result<()> {
        lock(&self.child).kill()
    }

    /// Waits until it has ended, and its pages are free again.
    ///
    /// # Errors
    /// Where the system does not say how it ended.
    pub fn wait(mut self) -> io::Result<ExitStatus> {
        match self.supervisor.take().map(JoinHandle::join) {
            Some(Ok(status)) => status,
            // It does not panic, and nobody else takes it.
            Some(Err(_)) | None => Err(io::Error::other("the thread that watches the enclave has ended")),
        }
    }
}

impl Drop for Enclave {
    fn drop(&mut self) {
        if let Some(supervisor) = self.supervisor.take() {
            let _ = self.kill();
            let _ = supervisor.join();
        }
    }
}

/// Starts the program as the enclave. It gets the channel as its standard input, and neither the environment nor any file that this
/// process opened. What this one was given open by whoever started it, and left so, is open in the child too.
pub(super) fn start(
    file: &ProgramFile,
    secs: Secs,
    loading: Loading,
    cpu: Arc<Cpu>,
    pages: Pages,
) -> Result<Enclave, LoadError> {
    let (channel, end) = UnixStream::pair().map_err(system("make a channel"))?;
    let session = session(channel.try_clone().map_err(system("make a channel"))?, cpu, secs);
    let session = session.map_err(system("start a thread"))?;
    let mut command = Command::new(file.path());
    command.arg0("enclave").args(loading.arguments).env_clear();
    command.stdin(Stdio::from(OwnedFd::from(end))).stdout(loading.stdout).stderr(loading.stderr);
    let spawned = command.spawn();
    // The only end of the channel that is left is the child's; without a child the session ends.
    drop(command);
    let mut child = spawned.map_err(system("start the program"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let child = Arc::new(Mutex::new(child));
    let watched = Arc::clone(&child);
    let supervise = move || {
        let status = wait(&watched);
        // The enclave may have had children, who would go on asking in its name.
        let _ = channel.shutdown(Shutdown::Both);
        let _ = session.join();
        drop(pages);
        status
    };
    match thread::Builder::new().name("enclave".to_owned()).spawn(supervise) {
        Ok(supervisor) => Ok(Enclave { secs, child, supervisor: Some(supervisor), stdout, stderr }),
        Err(error) => {
            let mut child = lock(&child);
            let _ = child.kill();
            let _ = child.wait();
            Err(system("start a thread")(error))
        }
    }
}

fn session(channel: UnixStream, cpu: Arc<Cpu>, secs: Secs) -> io::Result<JoinHandle<()>> {
    let serve = move || session::serve(channel, &Inside { cpu: &cpu, enclave: &secs });
    thread::Builder::new().name("channel".to_owned()).spawn(serve)
}

/// Waits without the lock, so that the child can be killed meanwhile; its number stays its own until it is asked for its status.
fn wait(child: &Mutex<Child>) -> io::Result<ExitStatus> {
    let number = i32::try_from(lock(child).id()).ok().and_then(Pid::from_raw);
    let number = number.ok_or_else(|| io::Error::other("the child has no number"))?;
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    rustix::io::retry_on_intr(|| waitid(WaitId::Pid(number), ended))?;
    lock(child).wait()
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}
