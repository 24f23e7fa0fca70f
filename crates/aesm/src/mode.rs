//! Whether an application quotes in its own process or through the daemon.

use std::borrow::Cow;

use problem::Problem;

/// The variable by whose presence, whatever its value, an application quotes out of process.
pub const VARIABLE: &str = "SGX_AESM_ADDR";

/// Where quotes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotingMode {
    /// The application loads the quoting enclave itself.
    InProcess,
    /// A daemon has it.
    OutOfProcess,
}

/// An application cannot have both.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("quoting in process is asked for, and `{VARIABLE}` is set, which asks for quoting out of process")]
pub struct BothModes;

impl Problem for BothModes {
    fn code(&self) -> Cow<'static, str> {
        "quoting_modes_conflict".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "take SGX_AESM_ADDR out of the environment, or do not ask for quoting in process".into()
    }
}

impl QuotingMode {
    /// What the environment says, and the application where it asks for one of them.
    ///
    /// # Errors
    /// Where both are asked for at once.
    pub fn from_environment(asked: Option<Self>) -> Result<Self, BothModes> {
        Self::choose(std::env::var_os(VARIABLE).is_some(), asked)
    }

    /// The same, told whether the variable is set.
    ///
    /// # Errors
    /// Where both are asked for at once.
    pub fn choose(is_set: bool, asked: Option<Self>) -> Result<Self, BothModes> {
        match (is_set, asked) {
            (true, Some(Self::InProcess)) => Err(BothModes),
            (true, _) | (false, Some(Self::OutOfProcess)) => Ok(Self::OutOfProcess),
            (false, _) => Ok(Self::InProcess),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presence_of_the_variable_decides_and_both_at_once_are_refused() {
        use QuotingMode::{InProcess, OutOfProcess};
        for (is_set, asked, mode) in [
            (false, None, Ok(InProcess)),
            (true, None, Ok(OutOfProcess)),
            (false, Some(InProcess), Ok(InProcess)),
            (false, Some(OutOfProcess), Ok(OutOfProcess)),
            (true, Some(OutOfProcess), Ok(OutOfProcess)),
            (true, Some(InProcess), Err(BothModes)),
        ] {
            assert_eq!(QuotingMode::choose(is_set, asked), mode, "{is_set} {asked:?}");
        }
        assert!(BothModes.to_string().contains(VARIABLE) && BothModes.help().contains(VARIABLE));
    }
}
