//! When the store was last known to say what is in force here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Milliseconds from the opening to the last time; 0 while nobody follows the store.
pub(super) struct Freshness {
    opened: Instant,
    last: AtomicU64,
}

impl Freshness {
    pub(super) fn new() -> Self {
        Self { opened: Instant::now(), last: AtomicU64::new(0) }
    }

    /// The store was asked, and everything is as it says.
    pub(super) fn is_fresh(&self) {
        self.last.store(self.elapsed().max(1), Ordering::Relaxed);
    }

    pub(super) fn is_older_than(&self, limit: Duration) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        last > 0 && u128::from(self.elapsed().saturating_sub(last)) > limit.as_millis()
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
