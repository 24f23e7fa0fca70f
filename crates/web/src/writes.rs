//! Whether the client of a connection takes what is written to it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

/// The writes to a connection: whether one waits, and whether the connection is cut.
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

    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Acquire)
    }

    pub(crate) fn observe(&self, written: &Poll<io::Result<usize>>) {
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
