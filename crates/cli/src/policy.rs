//! `veritee policy`: attestation policies before a service gets them, and after.

mod check;
mod claims;
mod decode;
mod default;
mod diagnostics;
mod explain;
mod fmt;
mod hash;
pub mod input;
mod jws;
mod pkcs12;
mod sign;
mod test;

use clap::Subcommand;

use crate::failure::Failure;

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
