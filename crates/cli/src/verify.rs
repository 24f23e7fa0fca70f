//! `veritee verify`: judges a quote with collateral from files.

mod describe;
mod diagnosis;
mod inputs;
mod side_by_side;

use std::path::{Path, PathBuf};

use collateral::CollateralSet;
use dcap::{IntelResult, Quote, RelaunchRule, TcbStatus, VerifyError};
use evidence::{
    Anchors, Appraisal, Context, Details, Endorsement, EndorsementKey, EvidenceError, EvidenceFile, Kind, Proven,
    Refusal, Request, Requirements, Step, Verified, begin,
};
use problem::Problem;
use serde_json::{Value, json};
use unix_time::UnixTime;

use crate::arguments::{Allow, parse_accepted_status};
use crate::clock::parse_time;
use crate::failure::{self, Failure};
use crate::requirements::RequirementsFile;
use crate::show;

pub use inputs::trusted_root;
use inputs::{Inputs, missing_help};

/// What is short of the best level is told to people in so many lines; JSON has all of it.
const MAX_SHOWN_SHORTFALLS: usize = 5;

/// Verify a quote with collateral from files, without network.
///
/// Accepts status UpToDate alone unless told otherwise. Exit code 0: accepted; 1: rejected.
#[derive(clap::Args)]
pub struct Arguments {
    /// Quote or Open Enclave report: raw, hexadecimal, base64 or base64url; `-` reads standard input.
    quote: PathBuf,
    /// Collateral: a bundle, dcap-qvl's JSON, or a directory of pieces.
    #[arg(long, value_name = "PATH")]
    collateral: PathBuf,
    /// PCK certificate chain in PEM, leaf first, for quotes that do not carry theirs (certification data 1 to 4).
    #[arg(long, value_name = "PEM")]
    pck_chain: Option<PathBuf>,
    /// Judge as of this time instead of now.
    #[arg(long, value_name = "RFC3339", value_parser = parse_time)]
    at: Option<UnixTime>,
    /// Accept these TCB statuses beside UpToDate.
    #[arg(long, value_name = "STATUS,...", value_delimiter = ',', value_parser = parse_accepted_status)]
    accept_tcb: Vec<TcbStatus>,
    /// Allow what the default refuses.
    #[arg(long, value_name = "WHAT,...", value_delimiter = ',')]
    allow: Vec<Allow>,
    /// Read what is demanded from this TOML file; flags widen it further.
    #[arg(long, value_name = "FILE")]
    requirements: Option<PathBuf>,
    /// Trust the key of this root certificate instead of Intel's.
    #[arg(long, value_name = "PEM")]
    trust_root: Option<PathBuf>,
    /// Make every check and list each result, instead of ending with the first that fails.
    #[arg(long)]
    diagnose: bool,
    /// By which of Intel's rules a relaunch of a trust domain is advised.
    #[arg(long, value_name = "RULE", default_value = "current")]
    relaunch_rule: Relaunch,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Names of [`RelaunchRule`].
#[derive(Clone, Copy, clap::ValueEnum)]
enum Relaunch {
    /// Since DCAP 1.26: fresh when judged by the TDX module as it is now.
    Current,
    /// As DCAP 1.25 had it: an old module, the newest now.
    #[value(name = "dcap-1.25")]
    Dcap125,
}

impl From<Relaunch> for RelaunchRule {
    fn from(named: Relaunch) -> Self {
        match named {
            Relaunch::Current => Self::Current,
            Relaunch::Dcap125 => Self::Dcap125,
        }
    }
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let at = arguments.at.unwrap_or_else(UnixTime::of_system_clock);
    let anchors = match &arguments.trust_root {
        Some(path) => trusted_root(path)?,
        None => Anchors::intel(),
    };
    let anchors = anchors.relaunch_rule(arguments.relaunch_rule.into());
    let file = arguments.requirements.as_deref().map(RequirementsFile::read).transpose()?.unwrap_or_default();
    let requirements = file.with(&arguments.accept_tcb, &arguments.allow);
    let mut report = json!({});
    let read = Inputs::read(&arguments.quote, &arguments.collateral, arguments.pck_chain.as_deref());
    let outcome = read.and_then(|inputs| {
        if arguments.diagnose {
            report["checks"] = diagnosis::checks(&inputs, &anchors, at);
        }
        judge(&inputs, &anchors, at, &requirements, &mut report)
    });
    if matches!(&outcome, Err(failure) if !failure.is_verdict()) {
        // What cannot be read is not judged.
        return outcome;
    }
    if let Err(failure) = &outcome {
        report["error"] = json!({"code": failure.code(), "message": failure.message(), "help": failure.help()});
    }
    report["verdict"] = json!(if outcome.is_ok() { "accepted" } else { "rejected" });
    report["at"] = json!(at);
    if arguments.json {
        show::json(&report)?;
    } else {
        show_to_people(&report)?;
    }
    outcome.map_err(Failure::said)
}

/// Verifies a quote without judging it.
pub fn verified(
    quote: &Path,
    collateral: &Path,
    pck_chain: Option<&Path>,
    anchors: &Anchors,
    at: UnixTime,
) -> Result<Verified, Failure> {
    let inputs = Inputs::read(quote, collateral, pck_chain)?;
    verify(&inputs, anchors, at, &mut json!({}))
}

/// Verifies and judges evidence from elsewhere than a file.
pub fn appraised(
    evidence: EvidenceFile,
    pieces: CollateralSet,
    anchors: &Anchors,
    at: UnixTime,
    requirements: &Requirements,
) -> Result<Appraisal, Failure> {
    let verified = verify(&Inputs { evidence, pieces, pck_chain: None }, anchors, at, &mut json!({}))?;
    verified.judge(requirements).map_err(|refusal| refused(&refusal))
}

/// The verdict on evidence that is authentic and not good enough.
pub fn refused(refusal: &Refusal) -> Failure {
    let Refusal::Quote(refusal) = refusal;
    Failure::verdict(&refusal.code(), refusal.reason.to_string(), refusal.help())
}

/// Judges, and says in the report what is known of the quote. Before it is proven authentic its contents are not shown.
fn judge(
    inputs: &Inputs,
    anchors: &Anchors,
    at: UnixTime,
    requirements: &Requirements,
    report: &mut Value,
) -> Result<(), Failure> {
    let verified = verify(inputs, anchors, at, report)?;
    let Details::Quote(quote) = verified.details();
    describe::quote(quote, report);
    verified.judge(requirements).map(drop).map_err(|refusal| refused(&refusal))
}

fn verify(inputs: &Inputs, anchors: &Anchors, at: UnixTime, report: &mut Value) -> Result<Verified, Failure> {
    let body = inputs.evidence.quote().map_err(|error| Failure::of_verdict(&error))?;
    let quote = Quote::parse(body).map_err(|error| Failure::of_verdict(&error))?;
    report["tee"] = json!(quote.tee());
    report["quoteVersion"] = json!(quote.version());
    let context = Context { anchors, at };
    let certificates = inputs.pck_chain.as_deref();
    let step = begin(&Request { kind: Kind::of_quote(quote.tee()), body, certificates }, &context);
    let (needs, pending) = match step.map_err(|error| not_verified(&error))? {
        Step::Needs(needs, pending) => (needs, pending),
        Step::Verified(verified) => return Ok(verified),
    };
    let mut endorsements = Vec::new();
    for EndorsementKey::Collateral(family) in &needs {
        let choice = inputs.pieces.choose(family, at).map_err(|error| {
            Failure::verdict(&error.code(), error.to_string(), missing_help(&inputs.pieces, &error.help()))
        })?;
        report["collateral"] = choice.taken.iter().map(describe::taken).collect();
        let verified = anchors.verify_collateral(choice.collateral, at);
        endorsements.push(verified.map_err(|error| Failure::of_verdict(&error))?);
        report["byEvaluationNumber"] = side_by_side::statuses(inputs, family, &pending, &context);
    }
    match pending.supply(&endorsements, &context) {
        Ok(Step::Verified(verified)) => {
            let Details::Quote(quote) = verified.details();
            report["shortfalls"] = quote.shortfalls().iter().map(describe::shortfall).collect();
            report["intelResult"] = describe::intel_result(quote.tcb().status.into());
            report["supplemental"] = json!(quote.supplemental());
            Ok(verified)
        }
        Ok(Step::Needs(..)) => Err(not_verified(&EvidenceError::EndorsementMissing)),
        Err(error) => {
            if let EvidenceError::Verify(error) = &error {
                report["intelResult"] = describe::intel_result(IntelResult::from(error));
                // Authentic all the same; whatever else failed makes the quote's own words worthless.
                if let (VerifyError::TcbNotSupported, [Endorsement::Collateral(collateral)]) = (error, &*endorsements) {
                    let Proven::Quote(proven) = pending.proven();
                    let shortfalls = dcap::shortfalls(proven.quote(), proven.pck(), collateral.verified());
                    report["shortfalls"] = shortfalls.iter().map(describe::shortfall).collect();
                }
            }
            Err(not_verified(&error))
        }
    }
}

/// The verdict on evidence that cannot be verified: its cause says it all.
fn not_verified(error: &EvidenceError) -> Failure {
    match error {
        EvidenceError::Pck(cause) if error.is_chain_missing() => Failure::verdict(
            &cause.code(),
            failure::chain(cause),
            "fetch the platform's PCK certificate and its issuer chain, and pass them with --pck-chain",
        ),
        EvidenceError::Pck(cause) => Failure::of_verdict(cause),
        EvidenceError::Verify(cause) => Failure::of_verdict(cause),
        other => Failure::of_verdict(other),
    }
}

fn show_to_people(report: &Value) -> Result<(), Failure> {
    let mut rest = report.clone();
    let verdict = rest["verdict"].take();
    let error = rest["error"].take();
    show::line(&format!("verdict: {}", verdict.as_str().unwrap_or_default()))?;
    if let (Some(message), Some(help)) = (error["message"].as_str(), error["help"].as_str()) {
        show::line(&format!(" reason: {message} ({})", error["code"].as_str().unwrap_or_default()))?;
        show::line(&format!("   help: {help}"))?;
    }
    for shortfall in rest["shortfalls"].take().as_array().into_iter().flatten().take(MAX_SHOWN_SHORTFALLS) {
        show::line(&format!("  short: {}", shortfall["sentence"].as_str().unwrap_or_default()))?;
    }
    side_by_side::show(&rest["byEvaluationNumber"].take())?;
    diagnosis::show(&rest["checks"].take())?;
    // For programs.
    rest["supplemental"].take();
    if report["simulated"] == true {
        show::line("  NOTE: not rooted in Intel's key; this says nothing about genuine hardware")?;
    }
    show::line("")?;
    show::fields(&rest, 0)
}
