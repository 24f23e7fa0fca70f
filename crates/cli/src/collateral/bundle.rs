//! `veritee collateral bundle`: what several paths hold, in one file.

use std::path::{Path, PathBuf};

use ::collateral::{CollateralSet, Kind, Listed};
use problem::Problem;
use serde_json::{Value, json};
use unix_time::{UnixTime, ValidityPeriod};

use super::describe::unrecognised;
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
    let written =
        Written { path: &arguments.output, bytes: bytes.len(), pieces: bundle.list(UnixTime::of_system_clock()) };
    if arguments.json {
        return show::json(&written.describe(&bundle, &set));
    }
    written.tell(&bundle)?;
    warn(&written, &set)
}

struct Written<'a> {
    path: &'a Path,
    bytes: usize,
    pieces: Vec<Listed>,
}

impl Written<'_> {
    fn count(&self, kind: Kind) -> usize {
        self.pieces.iter().filter(|piece| piece.kind == kind).count()
    }

    /// When every piece is valid, if there is such a time.
    fn validity(&self) -> Option<ValidityPeriod> {
        let whole = self.pieces.iter().map(|piece| piece.validity).reduce(ValidityPeriod::and)?;
        (whole.from <= whole.until).then_some(whole)
    }

    fn without_signer(&self) -> impl Iterator<Item = &Listed> {
        self.pieces.iter().filter(|piece| piece.signer.is_none())
    }

    fn describe(&self, bundle: &CollateralSet, loaded: &CollateralSet) -> Value {
        let families: Value =
            bundle.platform_families().iter().map(|(fmspc, tee)| json!({"fmspc": fmspc, "tee": tee})).collect();
        let without_signer: Value =
            self.without_signer().map(|piece| json!({"source": piece.source, "what": piece.what})).collect();
        json!({
            "output": self.path.to_string_lossy(),
            "bytes": self.bytes,
            "pieces": {
                "tcbInfos": self.count(Kind::TcbInfo),
                "identities": self.count(Kind::Identity),
                "revocationLists": self.count(Kind::Crl),
                "certificates": self.count(Kind::Certificate),
            },
            "families": families,
            "from": self.validity().map(|window| window.from),
            "until": self.validity().map(|window| window.until),
            "withoutSigner": without_signer,
            "unrecognised": unrecognised(loaded),
        })
    }

    fn tell(&self, bundle: &CollateralSet) -> Result<(), Failure> {
        show::line(&format!(
            "wrote `{}`, {} bytes: {}, {}, {}, {}",
            self.path.display(),
            self.bytes,
            counted(self.count(Kind::TcbInfo), "TCB Info", "TCB Infos"),
            counted(self.count(Kind::Identity), "identity", "identities"),
            counted(self.count(Kind::Crl), "revocation list", "revocation lists"),
            counted(self.count(Kind::Certificate), "certificate", "certificates"),
        ))?;
        let families: Vec<String> =
            bundle.platform_families().iter().map(|(fmspc, tee)| format!("{fmspc} ({tee})")).collect();
        if !families.is_empty() {
            show::line(&format!("FMSPCs: {}", families.join(", ")))?;
        }
        match self.validity() {
            Some(window) => show::line(&format!("all of it is valid from {} to {}", window.from, window.until)),
            None => show::line("there is no time at which all of it is valid"),
        }
    }
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn warn(written: &Written<'_>, loaded: &CollateralSet) -> Result<(), Failure> {
    let without_signer = written
        .without_signer()
        .map(|piece| format!("{}: no certificate here signed this {}", piece.source, piece.what));
    let passed_over = loaded.unrecognised().iter().map(|(source, reason)| format!("{source}: passed over: {reason}"));
    let warnings: Vec<String> = without_signer.chain(passed_over).collect();
    for warning in warnings.iter().take(MAX_WARNINGS) {
        show::line(&show::inline(&format!("warning: {warning}")))?;
    }
    match warnings.len().checked_sub(MAX_WARNINGS) {
        None | Some(0) => Ok(()),
        Some(more) => show::line(&format!("warning: and {more} more; --json has all of them")),
    }
}
