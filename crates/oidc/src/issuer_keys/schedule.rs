//! When keys are fetched, and how long they may be used.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::key_set::KeySet;

/// The time between fetches.
const REFRESH: Duration = Duration::from_secs(600);
/// The time until the next attempt after a failed fetch.
const RETRY: Duration = Duration::from_secs(30);
/// The minimum time between fetches that tokens with unknown keys cause: anybody can send such tokens.
const BETWEEN_REQUESTS: Duration = Duration::from_secs(30);
/// How long keys are used while the issuer is unreachable. Tokens live about that long, and it issues none meanwhile.
const MAX_STALENESS: Duration = Duration::from_secs(3_600);

/// The cached keys, when they were fetched, and when to fetch next.
#[derive(Debug)]
pub(super) struct Schedule {
    known: Option<(Arc<KeySet>, Instant)>,
    due: Instant,
    last_request: Option<Instant>,
    is_under_way: bool,
}

/// The answer to a request for a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The previous request was too recent.
    TooSoon,
    /// A fetch is in progress, or due.
    UnderWay,
    /// A fetch begins.
    Granted,
}

impl Schedule {
    pub(super) fn new(now: Instant) -> Self {
        Self { known: None, due: now, last_request: None, is_under_way: false }
    }

    /// Returns the keys, unless they are too old.
    pub(super) fn known(&self, now: Instant) -> Option<Arc<KeySet>> {
        let (keys, since) = self.known.as_ref()?;
        (now.duration_since(*since) <= MAX_STALENESS).then(|| Arc::clone(keys))
    }

    /// Returns when the next fetch on schedule is due.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Asks for a fetch, because a token names an unknown key.
    pub(super) fn ask(&mut self, now: Instant) -> Asked {
        // A fetch that is due begins without a request.
        if self.is_under_way || now >= self.due {
            return Asked::UnderWay;
        }
        if self.last_request.is_some_and(|last| now.duration_since(last) < BETWEEN_REQUESTS) {
            return Asked::TooSoon;
        }
        (self.last_request, self.is_under_way) = (Some(now), true);
        Asked::Granted
    }

    /// Records that a fetch begins.
    pub(super) fn begin(&mut self) {
        self.is_under_way = true;
    }

    /// Records fetched keys. Returns whether they differ from the previous ones.
    pub(super) fn fetched(&mut self, keys: KeySet, now: Instant) -> bool {
        let are_others = self.known.as_ref().is_none_or(|(known, _)| **known != keys);
        (self.known, self.is_under_way) = (Some((Arc::new(keys), now)), false);
        self.due = later(now, REFRESH);
        are_others
    }

    /// Records a failed fetch.
    pub(super) fn failed(&mut self, now: Instant) {
        self.is_under_way = false;
        self.due = later(now, RETRY);
    }
}

fn later(now: Instant, by: Duration) -> Instant {
    now.checked_add(by).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> KeySet {
        KeySet::parse(br#"{"keys":[]}"#).unwrap()
    }

    fn after(begin: Instant, seconds: u64) -> Instant {
        begin + Duration::from_secs(seconds)
    }

    #[test]
    fn keys_are_fetched_at_once_and_then_on_schedule_and_sooner_after_a_failure() {
        let begin = Instant::now();
        let mut schedule = Schedule::new(begin);
        assert_eq!(schedule.due(), begin);
        assert!(schedule.fetched(keys(), begin), "they are new");
        assert_eq!(schedule.due(), after(begin, 600));
        assert!(!schedule.fetched(keys(), begin), "they are the same");
        schedule.failed(after(begin, 600));
        assert_eq!(schedule.due(), after(begin, 630));
    }

    #[test]
    fn the_last_keys_are_good_for_an_hour_without_the_issuer() {
        let begin = Instant::now();
        let mut schedule = Schedule::new(begin);
        assert!(schedule.known(begin).is_none());
        schedule.fetched(keys(), begin);
        schedule.failed(after(begin, 3_600));
        assert!(schedule.known(after(begin, 3_600)).is_some());
        assert!(schedule.known(after(begin, 3_601)).is_none());
    }

    #[test]
    fn strangers_cause_a_fetch_each_half_minute_and_one_at_a_time() {
        let begin = Instant::now();
        let mut schedule = Schedule::new(begin);
        assert_eq!(schedule.ask(begin), Asked::UnderWay, "the first one is due");
        schedule.fetched(keys(), begin);
        assert_eq!(schedule.ask(after(begin, 1)), Asked::Granted);
        assert_eq!(schedule.ask(after(begin, 1)), Asked::UnderWay);
        schedule.fetched(keys(), after(begin, 2));
        assert_eq!(schedule.ask(after(begin, 30)), Asked::TooSoon);
        assert_eq!(schedule.ask(after(begin, 31)), Asked::Granted);
        schedule.failed(after(begin, 32));
        assert_eq!(schedule.ask(after(begin, 60)), Asked::TooSoon);
        schedule.begin();
        assert_eq!(schedule.ask(after(begin, 60)), Asked::UnderWay, "the one on schedule does for the token too");
    }
}
