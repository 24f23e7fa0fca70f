//! Listening, and bounds on connections: how many there are at once, and how long one may be silent.
//!
//! Without them whoever opens connections and says nothing takes every file descriptor of the process.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::Server;
use axum_server::accept::Accept;
use hyper_util::rt::TokioTimer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

use crate::failure::Failure;

/// Connections at once: half of what a process may usually have open as files (1,024).
pub const MAX_CONNECTIONS: usize = 512;
/// How long a connection may send nothing, waiting for an answer included, which takes 30 seconds at the most.
const MAX_SILENCE: Duration = Duration::from_secs(60);
/// How long the head of a request may take, from its first byte.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests at once on a connection of HTTP/2.
const MAX_STREAMS: u32 = 16;

/// Gives connections that are bounded; those beyond the limit are closed at once.
#[derive(Clone, Debug)]
pub struct BoundedAcceptor {
    limit: usize,
    free: Arc<Semaphore>,
}

impl BoundedAcceptor {
    pub fn new(limit: usize) -> Self {
        Self { limit, free: Arc::new(Semaphore::new(limit)) }
    }
}

impl<I, S> Accept<I, S> for BoundedAcceptor {
    type Stream = Bounded<I>;
    type Service = S;
    type Future = std::future::Ready<io::Result<(Bounded<I>, S)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        std::future::ready(match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => {
                let silence = Box::pin(tokio::time::sleep(MAX_SILENCE));
                Ok((Bounded { stream, silence, _permit: permit }, service))
            }
            Err(_) => {
                tracing::warn!(connections = self.limit, "too many connections: one is closed unheard");
                Err(io::ErrorKind::ConnectionRefused.into())
            }
        })
    }
}

/// A connection that ends when nothing is heard from it.
pub struct Bounded<I> {
    stream: I,
    silence: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl<I: AsyncRead + Unpin> AsyncRead for Bounded<I> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        if read.is_ready() {
            self.silence.as_mut().reset(Instant::now() + MAX_SILENCE);
            return read;
        }
        match self.silence.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Bounded<I> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Sets the time limits of HTTP itself.
pub fn limit_http<Address: axum_server::Address, Acceptor>(
    mut server: Server<Address, Acceptor>,
) -> Server<Address, Acceptor> {
    let builder = server.http_builder();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(HEAD_TIMEOUT)
        .keep_alive_timeout(HEAD_TIMEOUT);
    server
}

/// Takes an address, which was given with that option.
pub fn listen(address: SocketAddr, option: &str) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address).map_err(|error| cannot_listen(address, option, &error))?;
    listener.set_nonblocking(true).map_err(|error| cannot_listen(address, option, &error))?;
    Ok(listener)
}

pub fn cannot_listen(address: SocketAddr, option: &str, error: &io::Error) -> Failure {
    Failure::environment(
        "cannot_listen",
        format!("cannot listen at `{address}`: {error}"),
        format!("choose another address with {option}; port 0 takes a free one"),
    )
}
