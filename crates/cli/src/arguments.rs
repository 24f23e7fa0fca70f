//! Arguments that several commands share.

use dcap::{Allowance, Requirements, TcbStatus};

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

/// What a caller may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Allow {
    /// Enclaves and trust domains that the host can look into.
    Debug,
    /// Trust domains without SEPT_VE_DISABLE.
    SeptVe,
    /// Trust domains that can be moved to another machine.
    Migratable,
    /// Trust domains with a service trust domain bound to them.
    ServiceTd,
    /// Trust domains with reserved attributes set.
    ReservedAttributes,
}

impl Allow {
    const fn allowance(self) -> Allowance {
        match self {
            Self::Debug => Allowance::Debug,
            Self::SeptVe => Allowance::SeptVe,
            Self::Migratable => Allowance::Migratable,
            Self::ServiceTd => Allowance::ServiceTd,
            Self::ReservedAttributes => Allowance::ReservedAttributes,
        }
    }
}

/// The default requirements, widened as asked.
pub fn requirements(accepted: &[TcbStatus], allowed: &[Allow]) -> Requirements {
    // The parser above has refused `Revoked`.
    let requirements = Requirements::default().accept(accepted.iter().copied()).unwrap_or_default();
    allowed.iter().fold(requirements, |requirements, allow| requirements.allow(allow.allowance()))
}
