//! The `veritee` command: every subcommand a short adapter onto a crate below.

mod aesmd;
mod arguments;
mod attest;
mod audit;
mod clock;
mod collateral;
mod config;
mod demo;
mod duration;
mod enclave;
mod evidence;
mod failure;
mod group;
mod inspect;
mod log;
mod options;
mod output;
mod platform;
mod policy;
mod provider;
mod remote;
mod requirements;
mod secret;
mod serve;
mod show;
mod signer;
mod tokens;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

use options::Given;

/// An attestation makes and drops hundreds of small texts, for which the C library's allocator takes a twentieth of its time more.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Self-hosted remote attestation for confidential computing.
///
/// Exit codes: 0 accepted or done; 1 a verdict against; 2 wrong usage; 3 environment (network, files, permissions).
#[derive(Parser)]
#[command(name = "veritee", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Serve(Given<serve::settings::Arguments>),
    Aesmd(Given<aesmd::Arguments>),
    Config(config::Arguments),
    Attest(attest::Arguments),
    Verify(verify::Arguments),
    Inspect(inspect::Arguments),
    Collateral(collateral::Arguments),
    Policy(policy::Arguments),
    Provider(provider::Arguments),
    Signer(signer::Arguments),
    Token(tokens::Arguments),
    Audit(audit::Arguments),
    Platform(platform::Arguments),
    Enclave(enclave::Arguments),
}

fn main() -> ExitCode {
    // One provider of TLS for the whole process; nothing else is compiled in.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let done = match options::or_exit::<_, serve::settings::Arguments, aesmd::Arguments>(Cli::try_parse()).command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve(given) => serve::run(given),
        Command::Aesmd(given) => aesmd::run(given),
        Command::Config(arguments) => config::run(&arguments),
        Command::Attest(arguments) => attest::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Collateral(arguments) => collateral::run(&arguments),
        Command::Policy(arguments) => policy::run(&arguments),
        Command::Provider(arguments) => provider::run(&arguments),
        Command::Signer(arguments) => signer::run(&arguments),
        Command::Token(arguments) => tokens::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Platform(arguments) => platform::run(&arguments),
        Command::Enclave(arguments) => enclave::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
