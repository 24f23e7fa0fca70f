//! The status under each set of collateral that is valid at the time, side by side.
//!
//! While a TCB recovery is under way Intel serves two sets: `early`, which has the new levels, and `standard`, which has
//! those of before. Pieces do not say which they are: the highest evaluation number is shown as early, the next as standard.

use collateral::Choice;
use dcap::{ProvenPck, Quote, Verifier};
use problem::Problem;
use serde_json::{Value, json};
use unix_time::UnixTime;

use super::inputs::Inputs;
use crate::failure::Failure;
use crate::show;

/// One entry for each evaluation number; nothing where there are not two.
pub fn statuses(inputs: &Inputs, verifier: &Verifier, quote: &Quote<'_>, pck: &ProvenPck, at: UnixTime) -> Value {
    let choices = inputs.pieces.choose_each(&pck.family(quote.tee()), at).unwrap_or_default();
    if choices.len() < 2 {
        return Value::Null;
    }
    let updates = [Some("early"), Some("standard")].into_iter().chain(std::iter::repeat(None));
    choices.into_iter().zip(updates).map(|(choice, update)| status(choice, update, verifier, quote, pck, at)).collect()
}

fn status(
    choice: Choice,
    update: Option<&str>,
    verifier: &Verifier,
    quote: &Quote<'_>,
    pck: &ProvenPck,
    at: UnixTime,
) -> Value {
    let (tcb_info, identity) = (choice.tcb_info_evaluation_data_number, choice.qe_identity_evaluation_data_number);
    let judged = verifier
        .verify_collateral(choice.collateral, at)
        .map_err(|error| error.code().into_owned())
        .and_then(|collateral| verifier.verify(quote, pck, &collateral, at).map_err(|error| error.code().into_owned()));
    let (status, error) = match judged {
        Ok(verified) => (Some(verified.tcb().status), None),
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
