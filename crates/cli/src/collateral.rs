//! `veritee collateral`: what collateral there is.

use std::path::PathBuf;

use ::collateral::Listed;
use clap::Subcommand;
use dcap::UnixTime;
use serde_json::{Value, json};

use crate::clock::parse_time;
use crate::failure::Failure;
use crate::show;
use crate::verify::load_collateral;

/// Look at collateral.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Show(ShowArguments),
}

/// List the pieces at a path: what they are about, when they are valid, who signed them. Nothing is verified.
#[derive(clap::Args)]
struct ShowArguments {
    /// dcap-qvl's JSON, a piece, or a directory of pieces.
    path: PathBuf,
    /// Say what is valid at this time instead of now.
    #[arg(long, value_name = "RFC3339", value_parser = parse_time)]
    at: Option<UnixTime>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Command::Show(arguments) = &arguments.command;
    let at = arguments.at.unwrap_or_else(UnixTime::of_system_clock);
    let set = load_collateral(&arguments.path)?;
    let pieces = set.list(at);
    if arguments.json {
        let unrecognised: Value =
            set.unrecognised().iter().map(|(source, reason)| json!({"source": source, "reason": reason})).collect();
        let pieces: Value = pieces.iter().map(|piece| describe(piece, at)).collect();
        return show::json(&json!({"at": at, "pieces": pieces, "unrecognised": unrecognised}));
    }
    for piece in &pieces {
        show::line(&format!("{}: {}", piece.source, piece.what))?;
        let number = piece.evaluation_data_number.map(|number| format!(", evaluation number {number}"));
        let signer = piece.signer.as_deref().map_or("no certificate here".to_owned(), |signer| format!("`{signer}`"));
        show::line(&format!(
            "    {} ({} to {}){}; signed by {signer}",
            state(piece, at),
            piece.validity.from,
            piece.validity.until,
            number.unwrap_or_default(),
        ))?;
    }
    for (source, reason) in set.unrecognised() {
        show::line(&format!("{source}: passed over: {reason}"))?;
    }
    Ok(())
}

fn describe(piece: &Listed, at: UnixTime) -> Value {
    json!({
        "source": piece.source,
        "what": piece.what,
        "state": state(piece, at),
        "from": piece.validity.from,
        "until": piece.validity.until,
        "evaluationDataNumber": piece.evaluation_data_number,
        "signer": piece.signer,
    })
}

fn state(piece: &Listed, at: UnixTime) -> &'static str {
    match piece.validity.check(at) {
        Ok(()) => "valid",
        Err(dcap::OutsideWindow::Expired { .. }) => "expired",
        Err(dcap::OutsideWindow::NotYetValid { .. }) => "not yet valid",
    }
}
