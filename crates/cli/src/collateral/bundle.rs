//! `veritee collateral bundle`: what several paths hold, in one file.

use std::borrow::Cow;
use std::path::PathBuf;

use ::collateral::{BundleSummary, CollateralSet};
use problem::Problem;
use serde::Serialize;
use unix_time::UnixTime;

use super::not_loaded;
use crate::failure::{self, Failure};
use crate::{output, show};

/// Warnings that people are told; JSON has all of them.
const MAX_WARNINGS: usize = 20;

/// Put the collateral at several paths together in one file, every piece once. Nothing is verified.
///
/// The file goes wherever collateral is asked for: to `verify` and `serve`, to sites without network. The same pieces give
/// the same bytes. docs/collateral-bundle.md says what is in it.
#[derive(clap::Args)]
pub struct Arguments {
    /// Files of collateral in any form that `collateral show` knows, bundles among them, or directories of such files.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The bundle to write.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Replace the file if there is one.
    #[arg(long)]
    force: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut set = CollateralSet::default();
    for path in &arguments.paths {
        set.add_path(path).map_err(|error| not_loaded(&error))?;
    }
    let bytes =
        set.to_bundle().map_err(|error| Failure::verdict(&error.code(), failure::chain(&error), error.help()))?;
    // What cannot be read again is not written; and what is said of the bundle is said of what was read.
    let mut bundle = CollateralSet::default();
    let name = arguments.output.file_name().unwrap_or_default().to_string_lossy();
    bundle.add(&name, &bytes).map_err(|error| Failure::verdict(&error.code(), failure::chain(&error), error.help()))?;
    output::write(&arguments.output, &bytes, arguments.force)?;
    let summary = BundleSummary::of(&bundle, &set, UnixTime::of_system_clock());
    let written = Written { output: arguments.output.to_string_lossy(), bytes: bytes.len(), summary };
    if arguments.json {
        return show::json(&written);
    }
    written.tell()?;
    warn(&written.summary)
}

/// What was written where.
#[derive(Serialize)]
struct Written<'a> {
    output: Cow<'a, str>,
    bytes: usize,
    #[serde(flatten)]
    summary: BundleSummary,
}

impl Written<'_> {
    fn tell(&self) -> Result<(), Failure> {
        let BundleSummary { pieces, families, .. } = &self.summary;
        show::line(&format!(
            "wrote `{}`, {} bytes: {}, {}, {}, {}",
            self.output,
            self.bytes,
            counted(pieces.tcb_infos, "TCB Info", "TCB Infos"),
            counted(pieces.identities, "identity", "identities"),
            counted(pieces.revocation_lists, "revocation list", "revocation lists"),
            counted(pieces.certificates, "certificate", "certificates"),
        ))?;
        let families: Vec<String> =
            families.iter().map(|family| format!("{} ({})", family.fmspc, family.tee)).collect();
        if !families.is_empty() {
            show::line(&format!("FMSPCs: {}", families.join(", ")))?;
        }
        match (self.summary.from, self.summary.until) {
            (Some(from), Some(until)) => show::line(&format!("all of it is valid from {from} to {until}")),
            _ => show::line("the pieces are never all valid at the same time"),
        }
    }
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn warn(summary: &BundleSummary) -> Result<(), Failure> {
    let without_signer = summary
        .without_signer
        .iter()
        .map(|piece| format!("{}: no certificate here signed this {}", piece.source, piece.what));
    let passed_over = summary.unrecognised.iter().map(|file| format!("{}: passed over: {}", file.source, file.reason));
    let warnings: Vec<String> = without_signer.chain(passed_over).collect();
    for warning in warnings.iter().take(MAX_WARNINGS) {
        show::line(&show::inline(&format!("warning: {warning}")))?;
    }
    match warnings.len().checked_sub(MAX_WARNINGS) {
        None | Some(0) => Ok(()),
        Some(more) => show::line(&format!("warning: and {more} more; --json has all of them")),
    }
}
