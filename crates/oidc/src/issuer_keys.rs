//! The keys of one issuer: fetched on schedule, beside requests, and once more when a token names a key that is not among them.

mod schedule;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use problem::{Problem, chain};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::key_set::KeySet;
use crate::key_source::KeySource;

use schedule::{Asked, Schedule};

/// Longest time for all that a fetch takes.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request waits for a fetch that is under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// The keys of one issuer. [`Self::keep_fresh`] fetches them, one fetch at a time; requests ask it to.
#[derive(Debug)]
pub struct IssuerKeys {
    issuer: String,
    source: KeySource,
    schedule: Mutex<Schedule>,
    wanted: Notify,
    /// How many fetches have ended, whichever way.
    ended: watch::Sender<u64>,
}

impl IssuerKeys {
    /// Keeps the keys that `source` fetches. Nothing is fetched yet.
    pub fn new(issuer: String, source: KeySource) -> Self {
        let schedule = Mutex::new(Schedule::new(Instant::now()));
        Self { issuer, source, schedule, wanted: Notify::new(), ended: watch::Sender::new(0) }
    }

    /// The keys, fetched anew where that one is not among them, as far as strangers may cause it; none where the issuer was not
    /// reached for too long.
    pub async fn having(&self, kid: Option<&str>) -> Option<Arc<KeySet>> {
        let known = self.schedule().known(Instant::now());
        let is_among = |keys: &Arc<KeySet>| kid.is_none_or(|kid| keys.has(kid));
        if known.as_ref().is_some_and(is_among) {
            return known;
        }
        self.ask().await;
        self.schedule().known(Instant::now())
    }

    /// Waits for a fetch, if there may be one.
    async fn ask(&self) {
        let mut ended = self.ended.subscribe();
        match self.schedule().ask(Instant::now()) {
            Asked::TooSoon => return,
            Asked::UnderWay => {}
            Asked::Granted => self.wanted.notify_one(),
        }
        // In vain or not: what is known then is looked at.
        let _ = tokio::time::timeout(PATIENCE, ended.changed()).await;
    }

    /// Fetches the keys whenever they are due or wanted, for as long as it is polled.
    pub async fn keep_fresh(&self) {
        let mut is_reached = true;
        loop {
            let due = self.schedule().due();
            tokio::select! {
                () = tokio::time::sleep_until(due) => {}
                () = self.wanted.notified() => {}
            }
            is_reached = self.fetch(is_reached).await;
            self.ended.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    /// Says whether the issuer was reached; in the log only when that is another answer than the last time.
    async fn fetch(&self, was_reached: bool) -> bool {
        self.schedule().begin();
        let fetched = tokio::time::timeout(FETCH_TIMEOUT, self.source.fetch()).await;
        let why = match fetched {
            Ok(Ok(keys)) => {
                self.fetched(keys);
                return true;
            }
            Ok(Err(error)) => format!("{}; {}", chain(&error), error.help()),
            Err(_) => format!("no answer within {} seconds", FETCH_TIMEOUT.as_secs()),
        };
        self.schedule().failed(Instant::now());
        if was_reached {
            tracing::warn!(issuer = self.issuer, error = why, "keys cannot be fetched; trying again");
        }
        false
    }

    fn fetched(&self, keys: KeySet) {
        let usable = keys.usable();
        if self.schedule().fetched(keys, Instant::now()) {
            tracing::info!(issuer = self.issuer, keys = usable, "issuer has other keys");
        }
        if usable == 0 {
            tracing::warn!(issuer = self.issuer, "issuer publishes no key that signs with RS256, PS256 or ES256");
        }
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
