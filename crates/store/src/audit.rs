//! The audit: what was changed and decided, and what decisions were made from.

mod chain;

use async_trait::async_trait;
use unix_time::UnixTime;

use crate::error::StoreError;

pub use chain::{BrokenChain, Chain, Entry, Head, RETENTION, Record, link};

/// The last evidence that a platform sent to a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct PlatformEvidence {
    /// The provider.
    pub provider: String,
    /// Which platform, as the service tells them apart.
    pub platform: [u8; 32],
    /// When it came.
    pub received_at: UnixTime,
    /// The evidence.
    pub evidence: Vec<u8>,
    /// SHA-256 of the collateral it was judged by, which is kept as an [`Input`].
    pub collateral: [u8; 32],
}

impl std::fmt::Debug for PlatformEvidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlatformEvidence").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// Something that a decision was made from, kept under its SHA-256.
#[derive(Clone, PartialEq, Eq)]
pub struct Input {
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("length", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// What keeps the audit.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Writes something down that changes nothing else, with what it was decided from. `at` is the time at which the inputs
    /// are used.
    async fn append(
        &self,
        entry: &Entry,
        inputs: &[Input],
        last: &[PlatformEvidence],
        at: UnixTime,
    ) -> Result<(), StoreError>;

    /// The ends of each chain, by replica.
    async fn chains(&self) -> Result<Vec<Chain>, StoreError>;

    /// The last record of each chain, by replica.
    async fn heads(&self) -> Result<Vec<Head>, StoreError> {
        Ok(self.chains().await?.into_iter().map(|chain| chain.head).collect())
    }

    /// The records of a chain after that number and after its anchor, as many as `limit`.
    async fn records(&self, replica: &str, after: i64, limit: i64) -> Result<Vec<Record>, StoreError>;

    /// Something that a decision was made from, by its SHA-256.
    async fn input(&self, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The platforms whose last evidence is kept, those after `after`, as many as `limit`.
    async fn platforms(&self, provider: &str, after: &[u8; 32], limit: i64) -> Result<Vec<[u8; 32]>, StoreError>;

    /// The last evidence of a platform.
    async fn platform_evidence(
        &self,
        provider: &str,
        platform: &[u8; 32],
    ) -> Result<Option<PlatformEvidence>, StoreError>;

    /// The bytes that the records of a chain after that number take.
    async fn records_size(&self, replica: &str, after: i64) -> Result<i64, StoreError>;

    /// The bytes of inputs that were used at that time or later, and of evidence received then.
    async fn inputs_size(&self, since: UnixTime) -> Result<i64, StoreError>;

    /// Adds a record that announces a deletion, with the action [`RETENTION`], to the chain of the anchor, and moves the chain's
    /// anchor there. Returns false and changes nothing if the chain has no such record, or its anchor is there already.
    async fn move_anchor(&self, anchor: &Head, text: &str) -> Result<bool, StoreError>;

    /// Deletes records of a chain up to its anchor, the oldest `limit` of them. Returns how many were deleted.
    async fn delete_records(&self, replica: &str, limit: i64) -> Result<u64, StoreError>;

    /// Deletes inputs last used before that time, and evidence received before it, `limit` of each. Returns how many were
    /// deleted. From then on the database lets inputs from before that time be deleted.
    async fn delete_inputs(&self, before: UnixTime, limit: i64) -> Result<u64, StoreError>;
}
