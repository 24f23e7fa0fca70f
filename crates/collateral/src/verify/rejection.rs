//! Why evidence is rejected.

use std::borrow::Cow;

use dcap::{CollateralError, PckError, QuoteError, RefusalReason, VerifyError};
use evidence::{EvidenceError, FileError, Refusal};
use problem::Problem;

use crate::choose::error::ChooseError;
use crate::set::CollateralSet;

/// How many unrecognised files the help of a missing piece names.
const MAX_NAMED_FILES: usize = 5;

/// Why evidence is rejected: it cannot be read, it is not authentic, or it does not meet the requirements.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// The file holds no evidence that can be verified.
    #[error(transparent)]
    File(#[from] FileError),
    /// The quote cannot be read.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// The platform's certificate chain does not lead to a trusted root.
    #[error(transparent)]
    Pck(PckError),
    /// There is no collateral for the platform.
    #[error("{error}")]
    Collateral {
        /// Which piece is missing.
        error: ChooseError,
        /// The files that were no collateral: one of them may be the missing piece.
        unrecognised: Vec<String>,
    },
    /// The collateral cannot be used.
    #[error(transparent)]
    CollateralInvalid(#[from] CollateralError),
    /// The quote is not authentic.
    #[error(transparent)]
    Verify(VerifyError),
    /// The evidence cannot be verified for another reason.
    #[error(transparent)]
    Evidence(EvidenceError),
    /// The evidence is authentic and does not meet the requirements.
    #[error(transparent)]
    Refused(RefusalReason),
}

impl Rejection {
    pub(crate) fn not_chosen(error: ChooseError, set: &CollateralSet) -> Self {
        let files = set.unrecognised().iter().take(MAX_NAMED_FILES);
        let unrecognised = files.map(|file| format!("`{}` was passed over: {}", file.source, file.reason)).collect();
        Self::Collateral { error, unrecognised }
    }

    fn problem(&self) -> &dyn Problem {
        match self {
            Self::File(error) => error,
            Self::Quote(error) => error,
            Self::Pck(error) => error,
            Self::Collateral { error, .. } => error,
            Self::CollateralInvalid(error) => error,
            Self::Verify(error) => error,
            Self::Evidence(error) => error,
            Self::Refused(reason) => reason,
        }
    }
}

impl From<EvidenceError> for Rejection {
    /// The causes that have a variant of their own say it all.
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Pck(error) => Self::Pck(error),
            EvidenceError::Verify(error) => Self::Verify(error),
            other => Self::Evidence(other),
        }
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        let Refusal::Quote(refusal) = refusal;
        Self::Refused(refusal.reason)
    }
}

impl Problem for Rejection {
    fn code(&self) -> Cow<'static, str> {
        self.problem().code()
    }

    fn help(&self) -> Cow<'_, str> {
        let help = self.problem().help();
        match self {
            Self::Collateral { unrecognised, .. } if !unrecognised.is_empty() => {
                format!("{help}; {}", unrecognised.join("; ")).into()
            }
            _ => help,
        }
    }
}
