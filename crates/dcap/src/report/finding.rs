//! What a check found.

use serde::Serialize;

use crate::documents::tcb_status::TcbStatus;

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable name of the check, such as `pck_crl.validity`.
    pub check: &'static str,
    /// Its result.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The TCB status, which the check `tcb_level` finds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<TcbStatus>,
}

/// Result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed {
        /// The code that verification gives.
        code: String,
        /// What is wrong.
        message: String,
        /// What to do about it.
        help: String,
    },
    /// It could not be made, because that check did not pass.
    Skipped {
        /// Name of the other check.
        because: &'static str,
    },
}
