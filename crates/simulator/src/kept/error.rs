//! Why a simulation or a platform in it cannot be had.

use std::borrow::Cow;
use std::path::PathBuf;

use problem::Problem;
use state_dir::StateError;

use super::state::DamagedState;
use crate::architectural::EnclaveError;
use crate::build_error::BuildError;
use crate::collateral::WriteError;

/// Why there is no simulation, or no such platform in it.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The directory is not there, or holds nothing of the kind.
    #[error("`{}` holds no simulated machine or Intel", .0.display())]
    Absent(PathBuf),
    /// There is a platform of that name.
    #[error("there is a platform `{0}` already")]
    Exists(String),
    /// No name for a platform.
    #[error("`{0}` is no name for a platform")]
    Name(String),
    /// The directory or a file in it is not used: it is not private, or the system refuses.
    #[error(transparent)]
    State(#[from] StateError),
    /// The state cannot be used.
    #[error("`{}` is damaged", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: DamagedState,
    },
    /// A key or certificate could not be made.
    #[error("no simulated machine could be made")]
    Build(#[from] BuildError),
    /// Collateral could not be written.
    #[error(transparent)]
    Publish(#[from] WriteError),
    /// The quoting enclaves could not be started.
    #[error("quoting enclaves of the simulated machine could not be started")]
    Enclave(#[from] EnclaveError),
}

impl Problem for SimulationError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Absent(_) => "simulation_absent",
            Self::Exists(_) => "platform_exists",
            Self::Name(_) => "platform_name",
            Self::State(error) => return error.code(),
            Self::Damaged { source, .. } => return source.code(),
            Self::Build(error) => return error.code(),
            Self::Publish(error) => return error.code(),
            Self::Enclave(error) => return error.code(),
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Absent(_) => "make it with veritee platform create, or name another",
            Self::Exists(_) => "take another name; veritee platform list shows those that are taken",
            Self::Name(_) => "take 1 to 64 letters, digits, hyphens and underscores, a letter or digit first",
            Self::State(error) => return error.help(),
            Self::Damaged { source, .. } => return source.help(),
            Self::Build(error) => return error.help(),
            Self::Publish(error) => return error.help(),
            Self::Enclave(error) => return error.help(),
        })
    }
}
