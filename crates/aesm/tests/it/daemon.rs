//! A daemon in this process, as tests run it.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aesm::message::{Request, Response};
use aesm::{Access, Backend, Client, Limits, Server, Socket, Upstream, frame};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::enclave::SimulatedEnclave;

/// A directory for sockets, as the daemon takes it.
pub fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    directory
}

pub struct Daemon {
    pub path: PathBuf,
    pub server: Arc<Server>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Daemon {
    /// Serves at that path from the call on; call it within a runtime.
    pub fn start(path: &Path, backend: Backend, limits: Limits) -> Self {
        let socket = Socket::publish(path, Access::default()).unwrap();
        let server = Arc::new(Server::new(backend, limits));
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(Arc::clone(&server).serve(socket, async { drop(stopped.await) }));
        Self { path: path.to_owned(), server, stop, task }
    }

    /// One over that enclave, with the usual limits.
    pub fn over(path: &Path, enclave: &Arc<SimulatedEnclave>) -> Self {
        let enclave = Arc::clone(enclave);
        Self::start(path, Backend::Enclave(enclave), Limits::default())
    }

    /// One that asks another.
    pub fn before(path: &Path, upstream: &Path) -> Self {
        Self::start(path, Backend::Upstream(Upstream::at(upstream).unwrap()), Limits::default())
    }

    pub fn client(&self) -> Client {
        Client::at(&self.path)
    }

    /// The value of a line of the metrics.
    pub fn metric(&self, name: &str) -> u64 {
        let text = self.server.metrics();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// Stops it as a signal does, and waits for the end.
    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

/// What comes back for these bytes, on a connection of its own; nothing where it is closed without an answer.
pub async fn send(path: &Path, bytes: Vec<u8>) -> Option<Vec<u8>> {
    let path = path.to_owned();
    let exchange = move || {
        let mut stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // A daemon may close before all is sent.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => panic!("{error}"),
            _ => (!answer.is_empty()).then_some(answer),
        }
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

/// The response to a request, whole and with nothing behind it.
pub async fn ask(path: &Path, request: &Request) -> Response {
    let answer = send(path, frame::encode(request)).await.expect("an answer");
    let body = frame::body(&answer, u32::MAX).unwrap().expect("a whole frame");
    assert_eq!(body.len() + 4, answer.len());
    Response::read(body).unwrap()
}
