//! A verdict as text for people.

use collateral::{Decision, StatusByNumber, Verdict};
use dcap::{Finding, Outcome};

use crate::failure::Failure;
use crate::show;

/// How many shortfalls are printed; JSON has all of them.
const MAX_SHORTFALLS: usize = 5;
/// What is printed as sentences, and what is for programs.
const NOT_AS_FIELDS: &[&str] = &["verdict", "error", "shortfalls", "byEvaluationNumber", "checks", "supplemental"];

/// Prints the verdict, its reason, and then the fields.
pub fn show(verdict: &Verdict) -> Result<(), Failure> {
    let evidence = &verdict.evidence;
    show::line(&format!("verdict: {}", verdict.decision.name()))?;
    if let Decision::Rejected { error } = &verdict.decision {
        show::line(&format!(" reason: {} ({})", error.message, error.code))?;
        show::line(&format!("   help: {}", error.help))?;
    }
    for shortfall in evidence.shortfalls.iter().flatten().take(MAX_SHORTFALLS) {
        show::line(&format!("  short: {shortfall}"))?;
    }
    for status in evidence.by_evaluation_number.iter().flatten() {
        show::line(&by_number(status))?;
    }
    for finding in verdict.checks.iter().flatten() {
        show::line(&check(finding))?;
    }
    if evidence.quote.as_ref().is_some_and(|quote| quote.simulated) {
        show::line("  NOTE: not rooted in Intel's key; this says nothing about genuine hardware")?;
    }
    show::line("")?;
    show::fields_except(verdict, NOT_AS_FIELDS)
}

fn by_number(found: &StatusByNumber) -> String {
    let status = found.status.map(|status| status.as_str()).or(found.error.as_deref()).unwrap_or_default();
    let update = found.update.map(|update| format!(" ({})", update.name())).unwrap_or_default();
    format!("  under: evaluation number {}{update}: {status}", found.tcb_info_evaluation_data_number)
}

fn check(finding: &Finding) -> String {
    let check = finding.check;
    match (&finding.outcome, finding.status) {
        (Outcome::Failed { code, message, .. }, _) => format!("   FAIL: {check}: {message} ({code})"),
        (Outcome::Skipped { because }, _) => format!("skipped: {check}, which needs {because}"),
        (Outcome::Passed, Some(status)) => format!("     ok: {check}: {status}"),
        (Outcome::Passed, None) => format!("     ok: {check}"),
    }
}
