//! One secret in a file of its own, which an operator wants at a place of his choice.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, openat, unlinkat};
use rustix::io::Errno;

use crate::error::StateError;
use crate::trust::Trust;
use crate::walk::{self, Ancestors, LastLink, failed, walk};

/// A new file with mode 0600 that waits for its secret. Unless [`SecretFile::write`] succeeds, it is removed again.
///
/// It is reserved before the secret exists, so that no secret is lost because it cannot be kept.
#[derive(Debug)]
pub struct SecretFile {
    directory: OwnedFd,
    name: OsString,
    path: PathBuf,
    file: File,
    is_written: bool,
}

impl SecretFile {
    /// Creates the file, which must not exist, in a directory that exists and is checked as those above a private directory are.
    ///
    /// # Errors
    /// [`StateError`], and [`StateError::Exists`] where something has the name, be it a symbolic link.
    pub fn reserve(path: &Path) -> Result<Self, StateError> {
        let place = walk(path, Ancestors::MustExist, LastLink::Leave, Trust::OWNER)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = openat(&place.parent, &*place.name, flags, Mode::from_raw_mode(0o600));
        let file = made.map_err(|errno| match errno {
            Errno::EXIST => StateError::Exists(path.to_owned()),
            errno => failed(errno, "create", path),
        })?;
        let (directory, name) = (place.parent, place.name);
        Ok(Self { directory, name, path: path.to_owned(), file: File::from(file), is_written: false })
    }

    /// Writes the secret durably.
    ///
    /// # Errors
    /// [`StateError::Io`].
    pub fn write(mut self, secret: &[u8]) -> Result<(), StateError> {
        let written = self.file.write_all(secret).and_then(|()| self.file.sync_all());
        written.map_err(|source| StateError::Io { action: "write", path: self.path.clone(), source })?;
        match walk::sync_directory(&self.directory) {
            // A directory that can be written to and not read cannot be synced.
            Ok(()) | Err(Errno::ACCESS) => {}
            Err(errno) => return Err(StateError::io("sync the directory of", &self.path)(errno)),
        }
        self.is_written = true;
        Ok(())
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        if !self.is_written {
            // Nobody is left to tell.
            let _ = unlinkat(&self.directory, &*self.name, AtFlags::empty());
        }
    }
}
