//! Pieces of collateral in JSON.

use ::collateral::{CollateralSet, Listed};
use serde_json::{Value, json};
use unix_time::{OutsideValidity, UnixTime};

pub fn piece(piece: &Listed, at: UnixTime) -> Value {
    json!({
        "kind": piece.kind.name(),
        "source": piece.source,
        "what": piece.what,
        "state": state(piece, at),
        "from": piece.validity.from,
        "until": piece.validity.until,
        "evaluationDataNumber": piece.evaluation_data_number,
        "signer": piece.signer,
    })
}

/// Files that were passed over.
pub fn unrecognised(set: &CollateralSet) -> Value {
    set.unrecognised().iter().map(|(source, reason)| json!({"source": source, "reason": reason})).collect()
}

pub fn state(piece: &Listed, at: UnixTime) -> &'static str {
    match piece.validity.check(at) {
        Ok(()) => "valid",
        Err(OutsideValidity::Expired { .. }) => "expired",
        Err(OutsideValidity::NotYetValid { .. }) => "not yet valid",
    }
}
