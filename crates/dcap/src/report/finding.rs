//! What a check found.

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable name of the check, such as `pck_crl.validity`.
    pub check: &'static str,
    /// Its result.
    pub outcome: Outcome,
}

/// Result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
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
