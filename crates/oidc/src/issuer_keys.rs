//! The cached keys of one issuer: fetched on schedule, and again when a token names an unknown key.

mod schedule;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use problem::{Problem, chain};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::key_set::KeySet;
use crate::key_source::KeySource;

use schedule::{Asked, Schedule};

/// The maximum duration of a fetch.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request waits for a fetch in progress.
const PATIENCE: Duration = Duration::from_secs(5);

/// The cached keys of one issuer.
///
/// [`Self::keep_fresh`] fetches them, one fetch at a time, on schedule and when a request asks for it. While it is not polled
/// nothing is fetched, and [`Self::having`] returns no keys once those in the cache are an hour old.
#[derive(Debug)]
pub struct IssuerKeys {
    issuer: String,
    source: KeySource,
    schedule: Mutex<Schedule>,
    wanted: Notify,
    /// The number of fetches that have ended, with or without success.
    ended: watch::Sender<u64>,
}

impl IssuerKeys {
    /// Makes an empty cache of the keys that `source` fetches. Nothing is fetched yet.
    pub fn new(issuer: String, source: KeySource) -> Self {
        let schedule = Mutex::new(Schedule::new(Instant::now()));
        Self { issuer, source, schedule, wanted: Notify::new(), ended: watch::Sender::new(0) }
    }

    /// Returns the keys. If none of them has the id `kid`, asks for a fetch and waits up to five seconds for it; tokens can cause one
    /// fetch in half a minute. Returns `None` if the issuer has been unreachable for more than an hour.
    pub async fn having(&self, kid: Option<&str>) -> Option<Arc<KeySet>> {
        let known = self.schedule().known(Instant::now());
        let is_among = |keys: &Arc<KeySet>| kid.is_none_or(|kid| keys.has(kid));
        if known.as_ref().is_some_and(is_among) {
            return known;
        }
        self.ask().await;
        self.schedule().known(Instant::now())
    }

    /// Waits for a fetch, if the schedule allows one.
    async fn ask(&self) {
        let mut ended = self.ended.subscribe();
        match self.schedule().ask(Instant::now()) {
            Asked::TooSoon => return,
            Asked::UnderWay => {}
            Asked::Granted => self.wanted.notify_one(),
        }
        // The caller looks at the keys in the cache afterwards, whether or not the fetch ended.
        let _ = tokio::time::timeout(PATIENCE, ended.changed()).await;
    }

    /// Fetches the keys whenever they are due or asked for. Never returns.
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

    /// Fetches the keys and returns whether the issuer was reached. Logs a failure only if the previous fetch succeeded.
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
            tracing::warn!(issuer = self.issuer, error = why, "cannot fetch the issuer's keys; trying again");
        }
        false
    }

    fn fetched(&self, keys: KeySet) {
        let usable = keys.usable();
        if self.schedule().fetched(keys, Instant::now()) {
            tracing::info!(issuer = self.issuer, keys = usable, "the issuer's keys have changed");
        }
        if usable == 0 {
            tracing::warn!(issuer = self.issuer, "the issuer publishes no key for RS256, PS256 or ES256");
        }
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
