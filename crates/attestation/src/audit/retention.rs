//! Deleting the oldest part of the audit: the first records of each chain, and the inputs and evidence of that time.
//!
//! A deletion is announced in the chain that it shortens, by a record with a statement that the provider `default` signs: up to
//! which record, and the hash of that record, which the first kept one names. So whoever verifies the chain sees the deletion, and
//! a writer of the database cannot announce one.

use problem::Problem;
use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use store::{Chain, Head, RETENTION, Record, StoreError};
use unix_time::UnixTime;

use super::BY_ITSELF;
use crate::administration::AdministrationError;
use crate::providers::Providers;

/// The claim of the signed statement in a record that announces a deletion.
pub(super) const CLAIM: &str = "x-veritee-audit-retention";

/// Rows that one statement deletes.
const BATCH: i64 = 500;

/// The time at which an input was last used is accurate to this many seconds, see [`store::AuditLog::append`].
const ACCURACY: i64 = 3600;

/// How long the audit is kept, and how large it becomes: at least one of both is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    max_age: Option<Duration>,
    max_bytes: Option<u64>,
}

/// Why nothing, or not everything, was deleted.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// The database failed.
    #[error("the audit cannot be shortened")]
    Store(#[from] StoreError),
    /// The announcement cannot be signed.
    #[error("the deletion of audit records cannot be announced")]
    Announcement(#[from] AdministrationError),
    /// There is no provider `default` to sign it.
    #[error("provider `default` cannot be used to announce the deletion of audit records")]
    NoProvider,
}

impl Problem for RetentionError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Store(_) => "audit_store_failed".into(),
            Self::Announcement(error) => error.code(),
            Self::NoProvider => "default_provider_unusable".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Store(_) => "check that the database can be reached and written".into(),
            Self::Announcement(error) => error.help(),
            Self::NoProvider => "the service's log says why it cannot be used".into(),
        }
    }
}

impl Retention {
    /// Limits of age and size; none without any limit.
    pub fn new(max_age: Option<Duration>, max_bytes: Option<u64>) -> Option<Self> {
        (max_age.is_some() || max_bytes.is_some()).then_some(Self { max_age, max_bytes })
    }

    /// What is older may be deleted.
    fn oldest(&self, now: UnixTime) -> Option<UnixTime> {
        let age = i64::try_from(self.max_age?.as_secs()).unwrap_or(i64::MAX);
        Some(earlier(now, age))
    }

    /// A chain is shortened when its first record is older by this much than it has to be, so that it does not get a record
    /// about each deleted record: a twentieth of the age, a day at most.
    fn tolerance(&self) -> i64 {
        let age = self.max_age.map_or(0, |age| age.as_secs());
        i64::try_from(age.checked_div(20).unwrap_or_default().min(86_400)).unwrap_or_default()
    }
}

/// The member of a record's text that all records have.
#[derive(Deserialize)]
struct Written {
    at: UnixTime,
}

/// Whether a record is older than `before`. One that does not say its time is never old.
fn is_older(record: &Record, before: UnixTime) -> bool {
    serde_json::from_str::<Written>(&record.text).is_ok_and(|written| written.at < before)
}

fn earlier(time: UnixTime, seconds: i64) -> UnixTime {
    UnixTime::from_seconds(time.seconds().saturating_sub(seconds))
}

impl Providers {
    /// Deletes what is older or more than the audit may have, and returns how many rows were deleted. Several replicas may do it
    /// at the same time.
    ///
    /// # Errors
    /// See [`RetentionError`]. What was deleted until then stays deleted and was announced.
    pub async fn retain_audit(&self, retention: &Retention, now: UnixTime) -> Result<u64, RetentionError> {
        let chains = self.store.chains().await?;
        let oldest = retention.oldest(now);
        let to_fit = match retention.max_bytes {
            Some(limit) => self.oldest_that_fits(&chains, limit, now).await?,
            None => None,
        };
        for chain in &chains {
            let is_due = match oldest {
                Some(oldest) => self.is_first_older(chain, earlier(oldest, retention.tolerance())).await?,
                None => false,
            };
            let Some(before) = oldest.filter(|_| is_due).max(to_fit) else { continue };
            if let Some(anchor) = self.last_older(chain, before).await? {
                self.announce(&anchor, before, now).await?;
            }
        }
        let mut deleted: u64 = 0;
        for chain in &chains {
            loop {
                let count = self.store.delete_records(&chain.head.replica, BATCH).await?;
                deleted = deleted.saturating_add(count);
                if count == 0 {
                    break;
                }
            }
        }
        if let Some(before) = oldest.max(to_fit) {
            loop {
                let count = self.store.delete_inputs(before.plus(-ACCURACY), BATCH).await?;
                deleted = deleted.saturating_add(count);
                if count == 0 {
                    break;
                }
            }
        }
        Ok(deleted)
    }

    /// Announces in the chain that its records up to the anchor are deleted, unless another replica was first.
    async fn announce(&self, anchor: &Head, before: UnixTime, now: UnixTime) -> Result<(), RetentionError> {
        let provider = self.default_provider().ok_or(RetentionError::NoProvider)?;
        let said = json!({
            "replica": anchor.replica,
            "through": anchor.number,
            "hash": hex::encode(anchor.hash),
            "deletedBefore": before.min(now).to_string(),
        });
        let mut details = said.clone();
        if let Some(details) = details.as_object_mut() {
            details.insert("statement".to_owned(), provider.answer([(CLAIM, said)], now)?.into());
        }
        let entry = self.config.audit.entry(RETENTION, BY_ITSELF, now, details);
        if self.store.move_anchor(anchor, &entry.text).await? {
            tracing::info!(replica = anchor.replica, through = anchor.number, "old records of the audit are deleted");
        }
        Ok(())
    }

    async fn is_first_older(&self, chain: &Chain, before: UnixTime) -> Result<bool, StoreError> {
        let first = self.store.records(&chain.head.replica, chain.anchor.number, 1).await?;
        Ok(first.first().is_some_and(|record| is_older(record, before)))
    }

    /// The last record of the beginning of a chain that is older than `before`. The last record of a chain always stays.
    async fn last_older(&self, chain: &Chain, before: UnixTime) -> Result<Option<Head>, StoreError> {
        let (mut old, mut kept, mut last) = (chain.anchor.number, chain.head.number, None);
        loop {
            // Half way: the times of a chain go up, as far as its clock did.
            let middle = old.saturating_add(kept.saturating_sub(old).checked_div(2).unwrap_or_default());
            if middle <= old {
                return Ok(last);
            }
            let found = self.store.records(&chain.head.replica, middle.saturating_sub(1), 1).await?;
            match found.into_iter().next() {
                Some(record) if record.number == middle && is_older(&record, before) => {
                    old = middle;
                    last = Some(Head { replica: record.replica, number: middle, hash: record.hash });
                }
                _ => kept = middle,
            }
        }
    }

    /// Where the audit takes more than `limit` bytes, the time whose earlier part has to go for nine tenths of that to be left.
    async fn oldest_that_fits(
        &self,
        chains: &[Chain],
        limit: u64,
        now: UnixTime,
    ) -> Result<Option<UnixTime>, StoreError> {
        if self.size_since(chains, UnixTime::from_seconds(0)).await? <= limit {
            return Ok(None);
        }
        let target = limit.saturating_sub(limit.checked_div(10).unwrap_or_default());
        let (mut too_early, mut fits) = (0, now.seconds().saturating_add(ACCURACY).saturating_add(1));
        while fits.saturating_sub(too_early) > 1 {
            let middle = too_early.saturating_add(fits.saturating_sub(too_early).checked_div(2).unwrap_or_default());
            if self.size_since(chains, UnixTime::from_seconds(middle)).await? <= target {
                fits = middle;
            } else {
                too_early = middle;
            }
        }
        Ok(Some(UnixTime::from_seconds(fits)))
    }

    /// The bytes that are left when everything before that time is deleted.
    async fn size_since(&self, chains: &[Chain], since: UnixTime) -> Result<u64, StoreError> {
        let mut size = self.store.inputs_size(since.plus(-ACCURACY)).await?;
        for chain in chains {
            let last = self.last_older(chain, since).await?.map_or(chain.anchor.number, |last| last.number);
            size = size.saturating_add(self.store.records_size(&chain.head.replica, last).await?);
        }
        Ok(u64::try_from(size).unwrap_or_default())
    }
}
