//! When the store was last known to confirm what is in force here.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The moment at which the store last confirmed what is in force. There is none before it was reached for the first time, and
/// then everything is stale.
#[derive(Default)]
pub(super) struct Freshness(Mutex<Option<Instant>>);

impl Freshness {
    /// The store confirmed everything as it was at `asked`, the moment before it was asked.
    pub(super) fn confirmed(&self, asked: Instant) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // `None` is less than every moment: a late answer to an earlier question takes nothing back.
        *last = (*last).max(Some(asked));
    }

    /// Whether the store has confirmed nothing since `limit` before `now`.
    pub(super) fn is_stale(&self, limit: Duration, now: Instant) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_none_or(|last| now.saturating_duration_since(last) > limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_that_never_reached_the_store_is_stale() {
        let freshness = Freshness::default();
        assert!(freshness.is_stale(Duration::MAX, Instant::now()));
    }

    #[test]
    fn staleness_counts_from_the_moment_before_the_store_was_asked() {
        let (freshness, limit, asked) = (Freshness::default(), Duration::from_secs(300), Instant::now());
        freshness.confirmed(asked);
        freshness.confirmed(asked.checked_sub(Duration::from_secs(1)).unwrap());
        assert!(!freshness.is_stale(limit, asked + limit));
        assert!(freshness.is_stale(limit, asked + limit + Duration::from_millis(1)));
    }
}
