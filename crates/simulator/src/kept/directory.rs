//! The directories of a simulation and of each platform: one file of JSON with secrets in each.

use std::path::{Path, PathBuf};

use state_dir::{PrivateDir, StateError, Trust};
use zeroize::Zeroizing;

use super::error::SimulationError;

/// Upper bound on the size of a state (about 8 KiB; 64 bytes for each revoked certificate).
const MAX_STATE: usize = 1 << 20;

/// Opens the directory, which must exist.
pub(crate) fn open(directory: &Path) -> Result<PrivateDir, SimulationError> {
    match PrivateDir::open(directory, Trust::OWNER) {
        Err(StateError::Missing(_)) => Err(SimulationError::Absent(directory.to_owned())),
        opened => Ok(opened?),
    }
}

/// Opens the directory, and makes it where it is missing.
pub(crate) fn open_or_create(directory: &Path) -> Result<PrivateDir, SimulationError> {
    Ok(PrivateDir::open_or_create(directory, Trust::OWNER)?)
}

/// Reads a state, and gives the file it was read from for messages.
pub(crate) fn read(directory: &PrivateDir, name: &str) -> Result<(PathBuf, Zeroizing<Vec<u8>>), SimulationError> {
    let state = directory.read(name, MAX_STATE)?;
    let state = state.ok_or_else(|| SimulationError::Absent(directory.path().to_owned()))?;
    Ok((directory.path().join(name), state))
}

/// Writes the state as a whole, under the lock of its directory.
pub(crate) fn write(directory: &PrivateDir, name: &str, contents: &[u8]) -> Result<(), SimulationError> {
    Ok(directory.lock()?.replace(name, contents)?)
}

/// Names of the directories in there that hold such a state, sorted; none where there is no directory.
pub(crate) fn list(directory: &Path, name: &str) -> Result<Vec<String>, SimulationError> {
    let directory = match PrivateDir::open(directory, Trust::OWNER) {
        Err(StateError::Missing(_)) => return Ok(Vec::new()),
        opened => opened?,
    };
    let mut names = directory.names()?;
    names.retain(|entry| directory.path().join(entry).join(name).is_file());
    Ok(names)
}
