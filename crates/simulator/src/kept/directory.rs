//! The directories of a simulation and of each platform: one file of JSON with secrets in each, and `lock` for whoever writes it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::SimulationError;

const LOCK: &str = "lock";

/// More bytes than any state has (about 8 KiB; 64 for each revoked certificate).
const MAX_STATE: u64 = 1 << 20;

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SimulationError {
    let path = path.to_owned();
    move |source| SimulationError::Io { action, path, source }
}

/// Makes the directory, and those above it that are missing, with mode 0700, unless something is there.
pub(crate) fn make(directory: &Path) -> Result<(), SimulationError> {
    match DirBuilder::new().recursive(true).mode(0o700).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(failed("make directory", directory)),
    }
}

/// Refuses what is no directory and what others have rights to.
pub(crate) fn check(directory: &Path) -> Result<(), SimulationError> {
    let metadata = match fs::metadata(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(SimulationError::Absent(directory.to_owned()));
        }
        metadata => metadata.map_err(failed("read", directory))?,
    };
    if !metadata.is_dir() {
        return Err(SimulationError::NotADirectory(directory.to_owned()));
    }
    refuse_exposed(directory, metadata.mode())
}

fn refuse_exposed(path: &Path, mode: u32) -> Result<(), SimulationError> {
    if mode & 0o077 != 0 {
        return Err(SimulationError::Exposed { path: path.to_owned(), mode: mode & 0o7777 });
    }
    Ok(())
}

/// Waits until no other process writes here. The lock is given back when the file is dropped.
pub(crate) fn lock(directory: &Path) -> Result<File, SimulationError> {
    let path = directory.join(LOCK);
    let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = open.map_err(failed("open", &path))?;
    file.lock().map_err(failed("lock", &path))?;
    Ok(file)
}

/// The state and the file it was read from.
pub(crate) fn read(directory: &Path, name: &str) -> Result<(PathBuf, Zeroizing<Vec<u8>>), SimulationError> {
    let path = directory.join(name);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(SimulationError::Absent(directory.to_owned()));
        }
        file => file.map_err(failed("open", &path))?,
    };
    refuse_exposed(&path, file.metadata().map_err(failed("read", &path))?.mode())?;
    // Enough room from the start: a buffer that grows leaves copies of the secrets behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(1 << 16));
    file.take(MAX_STATE).read_to_end(&mut bytes).map_err(failed("read", &path))?;
    Ok((path, bytes))
}

/// Writes the state as a whole: the old one is there complete, or the new one. The caller holds the lock.
pub(crate) fn write(directory: &Path, name: &str, contents: &[u8]) -> Result<(), SimulationError> {
    let (new, path) = (directory.join(format!("{name}.new")), directory.join(name));
    match fs::remove_file(&new) {
        // Left behind by a writer that was interrupted; under the lock nobody else is at it.
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("remove", &new)(error)),
        _ => {}
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
    let mut file = file.map_err(failed("create", &new))?;
    file.write_all(contents).and_then(|()| file.sync_all()).map_err(failed("write", &new))?;
    fs::rename(&new, &path).map_err(failed("rename", &new))?;
    // The name must be on the disk too, or a power cut could leave a directory without its state.
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed("write", directory))
}

/// Names of the directories in there that hold such a state, sorted; none where there is no directory.
pub(crate) fn list(directory: &Path, name: &str) -> Result<Vec<String>, SimulationError> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed("read", directory))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed("read", directory))?;
        if entry.path().join(name).is_file() {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort();
    Ok(names)
}
