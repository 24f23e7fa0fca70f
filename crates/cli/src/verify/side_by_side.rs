//! The status under each set of collateral that is valid at the time, side by side.
//!
//! While a TCB recovery is under way Intel serves two sets: `early`, which has the new levels, and `standard`, which has
//! those of before. Pieces do not say which they are: the highest evaluation number is shown as early, the next as standard.

use collateral::Choice;
use dcap::PlatformFamily;
use evidence::{Context, Details, Pending, Step};
use problem::Problem;
use serde_json::{Value, json};

use super::inputs::Inputs;
use crate::failure::Failure;
use crate::show;

/// One entry for each evaluation number; nothing where there are not two.
pub fn statuses(inputs: &Inputs, family: &PlatformFamily, pending: &Pending<'_>, context: &Context<'_>) -> Value {
    let choices = inputs.pieces.choose_each(family, context.at).unwrap_or_default();
    if choices.len() < 2 {
        return Value::Null;
    }
    let updates = [Some("early"), Some("standard")].into_iter().chain(std::iter::repeat(None));
    choices.into_iter().zip(updates).map(|(choice, update)| status(choice, update, pending, context)).collect()
}

fn status(choice: Choice, update: Option<&str>, pending: &Pending<'_>, context: &Context<'_>) -> Value {
    let (tcb_info, identity) = (choice.tcb_info_evaluation_data_number, choice.qe_identity_evaluation_data_number);
    let code = |error: &dyn Problem| error.code().into_owned();
    let judged = context
        .anchors
        .verify_collateral(choice.collateral, context.at)
        .map_err(|error| code(&error))
        .and_then(|collateral| pending.supply(&[collateral], context).map_err(|error| code(&error)));
    let (status, error) = match &judged {
        Ok(Step::Verified(verified)) => {
            let Details::Quote(quote) = verified.details();
            (Some(quote.tcb().status), None)
        }
        Ok(Step::Needs(..)) => (None, None),
        Err(code) => (None, Some(code)),
    };
    json!({
        "update": update,
        "tcbInfoEvaluationDataNumber": tcb_info,
        "qeIdentityEvaluationDataNumber": identity,
        "status": status,
        "error": error,
    })
}

/// One line for each.
pub fn show(statuses: &Value) -> Result<(), Failure> {
    for one in statuses.as_array().into_iter().flatten() {
        let text = |member: &str| one[member].as_str();
        let verdict = text("status").or(text("error")).unwrap_or_default();
        let update = text("update").map(|update| format!(" ({update})")).unwrap_or_default();
        show::line(&format!("  under: evaluation number {}{update}: {verdict}", one["tcbInfoEvaluationDataNumber"]))?;
    }
    Ok(())
}
