//! Daemons that are replaced and restarted under load: no client sees a failure.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use abi::sgx::AttestationKeyIdExt;
use aesm::Client;
use tokio::task::JoinHandle;

use crate::daemon::{Daemon, directory};
use crate::enclave::SimulatedEnclave;

const CLIENTS: usize = 8;

/// Clients that ask for quotes without a pause and without patience; they end at the first failure.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    fn on(path: &Path, enclave: &SimulatedEnclave) -> Self {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (report, size) = (enclave.report([1; 64]), enclave.size());
        let clients = (0..CLIENTS).map(|_| {
            let (stop, answered, client) = (Arc::clone(&stop), Arc::clone(&answered), Client::at(path));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let quoted = client.quote(&AttestationKeyIdExt::dcap(), &report, None).await;
                    assert_eq!(quoted.expect("no client sees a failure").quote.len(), size);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let clients = clients.collect();
        Self { stop, answered, clients }
    }

    /// Lets it go on until so many more are answered.
    async fn more(&self, count: usize) {
        let until = self.answered.load(Ordering::Relaxed) + count;
        while self.answered.load(Ordering::Relaxed) < until {
            assert!(self.clients.iter().all(|client| !client.is_finished()), "a client saw a failure");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_is_replaced_by_a_new_one_under_load() {
    let directory = directory();
    let path = directory.path().join("aesm.socket");
    let enclave = Arc::new(SimulatedEnclave::new());
    let mut daemon = Daemon::over(&path, &enclave);
    let load = Load::on(&path, &enclave);
    for _ in 0..10 {
        load.more(200).await;
        // The new one binds and takes the path, the old one drains.
        let new = Daemon::over(&path, &enclave);
        std::mem::replace(&mut daemon, new).stop().await;
    }
    load.more(200).await;
    load.end().await;
    daemon.stop().await;
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_daemon_is_restarted_under_load() {
    let directory = directory();
    let (path, behind) = (directory.path().join("aesm.socket"), directory.path().join("upstream.socket"));
    let enclave = Arc::new(SimulatedEnclave::new());
    let mut upstream = Daemon::over(&behind, &enclave);
    let daemon = Daemon::before(&path, &behind);
    let load = Load::on(&path, &enclave);
    for _ in 0..5 {
        load.more(100).await;
        // It is gone for a while, and its socket with it.
        upstream.stop().await;
        assert!(!behind.exists());
        tokio::time::sleep(Duration::from_millis(300)).await;
        upstream = Daemon::over(&behind, &enclave);
    }
    load.more(100).await;
    load.end().await;
    daemon.stop().await;
    upstream.stop().await;
}
