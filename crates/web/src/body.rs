//! Request bodies, read under limits on size, progress and memory.

use std::borrow::Cow;

use problem::Problem;
use std::ops::Deref;

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use crate::connection::{Connection, Held};
use crate::memory::Exhausted;

/// Bytes that the buffer of a body has at least.
const LEAST_CAPACITY: usize = 1 << 10;

/// Why a body is not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The connection ended, or broke the rules of HTTP.
    #[error("request body broke off")]
    BrokeOff,
    /// There are more bytes than are taken.
    #[error("request body is longer than {0} bytes")]
    TooLong(usize),
    /// It neither ended nor brought enough bytes for too long.
    #[error("request body brought fewer than {bytes} bytes within {seconds} seconds")]
    TooSlow {
        /// Bytes that it had to bring.
        bytes: usize,
        /// Seconds that it had.
        seconds: u64,
    },
    /// There is no memory for it.
    #[error("{}", .0.body_message())]
    Exhausted(Exhausted),
}

impl Problem for BodyError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::BrokeOff => "body_incomplete",
            Self::TooLong(_) => "body_too_long",
            Self::TooSlow { .. } => "body_too_slow",
            Self::Exhausted(Exhausted::Connection) => "body_memory_of_connection_exhausted",
            Self::Exhausted(Exhausted::Peer) => "body_memory_of_peer_exhausted",
            Self::Exhausted(Exhausted::Service) => "body_memory_exhausted",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::BrokeOff => "send the whole body",
            Self::TooLong(_) => "send a shorter body",
            Self::TooSlow { .. } => "send the body without pauses",
            Self::Exhausted(Exhausted::Connection) => {
                "finish the large requests on this connection first, or use another connection"
            }
            Self::Exhausted(Exhausted::Peer) => "finish the large requests from your address first",
            Self::Exhausted(Exhausted::Service) => "try again in a moment",
        };
        text.into()
    }
}

impl Exhausted {
    const fn body_message(self) -> &'static str {
        match self {
            Self::Connection => "too many bytes of unfinished requests are held for this connection",
            Self::Peer => "too many bytes of unfinished requests are held for this address",
            Self::Service => "too many large requests are being read",
        }
    }
}

/// A body that was read. Its bytes are charged to its connection until this is dropped.
#[derive(Debug)]
pub struct Received {
    bytes: Vec<u8>,
    held: Held,
}

impl Received {
    /// Appends bytes. Memory is charged before it is taken, and it grows with what came, not with what was announced.
    fn extend(&mut self, data: &[u8], reserve: usize, most: usize) -> Result<(), BodyError> {
        let length = self.bytes.len().saturating_add(data.len());
        if length > self.bytes.capacity() {
            // A body that fits into the reserve never takes more than it.
            let largest = if length <= reserve { reserve } else { most };
            let doubled = self.bytes.capacity().saturating_mul(2).max(LEAST_CAPACITY).min(largest);
            let capacity = length.max(doubled);
            self.held.grow_to(capacity).map_err(BodyError::Exhausted)?;
            self.bytes.reserve_exact(capacity.saturating_sub(self.bytes.len()));
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }
}

impl Deref for Received {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Connection {
    /// Reads at most so many bytes of a body.
    ///
    /// Of a longer body `discarded` more bytes are read and thrown away: a client that is still sending would not read the answer.
    ///
    /// # Errors
    ///
    /// [`BodyError`] if the body is longer, breaks off, comes too slowly, or finds no memory.
    pub async fn receive<B>(&self, mut body: B, most: usize, discarded: usize) -> Result<Received, BodyError>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let limits = &self.limits().bodies;
        let mut received = Received { bytes: Vec::new(), held: self.body_charge() };
        let (mut length, mut at_period): (usize, usize) = (0, 0);
        let after = |now: Instant| now.checked_add(limits.period).unwrap_or(now);
        let mut period_end = after(Instant::now());
        loop {
            let Ok(frame) = timeout_at(period_end, body.frame()).await else {
                if length.saturating_sub(at_period) < limits.progress {
                    return Err(BodyError::TooSlow { bytes: limits.progress, seconds: limits.period.as_secs() });
                }
                (at_period, period_end) = (length, after(period_end));
                continue;
            };
            let Some(frame) = frame else { break };
            let Ok(data) = frame.map_err(|_| BodyError::BrokeOff)?.into_data() else { continue };
            length = length.saturating_add(data.len());
            if length <= most {
                received.extend(&data, limits.reserve, most)?;
            } else {
                received = Received { bytes: Vec::new(), held: self.body_charge() };
                if length > most.saturating_add(discarded) {
                    break;
                }
            }
        }
        if length > most { Err(BodyError::TooLong(most)) } else { Ok(received) }
    }
}
