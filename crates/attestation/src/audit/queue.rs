//! Decisions wait here until they are written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use store::{AuditLog, Input, PlatformEvidence};
use tokio::sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::MissedTickBehavior;
use unix_time::UnixTime;

use super::decision::Digest;
use super::{Audit, BY_ITSELF};
use problem::chain;

/// Decisions that wait at most.
const LENGTH: usize = 4096;
/// Kibibytes that they take at most.
const KIBIBYTES: usize = 64 << 10;
/// Decisions of one record.
const BATCH: usize = 64;
/// How long the first decision of a record waits for others.
const PAUSE: Duration = Duration::from_millis(100);
/// How long until a store that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

struct Waiting {
    digest: Digest,
    _room: OwnedSemaphorePermit,
}

/// A bounded queue: what has no room in it is counted.
pub(super) struct Queue {
    sender: mpsc::Sender<Waiting>,
    receiver: Mutex<mpsc::Receiver<Waiting>>,
    room: Arc<Semaphore>,
    lost: AtomicU64,
    closing: Notify,
}

impl Queue {
    pub(super) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(LENGTH);
        let room = Arc::new(Semaphore::new(KIBIBYTES));
        Self { sender, receiver: Mutex::new(receiver), room, lost: AtomicU64::new(0), closing: Notify::new() }
    }

    pub(super) fn push(&self, digest: Digest) {
        let size = u32::try_from(digest.size() >> 10).unwrap_or(u32::MAX);
        let pushed = Arc::clone(&self.room)
            .try_acquire_many_owned(size)
            .is_ok_and(|room| self.sender.try_send(Waiting { digest, _room: room }).is_ok());
        if !pushed {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn close(&self) {
        self.closing.notify_one();
    }

    /// Writes batches of decisions, one record each, and one of counted refusals for each interval. What the store does not take
    /// is tried again until it does.
    pub(super) async fn drain(&self, audit: &Audit, store: &dyn AuditLog) {
        let mut receiver = self.receiver.lock().await;
        let mut waiting = Vec::new();
        let mut interval = tokio::time::interval(audit.interval.max(PAUSE));
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                count = receiver.recv_many(&mut waiting, BATCH) => if count == 0 {
                    return write_refusals(audit, store).await;
                },
                _ = interval.tick() => {
                    write_refusals(audit, store).await;
                    continue;
                }
                () = self.closing.notified() => {
                    receiver.close();
                    continue;
                }
            }
            if waiting.len() < BATCH && !receiver.is_closed() {
                tokio::time::sleep(PAUSE).await;
                while let Some(more) = (waiting.len() < BATCH).then(|| receiver.try_recv().ok()).flatten() {
                    waiting.push(more);
                }
            }
            let lost = self.lost.swap(0, Ordering::Relaxed);
            if lost > 0 {
                tracing::warn!(lost, "decisions were not written down: too many were waiting");
            }
            write(audit, store, waiting.drain(..).map(|waiting| waiting.digest).collect(), lost).await;
        }
    }
}

async fn write(audit: &Audit, store: &dyn AuditLog, digests: Vec<Digest>, lost: u64) {
    let (mut decisions, mut inputs, mut last) = (Vec::<Value>::new(), Vec::new(), Vec::new());
    for digest in digests {
        decisions.push(digest.text);
        inputs.extend(digest.inputs);
        last.extend(digest.last);
    }
    inputs.sort_by_key(|input: &Input| input.sha256);
    inputs.dedup_by_key(|input| input.sha256);
    append(audit, store, "decisions", json!({"decisions": decisions, "lost": lost}), (&inputs, &last)).await;
}

async fn write_refusals(audit: &Audit, store: &dyn AuditLog) {
    if let Some(counts) = audit.refusals.take(UnixTime::of_system_clock()) {
        append(audit, store, "refusals", counts, (&[], &[])).await;
    }
}

async fn append(
    audit: &Audit,
    store: &dyn AuditLog,
    action: &str,
    details: Value,
    (inputs, last): (&[Input], &[PlatformEvidence]),
) {
    let at = UnixTime::of_system_clock();
    let entry = audit.entry(action, BY_ITSELF, at, details);
    let mut failed = false;
    while let Err(error) = store.append(&entry, inputs, last, at.seconds()).await {
        if !failed {
            tracing::warn!(error = chain(&error), "decisions cannot be written down; trying again");
        }
        failed = true;
        tokio::time::sleep(RETRY).await;
    }
}
