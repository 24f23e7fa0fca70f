//! `veritee verify`: judges a quote with collateral from files.

mod inputs;
mod text;

use std::path::PathBuf;

use collateral::{Checks, Decision, ErrorDescription, Rejection, Verdict};
use dcap::{RelaunchRule, TcbStatus};
use evidence::{Anchors, Context};
use unix_time::UnixTime;

use crate::arguments::{Allow, parse_accepted_status};
use crate::clock::parse_time;
use crate::failure::Failure;
use crate::requirements::RequirementsFile;
use crate::show;

pub use inputs::{Inputs, trusted_root};

/// The error code of a quote without a PCK chain, carried or supplied.
const CHAIN_MISSING: &str = "pck_chain_missing";

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
    let checks = if arguments.diagnose { Checks::All } else { Checks::UntilFirstFailure };
    let mut verdict = match Inputs::read(&arguments.quote, &arguments.collateral, arguments.pck_chain.as_deref()) {
        Ok(inputs) => inputs.request().verdict(&Context::new(&anchors, at), &requirements, checks),
        Err(failure) if failure.is_verdict() => {
            let (code, message, help) = (failure.code(), failure.message(), failure.help());
            let error = ErrorDescription { code: code.into(), message: message.into(), help: help.into() };
            Verdict::unreadable(at, error)
        }
        // What cannot be read is not judged.
        Err(failure) => return Err(failure),
    };
    if let Decision::Rejected { error } = &mut verdict.decision {
        name_flag(error);
    }
    if arguments.json {
        show::json(&verdict)?;
    } else {
        text::show(&verdict)?;
    }
    match verdict.decision {
        Decision::Accepted => Ok(()),
        Decision::Rejected { error } => Err(Failure::verdict(&error.code, error.message, error.help).said()),
    }
}

/// The verdict on evidence that is not authentic, or not good enough.
pub fn rejected(rejection: &Rejection) -> Failure {
    let mut error = ErrorDescription::of(rejection);
    name_flag(&mut error);
    Failure::verdict(&error.code, error.message, error.help)
}

/// Names the flag that supplies what is missing.
fn name_flag(error: &mut ErrorDescription) {
    if error.code == CHAIN_MISSING {
        error.help =
            "fetch the platform's PCK certificate and its issuer chain, and pass them with --pck-chain".to_owned();
    }
}
