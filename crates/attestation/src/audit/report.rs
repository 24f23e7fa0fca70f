//! What was verified of an audit.

use serde::Serialize;

use super::heads::SavedHeads;

/// An audit in which nothing was changed or cut off, as far as the saved heads show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// The chains, by replica.
    pub chains: Vec<VerifiedChain>,
    /// The saved heads that the chains agree with. Without any, a tail that was cut off is not detected.
    pub heads: Vec<SavedHeads>,
}

/// A chain in which each record follows the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerifiedChain {
    /// The replica.
    pub replica: String,
    /// The number of the last record.
    pub records: i64,
    /// The hash of the last record.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub hash: [u8; 32],
    /// What retention deleted.
    pub deleted: Option<DeletedRecords>,
}

/// The first records of a chain, which the service deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletedRecords {
    /// The last deleted record.
    pub through: i64,
    /// The record that announces the deletion.
    pub announced_in: i64,
    /// Whether the signature of the announcement was verified; otherwise a saved head confirms the record.
    pub signature_verified: bool,
    /// Deleted records that saved heads name: their hashes were not compared.
    pub heads_not_compared: Vec<i64>,
}
