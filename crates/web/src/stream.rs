//! The TCP stream of a connection, whose writes are watched.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::connection::Connection;

/// Whether the client takes what is written to it.
#[derive(Debug)]
pub(crate) struct Writes {
    began: Instant,
    /// Milliseconds from `began` to the first write that had to wait, and one; 0 while none waits.
    stalled: AtomicU64,
    is_cut: AtomicBool,
}

impl Writes {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), stalled: AtomicU64::new(0), is_cut: AtomicBool::new(false) }
    }

    /// Since when bytes wait while the client takes none.
    pub(crate) fn stalled_since(&self) -> Option<Instant> {
        let milliseconds = self.stalled.load(Ordering::Acquire).checked_sub(1)?;
        self.began.checked_add(Duration::from_millis(milliseconds))
    }

    /// The connection ends without a farewell, and what the client has not taken is thrown away.
    pub(crate) fn cut(&self) {
        self.is_cut.store(true, Ordering::Release);
    }

    fn observe(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Pending if self.stalled.load(Ordering::Acquire) == 0 => {
                let milliseconds = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
                self.stalled.store(milliseconds.saturating_add(1), Ordering::Release);
            }
            Poll::Ready(Ok(1..)) if self.stalled.load(Ordering::Acquire) != 0 => {
                self.stalled.store(0, Ordering::Release);
            }
            _ => {}
        }
    }
}

/// The stream of one connection.
pub(crate) struct Watched {
    stream: TcpStream,
    connection: Connection,
}

impl Watched {
    pub(crate) const fn new(stream: TcpStream, connection: Connection) -> Self {
        Self { stream, connection }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.connection.writes().is_cut.load(Ordering::Acquire) {
            // Without lingering the operating system frees its buffers now and resets the connection.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.connection.writes().observe(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.connection.writes().observe(&written);
        written
    }

    /// Large answers are written from where they are, and not copied together first.
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
