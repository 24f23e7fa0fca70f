//! Reading the audit, a page at a time.

use store::{PlatformEvidence, Record, StoreError};

use crate::providers::Providers;

/// Records, and platforms, of one page.
const PAGE: i64 = 100;
/// Bytes of records in one page; one record is in it in any case.
const PAGE_BYTES: usize = 1 << 20;

impl Providers {
    /// Returns the records of a replica after that number, a page of them.
    ///
    /// # Errors
    /// Fails if the store does.
    pub async fn audit_records(&self, replica: &str, after: i64) -> Result<Vec<Record>, StoreError> {
        let mut records = self.store.records(replica, after, PAGE).await?;
        let mut bytes: usize = 0;
        let fits = |record: &Record| {
            let before = bytes;
            bytes = bytes.saturating_add(record.text.len());
            before == 0 || bytes <= PAGE_BYTES
        };
        let count = records.iter().map(fits).take_while(|fits| *fits).count();
        records.truncate(count);
        Ok(records)
    }

    /// Returns an input that a decision was made from, if it is kept.
    ///
    /// # Errors
    /// Fails if the store does.
    pub async fn audit_input(&self, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.input(sha256).await
    }

    /// Returns the platforms of a provider whose last evidence is kept, a page of those after `after`.
    ///
    /// # Errors
    /// Fails if the store does.
    pub async fn audit_platforms(&self, provider: &str, after: &[u8; 32]) -> Result<Vec<[u8; 32]>, StoreError> {
        self.store.platforms(provider, after, PAGE).await
    }

    /// Returns the last evidence of a platform, if it is kept.
    ///
    /// # Errors
    /// Fails if the store does.
    pub async fn audit_evidence(
        &self,
        provider: &str,
        platform: &[u8; 32],
    ) -> Result<Option<PlatformEvidence>, StoreError> {
        self.store.platform_evidence(provider, platform).await
    }
}
