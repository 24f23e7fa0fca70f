//! The typed verdict: what it says of accepted, refused and forged evidence, and nothing beyond.

use collateral::{Checks, CollateralSet, Decision, Update, Verdict, VerificationRequest};
use dcap::{Certificate, ReportDescription, RootKind, TcbStatus, Tee};
use evidence::{Anchors, Context, EvidenceFile, Requirements};
use simulator::{Blueprint, DAY};

use crate::made::{NOW, at, evidence, identity, made, pieces, set};

fn verdict(made: &Blueprint, quote: &[u8], pieces: &CollateralSet, time: i64, checks: Checks) -> Verdict {
    let root = made.issue().unwrap().certificates().root.clone();
    let anchors = Anchors::only(&Certificate::from_der(&root).unwrap());
    let evidence = EvidenceFile::read(quote).unwrap();
    let request = VerificationRequest { evidence: &evidence, certificates: None, collateral: pieces };
    request.verdict(&Context::new(&anchors, at(time)), &Requirements::default(), checks)
}

/// The code of a rejection, which has help too.
fn code(verdict: &Verdict) -> &str {
    let Decision::Rejected { error } = &verdict.decision else { panic!("accepted: {verdict:?}") };
    assert!(!error.message.is_empty() && !error.help.is_empty());
    &error.code
}

/// The names of the members as JSON.
fn members(verdict: &Verdict) -> Vec<String> {
    let json = serde_json::to_value(verdict).unwrap();
    let mut names: Vec<String> = json.as_object().unwrap().keys().cloned().collect();
    // Their order depends on the features that serde_json is built with.
    names.sort();
    names
}

#[test]
fn accepted_evidence_is_described() {
    let made = made();
    let of = evidence(&made);
    let verdict = verdict(&made, &of.quote, &set(&pieces(&of.collateral)), NOW, Checks::UntilFirstFailure);
    assert_eq!((&verdict.decision, verdict.at), (&Decision::Accepted, at(NOW)));
    let known = &verdict.evidence;
    assert_eq!((known.tee, known.quote_version), (Some(Tee::Sgx), Some(3)));
    assert_eq!(known.collateral.as_ref().unwrap().len(), 4);
    assert_eq!((&verdict.checks, &known.by_evaluation_number), (&None, &Some(Vec::new())));
    let quote = known.quote.as_ref().unwrap();
    assert_eq!((quote.root.kind, quote.simulated, quote.tcb.status), (RootKind::Simulated, true, TcbStatus::UpToDate));
    let ReportDescription::Enclave(enclave) = quote.report else { panic!("{quote:?}") };
    assert_eq!((enclave.mr_enclave, enclave.debug), ([1; 32], false));
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!((&json["verdict"], &json["report"]["mrEnclave"]), (&"accepted".into(), &"01".repeat(32).into()));
    assert!(json["byEvaluationNumber"].is_null() && json["intelResult"]["code"] == 0);
    let all = "at byEvaluationNumber collateral fmspc intelResult quoteVersion report root shortfalls simulated supplemental tcb \
               tee validUntil verdict";
    assert_eq!(members(&verdict), all.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn of_a_forged_quote_nothing_is_told_but_what_it_is() {
    let made = made();
    let of = evidence(&made);
    let mut quote = of.quote.clone();
    // A byte of MRENCLAVE.
    quote[48 + 64] ^= 1;
    let verdict = verdict(&made, &quote, &set(&pieces(&of.collateral)), NOW, Checks::UntilFirstFailure);
    assert_eq!(code(&verdict), "quote_bad_signature");
    let shown = "at byEvaluationNumber collateral error intelResult quoteVersion tee verdict";
    assert_eq!(members(&verdict), shown.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn before_the_platform_is_proven_or_without_collateral_even_less_is_told() {
    let made = made();
    let of = evidence(&made);
    let early = verdict(&made, &of.quote, &set(&pieces(&of.collateral)), 0, Checks::UntilFirstFailure);
    assert!(code(&early).ends_with("_not_yet_valid"), "{early:?}");
    assert_eq!(members(&early), ["at", "error", "quoteVersion", "tee", "verdict"]);
    let without = verdict(&made, &of.quote, &CollateralSet::default(), NOW, Checks::All);
    assert_eq!((code(&without), &without.checks), ("collateral_missing", &Some(Vec::new())));
    assert!(serde_json::to_value(&without).unwrap()["checks"].is_null());
    let unread = verdict(&made, b"\x03\0\x02\0", &CollateralSet::default(), NOW, Checks::UntilFirstFailure);
    assert_eq!(
        (code(&unread), members(&unread)),
        ("quote_truncated", ["at", "error", "verdict"].map(Into::into).into())
    );
}

#[test]
fn every_check_is_listed_when_it_is_asked_for() {
    let made = made();
    let of = evidence(&made);
    let late = verdict(&made, &of.quote, &set(&pieces(&of.collateral)), NOW + 60 * DAY, Checks::All);
    assert!(code(&late).ends_with("_expired"), "{late:?}");
    let json = serde_json::to_value(&late).unwrap();
    let checks = json["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 23);
    assert_eq!(checks[0], serde_json::json!({"check": "quote.format", "outcome": "passed"}));
    let level = serde_json::json!({"check": "tcb_level", "outcome": "passed", "status": "UpToDate"});
    assert_eq!(checks.last().unwrap(), &level);
    let failed = checks.iter().find(|check| check["outcome"] == "failed").unwrap();
    assert!(["code", "message", "help"].iter().all(|member| failed[member].is_string()), "{failed}");
}

#[test]
fn early_and_standard_collateral_are_compared() {
    let made = made();
    let of = evidence(&made);
    let mut early = made.tcb_info.clone();
    early.spec.tcb_evaluation_data_number += 1;
    early.spec.tcb_levels[0].pce_svn += 1;
    let number = early.spec.tcb_evaluation_data_number;
    let mut all = pieces(&of.collateral).to_vec();
    all.push(("early tcb", early.build().unwrap()));
    all.push(("early qe", identity(&made, number)));
    let verdict = verdict(&made, &of.quote, &set(&all), NOW, Checks::UntilFirstFailure);
    assert_eq!(code(&verdict), "tcb_status_not_accepted");
    let both = verdict.evidence.by_evaluation_number.as_ref().unwrap();
    let told: Vec<_> = both.iter().map(|one| (one.update, one.tcb_info_evaluation_data_number, one.status)).collect();
    let expected = [
        (Some(Update::Early), number, Some(TcbStatus::OutOfDate)),
        (Some(Update::Standard), number - 1, Some(TcbStatus::UpToDate)),
    ];
    assert_eq!(told, expected);
    assert!(!verdict.evidence.shortfalls.as_ref().unwrap().is_empty());
    let json = serde_json::to_value(&verdict).unwrap();
    let expected = serde_json::json!({
        "update": "standard", "tcbInfoEvaluationDataNumber": number - 1, "qeIdentityEvaluationDataNumber": number - 1,
        "status": "UpToDate", "error": null,
    });
    assert_eq!(json["byEvaluationNumber"][1], expected);
}
