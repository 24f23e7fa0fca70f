//! `veritee policy fmt`: the one layout of a policy.

use std::path::{Path, PathBuf};

use super::diagnostics;
use super::input::read_policy;
use crate::failure::Failure;
use crate::{output, show};

/// Lay policies out in the one way: files are rewritten in place, standard input (`-`) goes to standard output.
///
/// The meaning stays, and so do comments; the hash of the text (x-ms-policy-hash) changes with every change of its layout,
/// so lay a policy out before it is set and not after.
#[derive(clap::Args)]
pub struct Arguments {
    /// Policies; `-` reads standard input.
    #[arg(required = true)]
    policies: Vec<PathBuf>,
    /// Change nothing; exit code 1 where a file would change.
    #[arg(long)]
    check: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut changed = Vec::new();
    for path in &arguments.policies {
        let text = read_policy(path)?;
        let formatted = policy::format(&text).map_err(|errors| diagnostics::refused(path, &text, &errors))?;
        let is_stream = path.as_os_str() == "-";
        if !arguments.check && is_stream {
            show::text(&formatted)?;
        } else if formatted != text {
            if !arguments.check {
                output::write(path, formatted.as_bytes(), true)?;
            }
            changed.push(path);
        }
    }
    for path in &changed {
        show::line(&format!("{}{}", path.display(), if arguments.check { " would change" } else { "" }))?;
    }
    match changed.first() {
        Some(first) if arguments.check => Err(not_formatted(first, changed.len())),
        _ => Ok(()),
    }
}

fn not_formatted(first: &Path, count: usize) -> Failure {
    let message = format!("{count} of the policies would change, `{}` first", first.display());
    Failure::verdict("policy_not_formatted", message, "run veritee policy fmt without --check").said()
}
