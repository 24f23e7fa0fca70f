//! One connection: a request, an answer, a line in the log.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::answer::{Answer, answer};
use crate::backend::Backend;
use crate::error_code::ErrorCode;
use crate::frame::{self, FrameError};
use crate::limits::Limits;
use crate::message::{Kind, MessageError, Request};
use crate::metrics::{Closed, Metrics};

/// How often a KiB of a refused request is read before its connection is closed: while some is unread, closing resets it.
const UNREAD: usize = 64;

/// Who is on the other side, as the kernel says; zero where it does not.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub uid: u32,
    pub pid: i32,
}

impl Peer {
    pub fn of(stream: &UnixStream) -> Self {
        match stream.peer_cred() {
            Ok(credentials) => Self { uid: credentials.uid(), pid: credentials.pid().unwrap_or_default() },
            // Nobody is the user that has the fewest rights.
            Err(_) => Self { uid: u32::MAX, pid: 0 },
        }
    }
}

/// Why a connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error("request did not arrive in time")]
    Slow,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Message(#[from] MessageError),
}

impl Unanswered {
    const fn reason(&self) -> Closed {
        match self {
            Self::Slow => Closed::Slow,
            Self::Frame(FrameError::Nothing) => Closed::Nothing,
            Self::Frame(FrameError::TooLong { .. }) => Closed::TooLong,
            Self::Frame(_) => Closed::Broken,
            Self::Message(_) => Closed::Malformed,
        }
    }
}

/// What all connections share: who answers, the limits, and the counters.
pub struct Desk {
    pub backend: Backend,
    pub limits: ArcSwap<Limits>,
    pub metrics: Metrics,
}

impl Desk {
    /// One that answers with that.
    pub fn new(backend: Backend, limits: Limits) -> Arc<Self> {
        Arc::new(Self { backend, limits: ArcSwap::from_pointee(limits), metrics: Metrics::default() })
    }

    /// Reads one request, answers it, and closes the connection.
    pub async fn converse(&self, mut stream: UnixStream, peer: Peer) {
        match self.request(&mut stream).await {
            Ok((kind, request)) => {
                // From when it is all there: how fast a client sends is its own business.
                let begun = Instant::now();
                let answer = answer(&self.backend, kind, &request).await;
                let is_sent = self.send(&mut stream, &answer).await;
                self.tell(kind, &answer, is_sent, peer, begun);
            }
            Err(unanswered) => {
                self.metrics.closed(unanswered.reason());
                let cause = problem::chain(&unanswered);
                match unanswered {
                    // Whoever looks whether somebody listens.
                    Unanswered::Frame(FrameError::Nothing) => {
                        tracing::debug!(uid = peer.uid, pid = peer.pid, cause, "closed");
                    }
                    _ => tracing::warn!(uid = peer.uid, pid = peer.pid, cause, "closed"),
                }
                let mut unread = [0; 1 << 10];
                for _ in 0..UNREAD {
                    if !stream.try_read(&mut unread).is_ok_and(|length| length > 0) {
                        break;
                    }
                }
            }
        }
    }

    async fn request(&self, stream: &mut UnixStream) -> Result<(Kind, Request), Unanswered> {
        let limits = **self.limits.load();
        let read = timeout(limits.read, frame::read(stream, limits.request)).await;
        Ok(Request::read(&read.map_err(|_| Unanswered::Slow)??)?)
    }

    /// Whether the client took the answer.
    async fn send(&self, stream: &mut UnixStream, answer: &Answer) -> bool {
        let frame = frame::encode(&answer.response);
        let limit = self.limits.load().write;
        timeout(limit, stream.write_all(&frame)).await.is_ok_and(|written| written.is_ok())
    }

    fn tell(&self, kind: Kind, answer: &Answer, is_sent: bool, peer: Peer, begun: Instant) {
        let code = answer.refusal.as_ref().map_or(ErrorCode::Success, |refusal| refusal.code);
        let taken = begun.elapsed();
        self.metrics.answered(kind, code, taken);
        if !is_sent {
            self.metrics.closed(Closed::Unsent);
        }
        tracing::info!(
            kind = kind.name(),
            uid = peer.uid,
            pid = peer.pid,
            duration_us = u64::try_from(taken.as_micros()).unwrap_or(u64::MAX),
            code = code.number(),
            outcome = code.name(),
            cause = answer.refusal.as_ref().map(|refusal| refusal.cause.as_str()),
            unsent = (!is_sent).then_some(true),
            "request"
        );
    }
}
