//! `veritee collateral`: what collateral there is, and all of it in one file.

mod bundle;

use std::path::{Path, PathBuf};

use ::collateral::{CollateralSet, Listed, LoadError, PassedOver};
use clap::Subcommand;
use problem::Problem;
use serde::Serialize;
use unix_time::UnixTime;

use crate::clock::parse_time;
use crate::failure::{self, Failure};
use crate::show;

/// Look at collateral, and put it together in one file.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Show(ShowArguments),
    Bundle(bundle::Arguments),
}

/// List the pieces at a path: what they are about, when they are valid, who signed them. Nothing is verified.
///
/// Knows TCB Info, identities, CRLs and chains as Intel's service sends them, its responses as `curl -i` saves them,
/// Intel's reference structure and dcap-qvl's collateral as JSON, and bundles.
#[derive(clap::Args)]
struct ShowArguments {
    /// A file of collateral in any of these forms, or a directory of such files.
    path: PathBuf,
    /// Say what is valid at this time instead of now.
    #[arg(long, value_name = "RFC3339", value_parser = parse_time)]
    at: Option<UnixTime>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Show(arguments) => list(arguments),
        Command::Bundle(arguments) => bundle::run(arguments),
    }
}

fn list(arguments: &ShowArguments) -> Result<(), Failure> {
    let at = arguments.at.unwrap_or_else(UnixTime::of_system_clock);
    let set = load(&arguments.path)?;
    let pieces = set.list(at);
    if arguments.json {
        return show::json(&Listing { at, pieces: &pieces, unrecognised: set.unrecognised() });
    }
    for piece in &pieces {
        show::line(&show::inline(&format!("{}: {}", piece.source, piece.what)))?;
        let number = piece.evaluation_data_number.map(|number| format!(", evaluation number {number}"));
        let signer = piece.signer.as_deref().map_or("no certificate here".to_owned(), |signer| format!("`{signer}`"));
        let validity = format!("{} ({} to {})", piece.state, piece.validity.from, piece.validity.until);
        let number = number.unwrap_or_default();
        show::line(&show::inline(&format!("    {validity}{number}; signed by {signer}")))?;
    }
    for file in set.unrecognised() {
        show::line(&show::inline(&format!("{}: passed over: {}", file.source, file.reason)))?;
    }
    Ok(())
}

/// What there is at a path.
#[derive(Serialize)]
struct Listing<'a> {
    at: UnixTime,
    pieces: &'a [Listed],
    unrecognised: &'a [PassedOver],
}

/// Loads a file or directory of collateral.
pub fn load(path: &Path) -> Result<CollateralSet, Failure> {
    CollateralSet::load(path).map_err(|error| not_loaded(&error))
}

/// Why there is nothing at a path.
fn not_loaded(error: &LoadError) -> Failure {
    let message = failure::chain(error);
    match error {
        LoadError::Read { .. } => Failure::environment(&error.code(), message, error.help()),
        _ => Failure::verdict(&error.code(), message, error.help()),
    }
}
