//! Chains of records that cannot be changed unseen.
//!
//! Each replica has a chain of its own. A record's hash covers the hash of the one before it, so whoever kept the hash of a
//! record (a head) sees whether anything before it was changed, and whether records after the last are missing.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};
use problem::Problem;

/// What is about to be written down: by which replica, and what, as a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The replica whose chain it goes to.
    pub replica: String,
    /// What happened, exactly as it is kept.
    pub text: String,
}

/// What was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The replica whose chain it is in.
    pub replica: String,
    /// Its number in the chain, from 1.
    pub number: i64,
    /// The hash of the record before it; of the first, zeros.
    pub previous: [u8; 32],
    /// Its own hash: [`link`].
    pub hash: [u8; 32],
    /// What happened.
    pub text: String,
}

/// The last record of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The replica.
    pub replica: String,
    /// The number of the record.
    pub number: i64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// The `action` of a record that announces the deletion of the first records of its chain. The database moves an anchor only
/// right after such a record.
pub const RETENTION: &str = "audit.retention";

/// Both ends of what is kept of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The last record.
    pub head: Head,
    /// The last record that retention deleted, [`Head::before`] if none was: the first kept record follows it.
    pub anchor: Head,
}

/// The hash of a record: SHA-256 over four lines, the replica, the number in decimal, the hash of the record before it in
/// lowercase hexadecimal, and the text; the first three end in a newline.
pub fn link(replica: &str, number: i64, previous: &[u8; 32], text: &str) -> [u8; 32] {
    let previous: String = previous.iter().map(|byte| format!("{byte:02x}")).collect();
    let hash = digest(&SHA256, format!("{replica}\n{number}\n{previous}\n{text}").as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.as_ref());
    bytes
}

/// Why a record is not the next one of a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// It has another number: one is missing, or there twice.
    #[error("record {expected} is missing, record {found} comes in its place")]
    Number {
        /// The number it should have.
        expected: i64,
        /// The number it has.
        found: i64,
    },
    /// It does not name the hash of the one before it.
    #[error("record {number} does not follow the one before it")]
    Previous {
        /// Its number.
        number: i64,
    },
    /// Its hash is not that of what it says.
    #[error("record {number} was changed: its hash is another")]
    Hash {
        /// Its number.
        number: i64,
    },
}

impl Problem for BrokenChain {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Number { .. } => "audit_record_missing".into(),
            Self::Previous { .. } => "audit_record_unconnected".into(),
            Self::Hash { .. } => "audit_record_changed".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        "compare the database with a copy: records were changed, removed or put in without the service".into()
    }
}

impl Head {
    /// Before the first record of a chain.
    pub fn before(replica: &str) -> Self {
        Self { replica: replica.to_owned(), number: 0, hash: [0; 32] }
    }

    /// The head after one more record, where it is the next.
    ///
    /// # Errors
    /// [`BrokenChain`].
    pub fn follow(&self, record: &Record) -> Result<Self, BrokenChain> {
        let number = record.number;
        let expected = self.number.saturating_add(1);
        if number != expected || record.replica != self.replica {
            return Err(BrokenChain::Number { expected, found: number });
        }
        if record.previous != self.hash {
            return Err(BrokenChain::Previous { number });
        }
        if record.hash != link(&record.replica, number, &record.previous, &record.text) {
            return Err(BrokenChain::Hash { number });
        }
        Ok(Self { replica: self.replica.clone(), number, hash: record.hash })
    }
}
