//! Serving HTTP on a listener.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Either;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use problem::Problem;
use rustls::ServerConfig;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use crate::connection::Connection;
use crate::delivery::Delivery;
use crate::exchange::Exchange;
use crate::gate::Gate;
use crate::limits::Limits;
use crate::place::Refused;
use crate::request_log::Begun;
use crate::stream::Watched;
use crate::verdict::{Reason, Verdict, verdict};

/// Bytes of the operating system's buffer for each direction of a connection, which it doubles.
const SOCKET_BUFFER: usize = 64 << 10;
/// Bytes that TLS and HTTP/1.1 buffer for each direction of a connection.
const BUFFER: usize = 64 << 10;
/// Bytes that one HTTP/2 stream, and one HTTP/2 connection, can receive before they are read.
const WINDOWS: [u32; 2] = [64 << 10, 128 << 10];
/// HTTP/2 streams that a client may reset before they are looked at, and that may be reset for its errors.
const RESETS: [usize; 2] = [16, 64];
/// Time after an error of the operating system, such as that there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Time between two log lines about refused connections.
const REFUSAL_LOG: Duration = Duration::from_secs(10);

/// Listens at that address.
///
/// # Errors
///
/// Those of the operating system.
pub fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    // Accepted connections inherit them.
    let socket = SockRef::from(&listener);
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    Ok(listener)
}

/// A listener that is being served until this is dropped.
#[derive(Debug)]
pub struct Serving {
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Serving {
    /// Waits for the end of serving, which only a fault brings about.
    pub async fn ended(&mut self) {
        // A task that has ended must not be polled again.
        if !self.accepting.is_finished() {
            let _ = (&mut self.accepting).await;
        }
    }

    /// Accepts no more connections and requests, gives those under way so much time, and ends.
    pub async fn stop(mut self, grace: Duration) {
        self.stop.send_replace(true);
        if timeout(grace, self.ended()).await.is_err() {
            tracing::warn!("connections are closed before their requests are answered");
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What the connections of a listener share.
struct Shared<S> {
    http: Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
    service: S,
}

/// Serves HTTP on a listener, with TLS if there is a configuration for it. Must be called within a Tokio runtime.
///
/// # Errors
///
/// Those of the operating system.
pub fn serve<S, B>(
    listener: std::net::TcpListener,
    tls: Option<Arc<ServerConfig>>,
    gate: Gate,
    service: S,
) -> io::Result<Serving>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let listener = TcpListener::from_std(listener)?;
    let (stop, stopping) = watch::channel(false);
    let shared = Arc::new(Shared { http: http(gate.limits()), tls: tls.map(TlsAcceptor::from), service });
    let accepting = tokio::spawn(accept(listener, gate, shared, stopping));
    Ok(Serving { stop, accepting })
}

fn http(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    let (buffer, header) = (BUFFER.max(limits.header_bytes as usize), limits.header);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header)
        .max_buf_size(buffer)
        .max_headers(limits.header_fields);
    let [stream_window, connection_window] = WINDOWS;
    let [client_resets, error_resets] = RESETS;
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.header_bytes)
        .initial_stream_window_size(stream_window)
        .initial_connection_window_size(connection_window)
        .max_send_buf_size(BUFFER)
        .max_pending_accept_reset_streams(client_resets)
        .max_local_error_reset_streams(error_resets)
        .keep_alive_interval(header)
        .keep_alive_timeout(header);
    builder
}

async fn accept<S, B>(listener: TcpListener, gate: Gate, shared: Arc<Shared<S>>, mut stopping: watch::Receiver<bool>)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let mut connections = JoinSet::new();
    let mut refusals = Refusals::default();
    let stops = stopping.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = connections.join_next(), if !connections.is_empty() => continue,
            _ = stopping.changed() => break,
        };
        match accepted {
            Ok((stream, address)) => match gate.admit(address) {
                Ok(connection) => {
                    connections.spawn(converse(stream, connection, Arc::clone(&shared), stops.clone()));
                }
                Err(refused) => refusals.log(address, refused),
            },
            Err(error) => {
                tracing::warn!(%error, "connection cannot be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Refused connections, of which the log has a line from time to time.
#[derive(Default)]
struct Refusals {
    count: u64,
    logged: Option<Instant>,
}

impl Refusals {
    fn log(&mut self, address: SocketAddr, refused: Refused) {
        self.count = self.count.saturating_add(1);
        if self.logged.is_none_or(|logged| logged.elapsed() >= REFUSAL_LOG) {
            let code = &*refused.code();
            tracing::warn!(peer = %address, refused = code, connections = self.count, "connections refused: {refused}");
            *self = Self { count: 0, logged: Some(Instant::now()) };
        }
    }
}

async fn converse<S, B>(
    stream: TcpStream,
    connection: Connection,
    shared: Arc<Shared<S>>,
    stopping: watch::Receiver<bool>,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    // An answer is one write or a few: waiting for more would only delay it.
    let _ = stream.set_nodelay(true);
    let (handshake, peer) = (connection.limits().handshake, connection.peer());
    let watched = Watched::new(stream, connection.clone());
    let Some(tls) = &shared.tls else { return speak(watched, connection, &shared, stopping).await };
    let accepting = tls.accept_with(watched, |session| session.set_buffer_limit(Some(BUFFER)));
    match timeout(handshake, accepting).await {
        Ok(Ok(stream)) => speak(stream, connection, &shared, stopping).await,
        Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
    }
}

/// Speaks HTTP until the client or a limit ends the connection.
async fn speak<I, S, B>(io: I, connection: Connection, shared: &Shared<S>, mut stopping: watch::Receiver<bool>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let (peer, began) = (connection.peer(), Instant::now());
    let mut ticks = interval(connection.limits().tick());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (answering, service) = (connection.clone(), shared.service.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        let (exchange, begun) = (Exchange::begin(&answering), Begun::of(&request));
        let answer = answering.hold_head(request).map(|(mut request, held)| {
            request.extensions_mut().insert(answering.clone());
            request.extensions_mut().insert(begun.id().clone());
            (service.clone().call(request), held)
        });
        async move {
            let (answer, _held) = match answer {
                Ok(admitted) => admitted,
                Err(error) => {
                    let answer = error.answer();
                    begun.log(peer, &answer);
                    return Ok(answer.map(Either::Right));
                }
            };
            let answer = answer.await?;
            begun.log(peer, &answer);
            exchange.answered();
            Ok::<_, Infallible>(answer.map(|body| Either::Left(Delivery::new(body, exchange))))
        }
    });
    let mut speaking = std::pin::pin!(shared.http.serve_connection(TokioIo::new(io), service));
    let mut drained: Option<(Instant, Reason)> = None;
    let mut is_stopping = *stopping.borrow();
    if is_stopping {
        speaking.as_mut().graceful_shutdown();
    }
    loop {
        tokio::select! {
            biased;
            ended = &mut speaking => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "connection failed");
                }
                return;
            }
            _ = stopping.changed(), if !is_stopping => {
                is_stopping = true;
                speaking.as_mut().graceful_shutdown();
            }
            _ = ticks.tick() => {
                let now = Instant::now();
                let cut = match (verdict(&connection, began, now), drained) {
                    (Verdict::Cut(reason), _) => Some(reason),
                    (_, Some((since, reason))) => {
                        (now.saturating_duration_since(since) >= connection.limits().drain).then_some(reason)
                    }
                    (Verdict::Drain(reason), None) => {
                        tracing::debug!(%peer, reason = reason.code(), "connection takes no more requests");
                        drained = Some((now, reason));
                        speaking.as_mut().graceful_shutdown();
                        None
                    }
                    (Verdict::Keep, None) => None,
                };
                if let Some(reason) = cut {
                    tracing::info!(%peer, reason = reason.code(), "connection cut");
                    connection.writes().cut();
                    return;
                }
            }
        }
    }
}
