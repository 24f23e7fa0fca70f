//! `veritee verify`: judges a quote with collateral from files.

use std::path::{Path, PathBuf};

use ::collateral::{CollateralSet, LoadError, Taken};
use dcap::{
    Certificate, PckError, Quote, Refusal, Requirements, Shortfall, TcbStatus, TrustedRoots, UnixTime, VerifiedQuote,
    Verifier, VerifyError, pem,
};
use serde_json::{Value, json};

use crate::arguments::{Allow, parse_accepted_status};
use crate::clock::parse_time;
use crate::evidence::Evidence;
use crate::failure::{self, Failure};
use crate::requirements::RequirementsFile;
use crate::{report, show};

/// What is short of the best level is told to people in so many lines; JSON has all of it.
const MAX_SHOWN_SHORTFALLS: usize = 5;

/// Verify a quote with collateral from files, without network.
///
/// Accepts status UpToDate alone unless told otherwise. Exit code 0: accepted; 1: rejected.
#[derive(clap::Args)]
pub struct Arguments {
    /// Quote or Open Enclave report: raw, hexadecimal, base64 or base64url; `-` reads standard input.
    quote: PathBuf,
    /// Collateral: dcap-qvl's JSON, or a directory of pieces.
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
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let at = arguments.at.unwrap_or_else(UnixTime::of_system_clock);
    let roots = match &arguments.trust_root {
        Some(path) => trusted_root(path)?,
        None => TrustedRoots::intel(),
    };
    let file = arguments.requirements.as_deref().map(RequirementsFile::read).transpose()?.unwrap_or_default();
    let requirements = file.with(&arguments.accept_tcb, &arguments.allow);
    let mut report = json!({});
    let outcome = Inputs::read(arguments).and_then(|inputs| judge(&inputs, roots, at, &requirements, &mut report));
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

/// What is judged, and by what.
struct Inputs {
    evidence: Evidence,
    pieces: CollateralSet,
    pck_chain: Option<Vec<u8>>,
}

impl Inputs {
    fn read(arguments: &Arguments) -> Result<Self, Failure> {
        let read_chain = |path: &PathBuf| failure::read_file(path, pem::MAX_PEM as u64);
        Ok(Self {
            evidence: Evidence::read(&arguments.quote)?,
            pieces: load_collateral(&arguments.collateral)?,
            pck_chain: arguments.pck_chain.as_ref().map(read_chain).transpose()?,
        })
    }
}

/// Judges, and says in the report what is known of the quote. Before it is proven authentic its contents are not shown.
fn judge(
    inputs: &Inputs,
    roots: TrustedRoots,
    at: UnixTime,
    requirements: &Requirements,
    report: &mut Value,
) -> Result<(), Failure> {
    let verified = verify(inputs, roots, at, report)?;
    describe(&verified, report);
    match requirements.judge(verified) {
        Ok(_accepted) => Ok(()),
        Err(Refusal { reason, .. }) => Err(Failure::verdict(reason.code(), reason.to_string(), reason.help())),
    }
}

fn verify(inputs: &Inputs, roots: TrustedRoots, at: UnixTime, report: &mut Value) -> Result<VerifiedQuote, Failure> {
    let verifier = Verifier::new(roots);
    let quote = Quote::parse(inputs.evidence.quote()?)
        .map_err(|error| Failure::verdict(error.code(), error.to_string(), error.help()))?;
    report["tee"] = json!(quote.tee());
    report["quoteVersion"] = json!(quote.version());
    let pck = verifier.prove(&quote, inputs.pck_chain.as_deref(), at).map_err(|error| {
        let help = match error {
            PckError::NoChain(_) => {
                "fetch the platform's PCK certificate and its issuer chain, and pass them with --pck-chain"
            }
            _ => error.help(),
        };
        Failure::verdict(&error.code(), failure::chain(&error), help)
    })?;
    let choice = inputs.pieces.choose(&pck, quote.tee(), at).map_err(|error| {
        Failure::verdict(error.code(), error.to_string(), missing_help(&inputs.pieces, error.help()))
    })?;
    report["collateral"] = choice.taken.iter().map(taken).collect();
    let collateral = verifier
        .verify_collateral(choice.collateral, at)
        .map_err(|error| Failure::verdict(&error.code(), failure::chain(&error), error.help()))?;
    let verified = verifier.verify(&quote, &pck, &collateral, at);
    // Authentic in both cases; whatever else failed makes the quote's own words worthless.
    if matches!(verified, Ok(_) | Err(VerifyError::TcbNotSupported)) {
        report["shortfalls"] = dcap::shortfalls(&quote, &pck, &collateral).iter().map(shortfall).collect();
    }
    verified.map_err(|error| Failure::verdict(&error.code(), failure::chain(&error), error.help()))
}

fn shortfall(shortfall: &Shortfall) -> Value {
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

fn taken(taken: &Taken) -> Value {
    json!({
        "piece": taken.piece.to_string(),
        "source": taken.source,
        "evaluationDataNumber": taken.evaluation_data_number,
        "issued": taken.validity.from,
        "until": taken.validity.until,
    })
}

/// Files that were passed over are the likeliest place for a missing piece.
fn missing_help(pieces: &CollateralSet, help: &str) -> String {
    let passed_over: Vec<String> = pieces
        .unrecognised()
        .iter()
        .take(5)
        .map(|(name, reason)| format!("`{name}` was passed over: {reason}"))
        .collect();
    if passed_over.is_empty() { help.to_owned() } else { format!("{help}; {}", passed_over.join("; ")) }
}

/// The stable JSON shape of a verified quote.
fn describe(quote: &VerifiedQuote, into: &mut Value) {
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

/// Loads a file or directory of collateral.
pub fn load_collateral(path: &Path) -> Result<CollateralSet, Failure> {
    CollateralSet::load(path).map_err(|error| {
        let message = failure::chain(&error);
        match error {
            LoadError::Read { .. } => {
                Failure::environment("collateral_unreadable", message, "check the path and its permissions")
            }
            _ => Failure::verdict(
                "collateral_unrecognised",
                message,
                "pass dcap-qvl's JSON or a directory with TCB Info, QE identity, both CRLs and the signer's chain",
            ),
        }
    })
}

/// Reads the root certificate that is to be trusted instead of Intel's.
pub fn trusted_root(path: &Path) -> Result<TrustedRoots, Failure> {
    let text = failure::read_file(path, dcap::MAX_CERTIFICATE as u64 * 4).map_err(Failure::or_usage)?;
    let help = "pass one self-signed root certificate in PEM";
    let wrong = |message: String| {
        Failure::usage("trust_root_malformed", format!("`{}` is no root certificate: {message}", path.display()), help)
    };
    let blocks = pem::blocks(&text, "CERTIFICATE").map_err(|error| wrong(error.to_string()))?;
    let [der] = blocks.as_slice() else { return Err(wrong(format!("it holds {} certificates", blocks.len()))) };
    let root = Certificate::from_der(der).map_err(|error| wrong(failure::chain(&error)))?;
    if !root.is_self_issued() || !root.signed(&root) {
        return Err(wrong("it is not self-signed".to_owned()));
    }
    Ok(TrustedRoots::only(&root))
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
    if report["simulated"] == true {
        show::line("  NOTE: not rooted in Intel's key; this says nothing about genuine hardware")?;
    }
    show::line("")?;
    show::fields(&rest, 0)
}
