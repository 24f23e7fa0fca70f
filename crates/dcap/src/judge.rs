//! Judging a verified quote: somebody's requirements, and what passed them.

use crate::tcb_status::TcbStatus;
use crate::verify::VerifiedQuote;

/// What somebody demands of a verified quote.
///
/// The default is the narrowest: status `UpToDate` alone, no debugger, any evaluation number. Each method says what it
/// widens or narrows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirements {
    accepted: Vec<TcbStatus>,
    debug_allowed: bool,
    minimum_evaluation_data_number: u32,
}

/// A status that nobody may accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("status `Revoked` cannot be accepted")]
pub struct RevokedIsNeverAcceptable;

impl Default for Requirements {
    fn default() -> Self {
        Self { accepted: vec![TcbStatus::UpToDate], debug_allowed: false, minimum_evaluation_data_number: 0 }
    }
}

impl Requirements {
    /// Widens: accepts these statuses beside `UpToDate`.
    ///
    /// # Errors
    /// `Revoked` is never acceptable.
    pub fn accept(mut self, statuses: impl IntoIterator<Item = TcbStatus>) -> Result<Self, RevokedIsNeverAcceptable> {
        for status in statuses {
            if status == TcbStatus::Revoked {
                return Err(RevokedIsNeverAcceptable);
            }
            if !self.accepted.contains(&status) {
                self.accepted.push(status);
            }
        }
        Ok(self)
    }

    /// Widens: accepts enclaves that a debugger can read.
    #[must_use]
    pub const fn allow_debug(mut self) -> Self {
        self.debug_allowed = true;
        self
    }

    /// Narrows: both evaluation numbers must be at least this.
    #[must_use]
    pub const fn minimum_evaluation_data_number(mut self, number: u32) -> Self {
        self.minimum_evaluation_data_number = number;
        self
    }

    /// The accepted statuses.
    pub fn accepted(&self) -> &[TcbStatus] {
        &self.accepted
    }

    /// Judges a verified quote. It comes back in the refusal, so that it can be shown.
    ///
    /// # Errors
    /// See [`RefusalReason`]; the first that applies.
    pub fn judge(&self, quote: VerifiedQuote) -> Result<AcceptedQuote, Refusal> {
        match self.reason_against(&quote) {
            None => Ok(AcceptedQuote(quote)),
            Some(reason) => Err(Refusal { reason, quote: Box::new(quote) }),
        }
    }

    fn reason_against(&self, quote: &VerifiedQuote) -> Option<RefusalReason> {
        let tcb = quote.tcb();
        if quote.report().is_debug() && !self.debug_allowed {
            return Some(RefusalReason::Debug);
        }
        // Revoked is an error of verification already; a second lock costs nothing.
        if tcb.status == TcbStatus::Revoked || !self.accepted.contains(&tcb.status) {
            return Some(RefusalReason::TcbStatus(tcb.status));
        }
        let number = tcb.evaluation_data_number();
        let minimum = self.minimum_evaluation_data_number;
        (number < minimum).then_some(RefusalReason::EvaluationDataNumber { number, minimum })
    }
}

/// Why a verified quote was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusalReason {
    /// A debugger can read the enclave.
    #[error("enclave is in debug mode")]
    Debug,
    /// The status is none of the accepted ones.
    #[error("TCB status is `{0}`")]
    TcbStatus(TcbStatus),
    /// The collateral is of an older TCB recovery than demanded.
    #[error("collateral has evaluation number {number}, at least {minimum} is demanded")]
    EvaluationDataNumber {
        /// The lower one of TCB Info and QE identity.
        number: u32,
        /// What is demanded.
        minimum: u32,
    },
}

impl RefusalReason {
    /// A stable name of the reason.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Debug => "debug_not_allowed",
            Self::TcbStatus(_) => "tcb_status_not_accepted",
            Self::EvaluationDataNumber { .. } => "evaluation_number_too_low",
        }
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Debug => "build and sign the enclave for release, or allow debug where no secret is at stake",
            Self::TcbStatus(_) => "update the platform, or accept this status knowingly after reading its advisories",
            Self::EvaluationDataNumber { .. } => "fetch newer collateral",
        }
    }
}

/// A verified quote that was not accepted, and why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// Why.
    pub reason: RefusalReason,
    /// The quote: authentic, and not good enough.
    pub quote: Box<VerifiedQuote>,
}

/// A verified quote that met somebody's [`Requirements`]. Tokens and key releases take nothing less.
///
/// ```compile_fail
/// fn accept(quote: dcap::VerifiedQuote) -> dcap::AcceptedQuote { dcap::AcceptedQuote(quote) }
/// ```
/// ```compile_fail
/// let quote: dcap::AcceptedQuote = Default::default();
/// ```
#[derive(Clone, Debug)]
pub struct AcceptedQuote(VerifiedQuote);

impl AcceptedQuote {
    /// What was accepted.
    pub const fn quote(&self) -> &VerifiedQuote {
        &self.0
    }
}
