//! The stable JSON shapes of what `veritee verify` finds.

use collateral::Taken;
use dcap::{IntelResult, Shortfall, VerifiedQuote};
use serde_json::{Value, json};

use crate::report;

/// A verified quote.
pub fn quote(quote: &VerifiedQuote, into: &mut Value) {
    let (tcb, root) = (quote.tcb(), quote.root());
    into["fmspc"] = json!(quote.fmspc().to_string());
    into["root"] = json!({"kind": root.kind(), "sha256": hex::encode(root.sha256())});
    into["simulated"] = json!(root.is_simulated());
    into["tcb"] = json!({
        "status": tcb.status,
        "date": tcb.date,
        "advisoryIds": tcb.advisory_ids,
        "evaluationDataNumber": tcb.evaluation_data_number(),
        "tcbInfoEvaluationDataNumber": tcb.tcb_info_evaluation_data_number,
        "qeIdentityEvaluationDataNumber": tcb.qe_identity_evaluation_data_number,
        "platformStatus": tcb.platform_status,
        "qeStatus": tcb.qe_status,
        "tdxModuleStatus": tcb.tdx_module_status,
        "currentStatus": tcb.current_status,
    });
    into["validUntil"] = json!(quote.validity().until);
    into["report"] = report::describe(quote.report());
}

pub fn shortfall(shortfall: &Shortfall) -> Value {
    json!({
        "part": shortfall.part.to_string(),
        "has": shortfall.has,
        "needs": shortfall.needs,
        "levelStatus": shortfall.level_status,
        "levelDate": shortfall.level_date,
        "remedy": shortfall.remedy.to_string(),
        "sentence": shortfall.to_string(),
    })
}

pub fn taken(taken: &Taken) -> Value {
    json!({
        "piece": taken.piece.to_string(),
        "source": taken.source,
        "evaluationDataNumber": taken.evaluation_data_number,
        "issued": taken.validity.from,
        "until": taken.validity.until,
    })
}

/// A verdict in the terms of Intel's library.
pub fn intel_result(result: IntelResult) -> Value {
    json!({"code": result.code(), "name": result.name(), "terminal": result.is_terminal()})
}
