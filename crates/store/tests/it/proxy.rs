//! A network between a store and its server, that can be cut and fall silent.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;

/// What happens when the client says something for a certain time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server does not hear it, and all connections are cut.
    CutBefore,
    /// The server hears it, its answer is lost, and all connections are cut.
    CutAfter,
    /// Neither side hears the other any more; no connection ends.
    Silence,
}

/// Passes on what a client and its server say.
#[derive(Clone)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

struct State {
    is_silent: AtomicBool,
    /// How often the client may still speak until the fault, and the fault.
    fault: Mutex<Option<(usize, Fault)>>,
    cut: broadcast::Sender<()>,
    /// How often a client spoke.
    words: AtomicUsize,
}

impl Proxy {
    /// A proxy for the server of a URL, and the URL through it.
    pub async fn start(url: &str) -> (Self, String) {
        let (head, rest) = url.split_once("@127.0.0.1:").unwrap();
        let (port, database) = rest.split_once('/').unwrap();
        let port: u16 = port.parse().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let state = State {
            is_silent: AtomicBool::new(false),
            fault: Mutex::new(None),
            cut: broadcast::Sender::new(1),
            words: AtomicUsize::new(0),
        };
        let proxy = Self { port: listener.local_addr().unwrap().port(), state: Arc::new(state) };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let state = Arc::clone(&accepting.state);
                let mut cut = state.cut.subscribe();
                tokio::spawn(async move {
                    let ((from_client, to_client), (from_server, to_server)) =
                        (client.into_split(), server.into_split());
                    let is_lost = AtomicBool::new(false);
                    tokio::select! {
                        () = hear_client(from_client, to_server, &state, &is_lost) => {}
                        () = hear_server(from_server, to_client, &state, &is_lost) => {}
                        _ = cut.recv() => {}
                    }
                });
            }
        });
        let through = format!("{head}@127.0.0.1:{}/{database}", proxy.port);
        (proxy, through)
    }

    /// From now on nothing is passed on; connections stay.
    pub fn silence(&self) {
        self.state.is_silent.store(true, Ordering::SeqCst);
    }

    /// Waits until clients have nothing more to say: a connection is tested after it was used.
    pub async fn quiet(&self) {
        let mut last = usize::MAX;
        while last != self.state.words.load(Ordering::SeqCst) {
            last = self.state.words.load(Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Something happens when the client speaks for the `number`th time from now.
    pub fn fault_at(&self, number: usize, fault: Fault) {
        *self.state.fault.lock().unwrap() = Some((number, fault));
    }

    /// Everything is passed on again, on new connections.
    pub fn heal(&self) {
        *self.state.fault.lock().unwrap() = None;
        self.state.is_silent.store(false, Ordering::SeqCst);
    }
}

/// Passes on what the client says until it ends; what is said in silence is lost, and so is the end.
async fn hear_client(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, state: &State, is_lost: &AtomicBool) {
    let mut buffer = vec![0; 65536];
    loop {
        let length = client.read(&mut buffer).await.unwrap_or(0);
        let fault = if length > 0 { state.next_fault() } else { None };
        match fault {
            Some(Fault::Silence) => state.is_silent.store(true, Ordering::SeqCst),
            Some(Fault::CutAfter) => {
                is_lost.store(true, Ordering::SeqCst);
                let _ = server.write_all(&buffer[..length]).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            _ => {}
        }
        if matches!(fault, Some(Fault::CutBefore | Fault::CutAfter)) {
            let _ = state.cut.send(());
            return;
        }
        if !pass(&buffer[..length], &mut server, state).await {
            return;
        }
    }
}

/// Passes on what the server says, until its answer is to be lost.
async fn hear_server(mut server: OwnedReadHalf, mut client: OwnedWriteHalf, state: &State, is_lost: &AtomicBool) {
    let mut buffer = vec![0; 65536];
    loop {
        let length = server.read(&mut buffer).await.unwrap_or(0);
        if is_lost.load(Ordering::SeqCst) {
            // Whoever hears the client cuts the connection.
            std::future::pending().await
        }
        if !pass(&buffer[..length], &mut client, state).await {
            return;
        }
    }
}

/// Passes on a word, nothing for the end; says whether there is more to come.
async fn pass(word: &[u8], to: &mut OwnedWriteHalf, state: &State) -> bool {
    match (state.is_silent.load(Ordering::SeqCst), word) {
        (true, []) => std::future::pending().await,
        (true, _) => true,
        (false, []) => false,
        (false, word) => to.write_all(word).await.is_ok(),
    }
}

impl State {
    fn next_fault(&self) -> Option<Fault> {
        self.words.fetch_add(1, Ordering::SeqCst);
        let mut fault = self.fault.lock().unwrap();
        match *fault {
            Some((0 | 1, now)) => {
                *fault = None;
                Some(now)
            }
            Some((number, later)) => {
                *fault = Some((number - 1, later));
                None
            }
            None => None,
        }
    }
}
