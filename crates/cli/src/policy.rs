//! `veritee policy`: attestation policies before a service gets them, and after.

mod check;
mod claims;
mod decode;
mod default;
mod diagnostics;
mod explain;
mod fmt;
mod hash;
mod jws;
mod pkcs12;
mod sign;
mod test;

use std::path::Path;

use attestation::PolicyType;
use clap::Subcommand;
use policy::Vocabulary;

use crate::failure::{self, Failure};

/// Write, check, test, explain and sign attestation policies.
///
/// Everything here works on files alone. The language: docs/policy-language.md.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Arguments),
    Lint(check::LintArguments),
    Fmt(fmt::Arguments),
    Explain(explain::Arguments),
    Test(test::Arguments),
    Default(default::Arguments),
    Hash(hash::Arguments),
    Sign(sign::Arguments),
    Decode(decode::Arguments),
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Lint(arguments) => check::run_lint(arguments),
        Command::Fmt(arguments) => fmt::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Test(arguments) => test::run(arguments),
        Command::Default(arguments) => default::run(arguments),
        Command::Hash(arguments) => hash::run(arguments),
        Command::Sign(arguments) => sign::run(arguments),
        Command::Decode(arguments) => decode::run(arguments),
    }
}

/// Reads a file that has to be text, of at most `limit` bytes; `-` is standard input.
fn read_text(path: &Path, limit: usize) -> Result<String, Failure> {
    let bytes = failure::read_file(path, limit as u64)?;
    String::from_utf8(bytes).map_err(|error| {
        let message = format!("`{}` is no text: {}", path.display(), error.utf8_error());
        Failure::verdict("not_text", message, "pass a policy or a policy JWS; both are text in UTF-8")
    })
}

/// Reads a policy's text. One that is too long for a policy is read too, so that it is told what it is.
fn read_policy(path: &Path) -> Result<String, Failure> {
    read_text(path, policy::limits::MAX_TEXT * 4)
}

/// Reads an attestation type.
pub fn parse_type(name: &str) -> Result<PolicyType, String> {
    PolicyType::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = PolicyType::ALL.iter().map(|known| known.as_str()).collect();
        format!("choose from {}", names.join(", "))
    })
}

/// What a policy of that type speaks about; of any type, where it is not said.
fn vocabulary(policy_type: Option<PolicyType>) -> Vocabulary {
    policy_type.map_or_else(PolicyType::every_vocabulary, PolicyType::vocabulary)
}
