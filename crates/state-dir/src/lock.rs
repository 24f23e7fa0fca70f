//! The exclusive lock of a private directory, under which its files change.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::fs::{
    AtFlags, FlockOperation, Mode, OFlags, RenameFlags, flock, fstat, openat, renameat, renameat_with, unlinkat,
};
use rustix::io::Errno;

use crate::checks;
use crate::directory::{PrivateDir, unfinished};
use crate::error::StateError;
use crate::walk::{self, failed};

/// The file that is locked.
const LOCK: &str = "lock";
/// How long another process may keep the lock.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// The exclusive lock of a directory: released when it is dropped, or when the process ends.
#[derive(Debug)]
pub struct Lock<'d> {
    directory: &'d PrivateDir,
    _locked: OwnedFd,
}

impl PrivateDir {
    /// Waits until no other process changes this directory, for up to a minute.
    ///
    /// # Errors
    /// [`StateError::Locked`] after that.
    pub fn lock(&self) -> Result<Lock<'_>, StateError> {
        Lock::take(self)
    }
}

impl<'d> Lock<'d> {
    pub(crate) fn take(directory: &'d PrivateDir) -> Result<Self, StateError> {
        Self::take_within(directory, PATIENCE)
    }

    fn take_within(directory: &'d PrivateDir, patience: Duration) -> Result<Self, StateError> {
        let locked = lock_file(directory.descriptor(), OsStr::new(LOCK), directory.path(), patience)?;
        Ok(Self { directory, _locked: locked })
    }

    /// Writes a file that must not exist yet, durably: it has its whole contents or does not exist.
    ///
    /// # Errors
    /// [`StateError::Exists`], and where it cannot be written.
    pub fn create(&self, name: &str, contents: &[u8]) -> Result<(), StateError> {
        self.write(name, contents, RenameFlags::NOREPLACE)
    }

    /// Writes a file in place of the one that may exist, durably: it has its old contents or the new.
    ///
    /// # Errors
    /// [`StateError`], where it cannot be written.
    pub fn replace(&self, name: &str, contents: &[u8]) -> Result<(), StateError> {
        self.write(name, contents, RenameFlags::empty())
    }

    /// Removes a file durably; whether it existed.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn remove(&self, name: &str) -> Result<bool, StateError> {
        let (name, path) = self.directory.child(name)?;
        match unlinkat(self.directory.descriptor(), name, AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(StateError::io("remove", &path)(errno)),
            Ok(()) => self.sync().map(|()| true),
        }
    }

    fn write(&self, name: &str, contents: &[u8], flags: RenameFlags) -> Result<(), StateError> {
        let (name, path) = self.directory.child(name)?;
        let directory = self.directory.descriptor();
        let temporary = unfinished(name);
        let temporary_path = self.directory.path().join(&temporary);
        // What an interrupted writer left: under the lock no other one is at work.
        match unlinkat(directory, &*temporary, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(StateError::io("remove", &temporary_path)(errno)),
        }
        let open = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = openat(directory, &*temporary, open, Mode::from_raw_mode(0o600));
        let mut file = File::from(made.map_err(StateError::io("create", &temporary_path))?);
        let written = file.write_all(contents).and_then(|()| file.sync_all());
        let placed =
            written.map_err(|source| StateError::Io { action: "write", path: temporary_path, source }).and_then(|()| {
                self.place(&temporary, name, flags).map_err(|errno| match errno {
                    Errno::EXIST => StateError::Exists(path.clone()),
                    errno => StateError::io("rename to", &path)(errno),
                })
            });
        if placed.is_err() {
            // The first error is the one that matters.
            let _ = unlinkat(directory, &*temporary, AtFlags::empty());
        }
        placed?;
        self.sync()
    }

    fn place(&self, temporary: &OsStr, name: &OsStr, flags: RenameFlags) -> rustix::io::Result<()> {
        let directory = self.directory.descriptor();
        if flags.is_empty() {
            return renameat(directory, temporary, directory, name);
        }
        match renameat_with(directory, temporary, directory, name, flags) {
            // Some network file systems do not know the flag. Everybody who makes files here holds the lock.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Err(Errno::NOENT) => renameat(directory, temporary, directory, name),
                    Ok(_) => Err(Errno::EXIST),
                    Err(errno) => Err(errno),
                }
            }
            placed => placed,
        }
    }

    /// The names must be on the disk too, or a power cut could take away what was written.
    fn sync(&self) -> Result<(), StateError> {
        walk::sync_directory(self.directory.descriptor()).map_err(StateError::io("sync", self.directory.path()))
    }
}

/// Opens the lock file, private and no link, and locks it.
pub(crate) fn lock_file(
    directory: &OwnedFd,
    name: &OsStr,
    directory_path: &std::path::Path,
    patience: Duration,
) -> Result<OwnedFd, StateError> {
    let path = directory_path.join(name);
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = openat(directory, name, flags, Mode::from_raw_mode(0o600));
    let file = opened.map_err(|errno| failed(errno, "open", &path))?;
    let stat = fstat(&file).map_err(StateError::io("examine", &path))?;
    if !checks::is_file(&stat) {
        return Err(StateError::NotAFile(path));
    }
    // Whoever else could open it could keep everybody waiting.
    checks::owned(&path, &stat)?;
    let deadline = Instant::now() + patience;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(Errno::WOULDBLOCK) if Instant::now() < deadline => std::thread::sleep(PAUSE),
            Err(Errno::WOULDBLOCK) => return Err(StateError::Locked(path)),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(StateError::io("lock", &path)(errno)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::Trust;

    #[test]
    fn a_lock_that_is_not_released_is_an_error_in_the_end() {
        let place = tempfile::tempdir().unwrap();
        let directory = PrivateDir::open_or_create(&place.path().join("state"), Trust::OWNER).unwrap();
        let held = directory.lock().unwrap();
        let refused = Lock::take_within(&directory, Duration::from_millis(30)).unwrap_err();
        assert!(matches!(&refused, StateError::Locked(path) if path.ends_with("state/lock")), "{refused}");
        drop(held);
        Lock::take_within(&directory, Duration::ZERO).unwrap();
    }
}
