//! `veritee policy check` and `lint`: what a service would refuse, and what is hardly meant.

use std::path::{Path, PathBuf};

use attestation::PolicyType;
use policy::{Diagnostics, Policy, Severity, lint};
use serde_json::json;

use super::{diagnostics, parse_type, read_policy, vocabulary};
use crate::failure::Failure;
use crate::show;

/// Check whether a service would take a policy; warnings are shown too.
///
/// Exit code 0: it would; 1: it has errors.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    input: Input,
}

/// Find what is wrong with a policy, and what it says and hardly means.
///
/// Names that no evidence has, conditions that can never match, identifiers that nothing uses, rules that make no
/// difference. Exit code 0: nothing was found; 1: something was.
#[derive(clap::Args)]
pub struct LintArguments {
    #[command(flatten)]
    input: Input,
}

#[derive(clap::Args)]
struct Input {
    /// The policy's text; `-` reads standard input.
    policy: PathBuf,
    /// The attestation type it is for: SgxEnclave, OpenEnclave, SevSnpVm, TdxVm, AzureGuest or Tpm. Without it, names of
    /// all types are known.
    #[arg(long = "type", value_name = "TYPE", value_parser = parse_type)]
    policy_type: Option<PolicyType>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (path, found) = examine(&arguments.input)?;
    if found.count(Severity::Error) == 0 { Ok(()) } else { Err(told(&path, &found)) }
}

pub fn run_lint(arguments: &LintArguments) -> Result<(), Failure> {
    let (path, found) = examine(&arguments.input)?;
    if found.is_empty() { Ok(()) } else { Err(told(&path, &found)) }
}

/// Shows everything that is found.
fn examine(input: &Input) -> Result<(PathBuf, Diagnostics), Failure> {
    let text = read_policy(&input.policy)?;
    let found = lint(&text, &vocabulary(input.policy_type));
    let policy = Policy::parse(&text).ok();
    if input.json {
        show::json(&json!({
            "policy": input.policy.display().to_string(),
            "version": policy.as_ref().map(|policy| policy.version().as_str()),
            "rules": policy.as_ref().map(|policy| policy.rule_spans().count()),
            "hash": token::hash::policy_hash(&text),
            "errors": found.count(Severity::Error),
            "warnings": found.count(Severity::Warning),
            "diagnostics": diagnostics::json(&found),
        }))?;
    } else {
        diagnostics::show(&input.policy, &text, &found)?;
        let rules = policy.map_or_else(String::new, |policy| {
            let rules = policy.rule_spans().count();
            format!("version {}, {rules} rule{}: ", policy.version(), if rules == 1 { "" } else { "s" })
        });
        show::line(&format!("{}: {rules}{}", input.policy.display(), diagnostics::count(&found)))?;
    }
    Ok((input.policy.clone(), found))
}

/// What was shown already, as an exit code.
fn told(path: &Path, found: &Diagnostics) -> Failure {
    let message = format!("`{}`: {}", path.display(), diagnostics::count(found));
    Failure::verdict("policy_refused", message, "mend the text where it is marked").said()
}
