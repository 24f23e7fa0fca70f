//! Arguments that several commands share.

use dcap::{Requirements, TcbStatus};

/// A status on the command line. `Revoked` is no choice.
pub fn parse_accepted_status(text: &str) -> Result<TcbStatus, String> {
    match text.parse() {
        Ok(TcbStatus::Revoked) => Err("`Revoked` can never be accepted".to_owned()),
        Ok(status) => Ok(status),
        Err(_) => {
            let names: Vec<&str> =
                TcbStatus::ALL.iter().filter(|status| **status != TcbStatus::Revoked).map(|s| s.as_str()).collect();
            Err(format!("choose from {}", names.join(", ")))
        }
    }
}

/// What a caller may widen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Allowance {
    /// Enclaves that a debugger can read.
    Debug,
}

/// The default requirements, widened as asked.
pub fn requirements(accepted: &[TcbStatus], allowed: &[Allowance]) -> Requirements {
    // The parser above has refused `Revoked`.
    let requirements = Requirements::default().accept(accepted.iter().copied()).unwrap_or_default();
    if allowed.contains(&Allowance::Debug) { requirements.allow_debug() } else { requirements }
}
