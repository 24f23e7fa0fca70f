//! The server: connections in, answers out.

mod connection;
mod gate;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::time::{sleep, timeout};

use crate::backend::Backend;
use crate::limits::Limits;
use crate::metrics::Closed;
use crate::socket::Socket;
use connection::{Desk, Peer};
use gate::Gate;

/// How long answers under way are given when the server stops.
const GRACE: Duration = Duration::from_secs(10);
/// How long it listens to clients that found the socket before it was withdrawn or replaced, after the last of them.
const LINGER: Duration = Duration::from_millis(100);
/// How long that may go on.
const MAX_LINGER: Duration = Duration::from_secs(5);
/// How long it waits where the system gives no more connections.
const BREATH: Duration = Duration::from_millis(50);

/// A quote daemon's server.
pub struct Server {
    desk: Arc<Desk>,
    gate: Arc<Gate>,
}

impl Server {
    /// One that answers with that.
    pub fn new(backend: Backend, limits: Limits) -> Self {
        Self { desk: Desk::new(backend, limits), gate: Arc::default() }
    }

    /// Holds clients to other limits from now on.
    pub fn set_limits(&self, limits: Limits) {
        self.desk.limits.store(Arc::new(limits));
        // Whoever waits for room looks again.
        self.gate.look_again();
    }

    /// What it has done, as OpenMetrics text.
    pub fn metrics(&self) -> String {
        self.desk.metrics.render(self.gate.open())
    }

    /// Serves until `stop` ends, and then whoever is there already: the path is withdrawn if it is still this socket's, connections
    /// that wait are accepted, and answers under way are given time.
    ///
    /// # Errors
    /// Where the runtime does not take the socket.
    pub async fn serve(self: Arc<Self>, socket: Socket, stop: impl Future<Output = ()>) -> std::io::Result<()> {
        let (listener, place) = socket.into_parts();
        listener.set_nonblocking(true)?;
        let listener = UnixListener::from_std(listener)?;
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                stream = self.accept(&listener) => self.attend(stream),
            }
        }
        let withdrawn = place.withdraw();
        tracing::info!(withdrawn, connections = self.gate.open(), "stopping");
        let lingering = async {
            while let Ok(stream) = timeout(LINGER, self.accept(&listener)).await {
                self.attend(stream);
            }
        };
        let _ = timeout(MAX_LINGER, lingering).await;
        drop(listener);
        if timeout(GRACE, self.gate.empty()).await.is_err() {
            tracing::warn!(connections = self.gate.open(), "stopped before these were answered");
        }
        Ok(())
    }

    /// The next connection, once there is room for it.
    async fn accept(&self, listener: &UnixListener) -> UnixStream {
        loop {
            self.gate.room(|| self.desk.limits.load().connections).await;
            match listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(error) => {
                    tracing::warn!(%error, "connection cannot be accepted");
                    sleep(BREATH).await;
                }
            }
        }
    }

    /// Lets a connection in and leaves it to itself; one too many of its user is closed.
    fn attend(&self, stream: UnixStream) {
        let peer = Peer::of(&stream);
        let limit = self.desk.limits.load().connections_per_user;
        match self.gate.enter(peer.uid, limit) {
            Some(slot) => {
                let desk = Arc::clone(&self.desk);
                tokio::spawn(async move {
                    desk.converse(stream, peer).await;
                    drop(slot);
                });
            }
            None => {
                self.desk.metrics.closed(Closed::UserLimit);
                tracing::warn!(uid = peer.uid, pid = peer.pid, limit, "closed: too many connections of this user");
            }
        }
    }
}
