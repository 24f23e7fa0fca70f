//! When keys are fetched, and for how long they are good.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::key_set::KeySet;

/// How often keys are fetched.
const REFRESH: Duration = Duration::from_secs(600);
/// How long until an issuer that was not reached is tried again.
const RETRY: Duration = Duration::from_secs(30);
/// How often tokens with unknown keys cause a fetch, however many there are: anybody can send such.
const BETWEEN_WISHES: Duration = Duration::from_secs(30);
/// For how long keys are good while the issuer cannot be reached. Tokens live about that long, and it issues none meanwhile.
const MAX_STALENESS: Duration = Duration::from_secs(3_600);

/// What is known, since when, and what comes next.
#[derive(Debug)]
pub(super) struct Schedule {
    known: Option<(Arc<KeySet>, Instant)>,
    due: Instant,
    last_wish: Option<Instant>,
    is_under_way: bool,
}

/// What becomes of the wish for a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Somebody wished for one a moment ago.
    TooSoon,
    /// One is under way, or due.
    UnderWay,
    /// One is to begin.
    Granted,
}

impl Schedule {
    pub(super) fn new(now: Instant) -> Self {
        Self { known: None, due: now, last_wish: None, is_under_way: false }
    }

    /// The keys, as long as they are good.
    pub(super) fn known(&self, now: Instant) -> Option<Arc<KeySet>> {
        let (keys, since) = self.known.as_ref()?;
        (now.duration_since(*since) <= MAX_STALENESS).then(|| Arc::clone(keys))
    }

    /// When they are fetched next, if nobody wishes for it before.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// A token names a key that is not known.
    pub(super) fn ask(&mut self, now: Instant) -> Asked {
        // One that is due begins without anybody's wish.
        if self.is_under_way || now >= self.due {
            return Asked::UnderWay;
        }
        if self.last_wish.is_some_and(|last| now.duration_since(last) < BETWEEN_WISHES) {
            return Asked::TooSoon;
        }
        (self.last_wish, self.is_under_way) = (Some(now), true);
        Asked::Granted
    }

    /// A fetch begins.
    pub(super) fn begin(&mut self) {
        self.is_under_way = true;
    }

    /// It brought these keys. Says whether they are others than before.
    pub(super) fn fetched(&mut self, keys: KeySet, now: Instant) -> bool {
        let are_others = self.known.as_ref().is_none_or(|(known, _)| **known != keys);
        (self.known, self.is_under_way) = (Some((Arc::new(keys), now)), false);
        self.due = later(now, REFRESH);
        are_others
    }

    /// It brought nothing.
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
