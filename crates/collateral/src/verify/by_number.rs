//! The status under each set of collateral that is valid at the time.
//!
//! During a TCB recovery Intel serves two sets: `early` has the new levels, `standard` the previous ones. Pieces do not say which they
//! are: the highest evaluation data number is reported as early, the next as standard.

use dcap::{PlatformFamily, TcbStatus};
use evidence::{Context, Details, Pending, Step};
use problem::Problem;
use serde::Serialize;

use crate::choose::choice::Choice;
use crate::set::CollateralSet;

/// The status under collateral of one evaluation data number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusByNumber {
    /// Which of Intel's sets it is; older sets have no name.
    pub update: Option<Update>,
    /// Evaluation data number of TCB Info.
    pub tcb_info_evaluation_data_number: u32,
    /// Evaluation data number of the QE identity.
    pub qe_identity_evaluation_data_number: u32,
    /// The TCB status.
    pub status: Option<TcbStatus>,
    /// The code of the error if the status is absent.
    pub error: Option<String>,
}

/// Intel's name of a set of collateral.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Update {
    /// The set with the new levels.
    Early,
    /// The set with the previous levels.
    Standard,
}

impl Update {
    /// Returns the name, as JSON has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Standard => "standard",
        }
    }
}

/// One status for each evaluation data number; none unless there are several.
pub(super) fn statuses(
    set: &CollateralSet,
    family: &PlatformFamily,
    pending: &Pending<'_>,
    context: &Context<'_>,
) -> Vec<StatusByNumber> {
    let choices = set.choose_each(family, context.at()).unwrap_or_default();
    if choices.len() < 2 {
        return Vec::new();
    }
    let updates = [Some(Update::Early), Some(Update::Standard)].into_iter().chain(std::iter::repeat(None));
    choices.into_iter().zip(updates).map(|(choice, update)| status(choice, update, pending, context)).collect()
}

fn status(choice: Choice, update: Option<Update>, pending: &Pending<'_>, context: &Context<'_>) -> StatusByNumber {
    let mut found = StatusByNumber {
        update,
        tcb_info_evaluation_data_number: choice.tcb_info_evaluation_data_number,
        qe_identity_evaluation_data_number: choice.qe_identity_evaluation_data_number,
        status: None,
        error: None,
    };
    let code = |error: &dyn Problem| error.code().into_owned();
    let verified = context.anchors().verify_collateral(choice.collateral, context.at()).map_err(|error| code(&error));
    match verified.and_then(|collateral| pending.supply(&[collateral], context).map_err(|error| code(&error))) {
        Ok(Step::Verified(verified)) => {
            let Details::Quote(quote) = verified.details();
            found.status = Some(quote.tcb().status);
        }
        Ok(Step::Needs(..)) => {}
        Err(code) => found.error = Some(code),
    }
    found
}
