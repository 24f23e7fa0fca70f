//! Why an audit does not verify.

use std::borrow::Cow;

use problem::Problem;
use store::BrokenChain;
use token::TokenError;

/// Why an audit, or a head of it, does not verify.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// A record is missing, or was changed.
    #[error("audit of replica {replica} is broken")]
    Broken {
        /// The replica.
        replica: String,
        /// What is wrong with the record.
        source: BrokenChain,
    },
    /// A record is another one than a head says.
    #[error("record {number} of replica {replica} has another hash than the head says")]
    Rewritten {
        /// The replica.
        replica: String,
        /// The record.
        number: i64,
    },
    /// A chain ends before a record that a head names.
    #[error("chain of replica {replica} ends at record {last}; a head says that there were {number}")]
    TailMissing {
        /// The replica.
        replica: String,
        /// The last record.
        last: i64,
        /// The record that the head names.
        number: i64,
    },
    /// The first records are missing, and no record announces their deletion.
    #[error("records 1 to {through} of replica {replica} are missing, and no record says that retention deleted them")]
    BeginningMissing {
        /// The replica.
        replica: String,
        /// The last missing record.
        through: i64,
    },
    /// The statement in the announcement of a deletion is not the service's.
    #[error("record {number} of replica {replica} announces a deletion that the service did not sign")]
    DeletionRefused {
        /// The replica.
        replica: String,
        /// The record that announces the deletion.
        number: i64,
        /// What is wrong with the statement.
        source: TokenError,
    },
    /// The statement in the announcement of a deletion is the service's, but not about this deletion.
    #[error(
        "record {number} of replica {replica} announces a deletion that the service did not sign: it is about something else"
    )]
    OtherDeletion {
        /// The replica.
        replica: String,
        /// The record that announces the deletion.
        number: i64,
    },
    /// Nothing proves that the service announced a deletion: neither a verified signature nor a saved head.
    #[error(
        "records 1 to {through} of replica {replica} were deleted, and it is not proven that the service did it: \
         the signature in record {number} was not verified"
    )]
    DeletionUnproven {
        /// The replica.
        replica: String,
        /// The last deleted record.
        through: i64,
        /// The record that announces the deletion.
        number: i64,
    },
    /// An error was found before, and verification went on.
    #[error("an error was found in this audit before: nothing more is verified")]
    FailedBefore,
    /// The audit has no record.
    #[error("the audit holds no record: nothing was verified")]
    NoRecords,
    /// The service signs that its audit has no chains.
    #[error("the service has no audit chains: nothing was verified")]
    NoChains,
    /// A token holds no head.
    #[error("`{name}` holds no head of an audit")]
    NoHead {
        /// Where the token is from.
        name: String,
    },
    /// A saved head is not signed by the service.
    #[error("`{name}` is not a head of this service")]
    HeadRefused {
        /// Where the head is from.
        name: String,
        /// What is wrong with its token.
        source: TokenError,
    },
    /// The head that the service gives now is not signed by it.
    #[error(transparent)]
    Token(TokenError),
}

impl AuditError {
    /// The code of an error about a missing record.
    pub const RECORD_MISSING: &str = "audit_record_missing";
}

impl Problem for AuditError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Broken { source: BrokenChain::Number { .. }, .. } => Self::RECORD_MISSING,
            Self::Broken { .. } => "audit_record_changed",
            Self::Rewritten { .. } => "audit_rewritten",
            Self::TailMissing { .. } => "audit_tail_missing",
            Self::BeginningMissing { .. } => "audit_beginning_missing",
            Self::DeletionRefused { .. } | Self::OtherDeletion { .. } => "audit_deletion_refused",
            Self::DeletionUnproven { .. } => "audit_deletion_unproven",
            Self::FailedBefore => "audit_failed_before",
            Self::NoRecords | Self::NoChains => "audit_empty",
            Self::NoHead { .. } => "audit_head_malformed",
            Self::HeadRefused { .. } => "audit_head_refused",
            Self::Token(error) => return error.code(),
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Broken { .. } => {
                "the audit was changed or the database is damaged: compare it with a copy. If retention deleted records during an \
                 export, export again"
            }
            Self::Rewritten { .. } => "the chain was rewritten after the head was saved",
            Self::TailMissing { .. } => "records were cut off, or the database was put back",
            Self::BeginningMissing { .. } => "records were cut off: compare the audit with a copy",
            Self::DeletionRefused { .. } | Self::OtherDeletion { .. } => {
                "another program deleted the records and wrote the announcement: compare the audit with a copy"
            }
            Self::DeletionUnproven { .. } => {
                "give a head that was saved after that record, or verify at the service, while it publishes the key"
            }
            Self::FailedBefore => "see the first error, and begin again with the first record",
            Self::NoRecords => "give the file of an exported audit",
            Self::NoChains => {
                "every service records its own creation, so its audit was removed or the service uses another database; compare it \
                 with a copy"
            }
            Self::NoHead { .. } => "give a file with saved heads",
            Self::HeadRefused { source, .. } => return source.help(),
            Self::Token(error) => return error.help(),
        }
        .into()
    }
}
