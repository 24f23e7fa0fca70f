//! `veritee verify --diagnose`: every check with its result.

use dcap::{CertificateError, CertificateFault, Finding, Outcome, PckError, ProvenPck, Quote, Verifier, diagnose};
use evidence::Anchors;
use serde_json::{Value, json};
use unix_time::{OutsideValidity, UnixTime};

use super::inputs::Inputs;
use crate::failure::Failure;
use crate::show;

/// The checks as JSON; nothing where there is no collateral for the platform, which the verdict then says.
pub fn checks(inputs: &Inputs, anchors: &Anchors, at: UnixTime) -> Value {
    let (chain, verifier) = (inputs.pck_chain.as_deref(), anchors.quotes());
    let diagnosis = || {
        let bytes = inputs.evidence.quote().ok()?;
        let quote = Quote::parse(bytes).ok()?;
        let pck = at_any_time(verifier, &quote, chain, at)?;
        let choice = inputs.pieces.choose(&pck.family(quote.tee()), at).ok()?;
        Some(diagnose(bytes, chain, &choice.collateral, verifier.roots(), at))
    };
    let Some(diagnosis) = diagnosis() else { return Value::Null };
    let mut checks: Vec<Value> = diagnosis.findings.iter().map(finding).collect();
    if let (Some(tcb), Some(last)) = (&diagnosis.tcb, checks.last_mut()) {
        last["status"] = json!(tcb.status);
    }
    Value::Array(checks)
}

/// The platform, to choose collateral by: where its chain is valid at another time, as of then.
fn at_any_time(verifier: &Verifier, quote: &Quote<'_>, chain: Option<&[u8]>, mut at: UnixTime) -> Option<ProvenPck> {
    // Once for each certificate.
    for _ in 0..3 {
        match verifier.prove(quote, chain, at) {
            Ok(pck) => return Some(pck),
            Err(PckError::Certificate(CertificateError {
                fault: CertificateFault::OutsideValidity(outside), ..
            })) => {
                at = match outside {
                    OutsideValidity::NotYetValid { from, .. } => from,
                    OutsideValidity::Expired { until, .. } => until,
                };
            }
            Err(_) => return None,
        }
    }
    verifier.prove(quote, chain, at).ok()
}

fn finding(finding: &Finding) -> Value {
    match &finding.outcome {
        Outcome::Passed => json!({"check": finding.check, "outcome": "passed"}),
        Outcome::Failed { code, message, help } => {
            json!({"check": finding.check, "outcome": "failed", "code": code, "message": message, "help": help})
        }
        Outcome::Skipped { because } => json!({"check": finding.check, "outcome": "skipped", "because": because}),
    }
}

/// One line for each check.
pub fn show(checks: &Value) -> Result<(), Failure> {
    for check in checks.as_array().into_iter().flatten() {
        let text = |member: &str| check[member].as_str().unwrap_or_default();
        let line = match text("outcome") {
            "failed" => format!("   FAIL: {}: {} ({})", text("check"), text("message"), text("code")),
            "skipped" => format!("skipped: {}, which needs {}", text("check"), text("because")),
            _ if check["status"].is_string() => format!("     ok: {}: {}", text("check"), text("status")),
            _ => format!("     ok: {}", text("check")),
        };
        show::line(&line)?;
    }
    Ok(())
}
