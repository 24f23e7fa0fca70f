//! A directory that others may enter and see, and only root and the effective user change.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{AtFlags, FileType, Gid, Mode, chmodat, chownat, renameat, unlinkat};
use rustix::io::Errno;

use crate::checks;
use crate::directory::{is_name, open_directory};
use crate::error::StateError;
use crate::lock::lock_file;
use crate::trust::Trust;
use crate::walk::{self, Ancestors, LastLink, failed, walk};

/// How long another process may keep the lock.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory that others may see and not change: its owner is root or the effective user, neither group nor others can write to it, and
/// everything above it is checked as for a [`crate::PrivateDir`].
#[derive(Debug)]
pub struct SharedDir {
    descriptor: OwnedFd,
    path: PathBuf,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Of which type it is.
    pub kind: Kind,
    /// Which one it is.
    pub identity: Identity,
}

/// The types of file system entries that make a difference here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A Unix socket.
    Socket,
    /// A symbolic link.
    Link,
    /// Anything else.
    Other,
}

/// Device and inode: what a name stands for, as long as that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
}

impl SharedDir {
    /// Opens a directory that exists. Nothing is created or changed.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let place = walk(path, Ancestors::MustExist, LastLink::Leave, Trust::OWNER)?;
        let descriptor = open_directory(&place.parent, &place.name, path, checks::unshared)?;
        Ok(Self { descriptor, path: path.to_owned() })
    }

    /// Waits until no other process holds the lock file of that name, for up to a minute; it is released when it is dropped.
    ///
    /// # Errors
    /// [`StateError::Locked`] after that.
    pub fn lock(&self, name: &str) -> Result<OwnedFd, StateError> {
        let (name, _) = self.child(OsStr::new(name))?;
        lock_file(&self.descriptor, name, &self.path, PATIENCE)
    }

    /// What has this name, if anything; a symbolic link is not followed.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn examine(&self, name: &OsStr) -> Result<Option<Entry>, StateError> {
        let (name, path) = self.child(name)?;
        let found = walk::examine(&self.descriptor, name, &path)?;
        Ok(found.map(|stat| {
            let kind = match FileType::from_raw_mode(stat.st_mode) {
                FileType::Socket => Kind::Socket,
                FileType::Symlink => Kind::Link,
                _ => Kind::Other,
            };
            Entry { kind, identity: Identity { device: stat.st_dev, inode: stat.st_ino } }
        }))
    }

    /// Changes the group, where one is given, and then the mode of what the process made there.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_access(&self, name: &OsStr, group: Option<u32>, mode: u32) -> Result<(), StateError> {
        let (name, path) = self.child(name)?;
        if let Some(group) = group {
            chownat(&self.descriptor, name, None, Some(Gid::from_raw(group)), AtFlags::SYMLINK_NOFOLLOW)
                .map_err(StateError::io("change the group of", &path))?;
        }
        // Nobody else could have put a link there.
        chmodat(&self.descriptor, name, Mode::from_raw_mode(mode), AtFlags::empty())
            .map_err(StateError::io("change the mode of", &path))
    }

    /// Gives what has one name the other, in place of what may have it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> Result<(), StateError> {
        let ((from, _), (to, path)) = (self.child(from)?, self.child(to)?);
        renameat(&self.descriptor, from, &self.descriptor, to).map_err(StateError::io("rename to", &path))
    }

    /// Removes what has this name; whether something did.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn remove(&self, name: &OsStr) -> Result<bool, StateError> {
        let (name, path) = self.child(name)?;
        match unlinkat(&self.descriptor, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(failed(errno, "remove", &path)),
        }
    }

    fn child<'n>(&self, name: &'n OsStr) -> Result<(&'n OsStr, PathBuf), StateError> {
        let path = self.path.join(name);
        if is_name(name) { Ok((name, path)) } else { Err(StateError::InvalidName(path)) }
    }
}
