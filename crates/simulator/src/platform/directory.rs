//! The directory of a platform: `platform.json` with its secrets, and `lock` for whoever creates it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::PlatformError;

const STATE: &str = "platform.json";
const NEW_STATE: &str = "platform.json.new";
const LOCK: &str = "lock";

/// More bytes than any state has (about 8 KiB).
const MAX_STATE: u64 = 1 << 20;

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PlatformError {
    let path = path.to_owned();
    move |source| PlatformError::Io { action, path, source }
}

/// Makes the directory, and those above it that are missing, with mode 0700, unless something is there.
pub(super) fn make(directory: &Path) -> Result<(), PlatformError> {
    match DirBuilder::new().recursive(true).mode(0o700).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(failed("make directory", directory)),
    }
}

/// Refuses what is no directory and what others have rights to.
pub(super) fn check(directory: &Path) -> Result<(), PlatformError> {
    let metadata = match fs::metadata(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(PlatformError::Absent(directory.to_owned()));
        }
        metadata => metadata.map_err(failed("read", directory))?,
    };
    if !metadata.is_dir() {
        return Err(PlatformError::NotADirectory(directory.to_owned()));
    }
    refuse_exposed(directory, metadata.mode())
}

fn refuse_exposed(path: &Path, mode: u32) -> Result<(), PlatformError> {
    if mode & 0o077 != 0 {
        return Err(PlatformError::Exposed { path: path.to_owned(), mode: mode & 0o7777 });
    }
    Ok(())
}

/// Waits until no other process creates a platform here. The lock is given back when the file is dropped.
pub(super) fn lock(directory: &Path) -> Result<File, PlatformError> {
    let path = directory.join(LOCK);
    let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = open.map_err(failed("open", &path))?;
    file.lock().map_err(failed("lock", &path))?;
    Ok(file)
}

/// The state and the file it was read from.
pub(super) fn read_state(directory: &Path) -> Result<(PathBuf, Zeroizing<Vec<u8>>), PlatformError> {
    let path = directory.join(STATE);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(PlatformError::Absent(directory.to_owned()));
        }
        file => file.map_err(failed("open", &path))?,
    };
    refuse_exposed(&path, file.metadata().map_err(failed("read", &path))?.mode())?;
    // Enough room from the start: a buffer that grows leaves copies of the secrets behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(1 << 16));
    file.take(MAX_STATE).read_to_end(&mut bytes).map_err(failed("read", &path))?;
    Ok((path, bytes))
}

/// Writes the first state as a whole: it is there complete or not at all. The caller holds the lock.
pub(super) fn create_state(directory: &Path, contents: &[u8]) -> Result<(), PlatformError> {
    let (new, path) = (directory.join(NEW_STATE), directory.join(STATE));
    match fs::remove_file(&new) {
        // Left behind by a creator that was interrupted; under the lock nobody else is at it.
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("remove", &new)(error)),
        _ => {}
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
    let mut file = file.map_err(failed("create", &new))?;
    file.write_all(contents).and_then(|()| file.sync_all()).map_err(failed("write", &new))?;
    fs::rename(&new, &path).map_err(failed("rename", &new))?;
    // The name must be on the disk too, or a power cut could leave a directory without its platform.
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed("write", directory))
}
