//! Judging a verified quote: somebody's requirements, and what passed them.

use std::borrow::Cow;

use abi::tdx::TdReport10;
use problem::Problem;

use crate::documents::tcb_status::TcbStatus;
use crate::judge::refusal::{Allowance, RefusalReason};
use crate::quote::report::Report;
use crate::verify::verified::VerifiedQuote;

/// What somebody demands of a verified quote.
///
/// The default is the narrowest: status `UpToDate` alone, none of the [`Allowance`]s, any evaluation number. Each method
/// says what it widens or narrows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirements {
    accepted: Vec<TcbStatus>,
    allowed: Vec<Allowance>,
    minimum_evaluation_data_number: u32,
    maximum_collateral_age: i64,
    rejected_advisories: Vec<String>,
}

/// A status that nobody may accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("status `Revoked` cannot be accepted")]
pub struct RevokedIsNeverAcceptable;

impl Problem for RevokedIsNeverAcceptable {
    fn code(&self) -> Cow<'static, str> {
        "tcb_status_revoked".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "leave Revoked out of the accepted statuses: Intel withdrew such platforms".into()
    }
}

impl Default for Requirements {
    fn default() -> Self {
        Self {
            accepted: vec![TcbStatus::UpToDate],
            allowed: Vec::new(),
            minimum_evaluation_data_number: 0,
            maximum_collateral_age: i64::MAX,
            rejected_advisories: Vec::new(),
        }
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

    /// Widens: allows what the default refuses.
    #[must_use]
    pub fn allow(mut self, allowance: Allowance) -> Self {
        if !self.allowed.contains(&allowance) {
            self.allowed.push(allowance);
        }
        self
    }

    /// Narrows: both evaluation numbers must be at least this. What was demanded before is never lowered.
    #[must_use]
    pub fn minimum_evaluation_data_number(mut self, number: u32) -> Self {
        self.minimum_evaluation_data_number = self.minimum_evaluation_data_number.max(number);
        self
    }

    /// Narrows: TCB Info, QE identity and PCK CRL must have been issued at most so many seconds before the verification
    /// time, whatever Intel's 30 days say. (The root CRL is issued once a year.) What was demanded before is never raised.
    #[must_use]
    pub fn maximum_collateral_age(mut self, seconds: i64) -> Self {
        self.maximum_collateral_age = self.maximum_collateral_age.min(seconds);
        self
    }

    /// Narrows: refuses platforms to which one of these advisories applies, such as `INTEL-SA-00615`. An advisory that is
    /// not named here is no failure.
    #[must_use]
    pub fn reject_advisories(mut self, ids: impl IntoIterator<Item = String>) -> Self {
        self.rejected_advisories.extend(ids);
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

    /// Appraisal steps 5.1 to 5.5: the first that fails.
    fn reason_against(&self, quote: &VerifiedQuote) -> Option<RefusalReason> {
        let tcb = quote.tcb();
        // Appraisal step 5.1.
        let refused = needed_allowances(quote.report()).find(|needed| !self.allowed.contains(needed));
        if let Some(allowance) = refused {
            return Some(RefusalReason::NotAllowed(allowance));
        }
        // Appraisal step 5.2. Revoked is an error of verification already (step 4.17); it is checked again.
        if tcb.status == TcbStatus::Revoked || !self.accepted.contains(&tcb.status) {
            return Some(RefusalReason::TcbStatus(tcb.status));
        }
        // Appraisal step 5.3.
        let number = tcb.evaluation_data_number();
        let minimum = self.minimum_evaluation_data_number;
        if number < minimum {
            return Some(RefusalReason::EvaluationDataNumber { number, minimum });
        }
        // Appraisal step 5.4.
        let age = quote.at().seconds().saturating_sub(quote.collateral_issued().seconds());
        let maximum = self.maximum_collateral_age;
        if age > maximum {
            return Some(RefusalReason::CollateralAge { age, maximum });
        }
        // Appraisal step 5.5.
        let rejected = tcb.advisory_ids.iter().find(|id| self.rejected_advisories.contains(id));
        rejected.map(|id| RefusalReason::Advisory(id.clone()))
    }
}

/// What somebody has to allow for that report to be accepted.
fn needed_allowances(report: &Report) -> impl Iterator<Item = Allowance> {
    let td = report.td_report();
    let td_has = |attributes| td.is_some_and(|td| td.has(attributes));
    [
        (Allowance::Debug, report.is_debug()),
        (Allowance::SeptVe, td.is_some() && !td_has(TdReport10::SEPT_VE_DISABLE)),
        (Allowance::Migratable, td_has(TdReport10::MIGRATABLE)),
        (Allowance::ServiceTd, td_has(TdReport10::SERVTD_EXT) || report.has_service_td()),
        (Allowance::ReservedAttributes, td_has(TdReport10::RESERVED)),
    ]
    .into_iter()
    .filter_map(|(allowance, is_needed)| is_needed.then_some(allowance))
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

impl Problem for Refusal {
    fn code(&self) -> Cow<'static, str> {
        self.reason.code()
    }

    fn help(&self) -> Cow<'_, str> {
        self.reason.help()
    }
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
