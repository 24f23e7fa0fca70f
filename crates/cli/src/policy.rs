//! `veritee policy`: attestation policies before a service gets them, and after.

mod decode;
mod hash;
mod jws;
mod sign;

use std::path::Path;

use clap::Subcommand;

use crate::failure::{self, Failure};

/// Sign attestation policies, and look at signed ones.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Sign(sign::Arguments),
    Decode(decode::Arguments),
    Hash(hash::Arguments),
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Sign(arguments) => sign::run(arguments),
        Command::Decode(arguments) => decode::run(arguments),
        Command::Hash(arguments) => hash::run(arguments),
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
