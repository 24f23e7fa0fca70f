//! Who did what, and what was decided.
//!
//! A change of the service's state is written down in the same transaction. Decisions, where the operator wants them, wait in a
//! bounded queue and are written behind: an attestation waits for no disk. Refusals of evidence that is not proven to come from a
//! platform are counted: anybody can cause as many as they like.

mod chains;
mod change;
mod decision;
mod error;
pub(crate) mod heads;
mod queue;
mod reading;
mod refusals;
mod report;
mod retention;

use std::future::Future;
use std::time::Duration;

use serde_json::{Map, Value, json};
use store::{AuditLog, Entry};
use tokio::sync::Mutex;
use unix_time::UnixTime;

pub use chains::AuditChains;
pub(crate) use change::Change;
pub(crate) use decision::{Decision, Observed};
pub use error::AuditError;
pub use heads::{AuditHeads, SavedHeads};
use queue::Queue;
use refusals::Refusals;
pub use report::{AuditReport, DeletedRecords, VerifiedChain};
pub use retention::{Retention, RetentionError};

/// Whose work it is what the service does by itself.
pub(crate) const BY_ITSELF: &str = "veritee";

/// How often the counts of refusals are written down.
const INTERVAL: Duration = Duration::from_secs(60);

/// What is written down beside changes, each with what those before it say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuditChoice {
    /// Nothing.
    #[default]
    Changes,
    /// The digest of each decision.
    Decisions,
    /// Beside it the last evidence of each platform that was proven genuine.
    LastEvidence,
    /// Beside it everything that each decision about proven evidence was made from.
    AllInputs,
}

/// The audit of one replica.
pub struct Audit {
    replica: String,
    choice: AuditChoice,
    queue: Queue,
    refusals: Refusals,
    interval: Duration,
    /// The token of the last heads, and the second it was made in: anybody may ask, and nobody shall make us sign all day.
    pub(crate) last_heads: Mutex<Option<(i64, String)>>,
}

impl Audit {
    /// Of the replica of that name.
    pub fn new(replica: String, choice: AuditChoice) -> Self {
        let (queue, refusals) = (Queue::new(), Refusals::default());
        Self { replica, choice, queue, refusals, interval: INTERVAL, last_heads: Mutex::default() }
    }

    /// Writes down the counts of refusals at that interval instead of every minute.
    #[must_use]
    pub fn counting_for(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// What the audit says of a change that somebody makes; `details` are the members of an object.
    pub fn entry(&self, action: &str, by: &str, at: UnixTime, details: Value) -> Entry {
        let mut text = match details {
            Value::Object(details) => details,
            _ => Map::new(),
        };
        text.extend([
            ("action".to_owned(), json!(action)),
            ("at".to_owned(), json!(at.to_string())),
            ("by".to_owned(), json!(by)),
        ]);
        Entry { replica: self.replica.clone(), text: Value::Object(text).to_string() }
    }

    /// Whether decisions are written down.
    pub(crate) fn wants_decisions(&self) -> bool {
        self.choice >= AuditChoice::Decisions
    }

    /// Whether decisions about proven evidence are written down with everything that they were made from.
    pub(crate) fn wants_inputs(&self) -> bool {
        self.choice >= AuditChoice::AllInputs
    }

    /// Takes a decision to be written down. Where too many are waiting it is counted as lost. The refusal of evidence that is not
    /// proven is counted only.
    pub(crate) fn decided(&self, decision: Decision) {
        match decision.outcome {
            Err(code) if !decision.observed.is_proven => {
                self.refusals.count((decision.provider, decision.attestation_type, code), decision.at);
            }
            _ => self.queue.push(decision.within(self.choice)),
        }
    }

    /// Writes down what was decided, for as long as it is polled or until [`Audit::close`]: then what is left.
    pub fn write_behind<'a>(&'a self, store: &'a dyn AuditLog) -> impl Future<Output = ()> + Send + 'a {
        self.queue.drain(self, store)
    }

    /// Takes no more decisions.
    pub fn close(&self) {
        self.queue.close();
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit").field("replica", &self.replica).field("choice", &self.choice).finish_non_exhaustive()
    }
}
