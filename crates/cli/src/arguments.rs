//! Arguments that several commands share.

use dcap::{Allowance, TcbStatus};
use serde::Deserialize;

use crate::duration;

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

/// A list of statuses in a file. `Revoked` is no choice.
pub fn accepted_statuses<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<TcbStatus>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    names.iter().map(|name| parse_accepted_status(name).map_err(serde::de::Error::custom)).collect()
}

/// What a caller may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    pub const fn allowance(self) -> Allowance {
        match self {
            Self::Debug => Allowance::Debug,
            Self::SeptVe => Allowance::SeptVe,
            Self::Migratable => Allowance::Migratable,
            Self::ServiceTd => Allowance::ServiceTd,
            Self::ReservedAttributes => Allowance::ReservedAttributes,
        }
    }
}

/// Seconds: a number with a unit, such as `30d`.
pub fn duration(text: &str) -> Result<i64, String> {
    let seconds = duration::positive(text)?.as_secs();
    i64::try_from(seconds).map_err(|_| "use a shorter duration".to_owned())
}

/// So many bytes in hexadecimal.
pub fn hex_bytes<const N: usize>(text: &str) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| format!("give {} hexadecimal digits", N.saturating_mul(2)))?;
    Ok(bytes)
}
