//! A private directory: the effective user's own, and nobody else's to enter.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Dir, Mode, OFlags, Stat, fchmod, fstat, openat};
use zeroize::Zeroizing;

use crate::checks;
use crate::error::StateError;
use crate::read;
use crate::trust::Trust;
use crate::walk::{self, Ancestors, LastLink, Place, failed, walk};

/// A private directory, open: see the crate's documentation for what was checked.
#[derive(Debug)]
pub struct PrivateDir {
    descriptor: OwnedFd,
    path: PathBuf,
    trust: Trust,
}

impl PrivateDir {
    /// Opens a directory that exists. Nothing is created.
    ///
    /// # Errors
    /// [`StateError`], and [`StateError::Missing`] where nothing is there.
    pub fn open(path: &Path, trust: Trust) -> Result<Self, StateError> {
        let place = walk(path, Ancestors::MustExist, LastLink::Leave, trust)?;
        Self::open_at(&place, path, trust)
    }

    /// Opens a directory, and makes it with mode 0700 if it is missing, as well as those above it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open_or_create(path: &Path, trust: Trust) -> Result<Self, StateError> {
        let place = walk(path, Ancestors::Create, LastLink::Leave, trust)?;
        if walk::examine(&place.parent, &place.name, path)?.is_none() {
            walk::make_directory(&place.parent, &place.name, path)?;
        }
        Self::open_at(&place, path, trust)
    }

    /// Opens a directory in this one, and makes it if it is missing. Rights that others have to it are taken away: they could not use
    /// them anyway.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn subdirectory(&self, name: &str) -> Result<Self, StateError> {
        let (name, path) = self.child(name)?;
        if walk::examine(&self.descriptor, name, &path)?.is_none() {
            walk::make_directory(&self.descriptor, name, &path)?;
        }
        let descriptor = open_directory(&self.descriptor, name, &path, checks::owned)?;
        let stat = fstat(&descriptor).map_err(StateError::io("examine", &path))?;
        if checks::private(&path, &stat, self.trust).is_err() {
            fchmod(&descriptor, Mode::from_raw_mode(0o700)).map_err(StateError::io("change the mode of", &path))?;
        }
        Ok(Self { descriptor, path, trust: self.trust })
    }

    /// Its path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether something has this name in it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn contains(&self, name: &str) -> Result<bool, StateError> {
        let (name, path) = self.child(name)?;
        Ok(walk::examine(&self.descriptor, name, &path)?.is_some())
    }

    /// Reads a private file of at most `limit` bytes; `None` where there is none.
    ///
    /// # Errors
    /// [`StateError`]: it is not a regular file, others have rights to it, it is longer.
    pub fn read(&self, name: &str, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>, StateError> {
        let (name, path) = self.child(name)?;
        let is_private = |path: &Path, stat: &Stat| checks::private(path, stat, self.trust);
        match read::open_file(&self.descriptor, name, &path, is_private) {
            Ok(file) => read::to_end(file, &path, limit).map(Some),
            Err(StateError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens or makes an empty private file that another library works with by its path, such as a database, and returns that path.
    ///
    /// The path is safe to use: nobody but the owner can replace anything on the way to it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn file_for_library(&self, name: &str) -> Result<PathBuf, StateError> {
        let (name, path) = self.child(name)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = openat(&self.descriptor, name, flags, Mode::from_raw_mode(0o600));
        let file = opened.map_err(|errno| failed(errno, "open", &path))?;
        let stat = fstat(&file).map_err(StateError::io("examine", &path))?;
        if !checks::is_file(&stat) {
            return Err(StateError::NotAFile(path));
        }
        checks::private(&path, &stat, self.trust)?;
        walk::sync_directory(&self.descriptor).map_err(StateError::io("sync", &self.path))?;
        Ok(path)
    }

    /// Names of what is in it, sorted; those that are not UTF-8 are left out.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn names(&self) -> Result<Vec<String>, StateError> {
        let failed = |errno| StateError::io("list", &self.path)(errno);
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.descriptor).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => names.push(name.to_owned()),
            }
        }
        names.sort();
        Ok(names)
    }

    pub(crate) const fn descriptor(&self) -> &OwnedFd {
        &self.descriptor
    }

    /// A name in this directory, and its path for messages.
    pub(crate) fn child<'n>(&self, name: &'n str) -> Result<(&'n OsStr, PathBuf), StateError> {
        let name = OsStr::new(name);
        let path = self.path.join(name);
        if is_name(name) { Ok((name, path)) } else { Err(StateError::InvalidName(path)) }
    }

    fn open_at(place: &Place, path: &Path, trust: Trust) -> Result<Self, StateError> {
        let is_private = |path: &Path, stat: &Stat| checks::private(path, stat, trust);
        let descriptor = open_directory(&place.parent, &place.name, path, is_private)?;
        Ok(Self { descriptor, path: path.to_owned(), trust })
    }
}

/// One component, and neither `.` nor `..`.
pub(crate) fn is_name(name: &OsStr) -> bool {
    !matches!(name.as_bytes(), b"" | b"." | b"..") && !name.as_bytes().iter().any(|byte| matches!(byte, b'/' | 0))
}

/// Opens a directory that is no link, for reading and syncing. It is checked before it is opened.
pub(crate) fn open_directory(
    at: &OwnedFd,
    name: &OsStr,
    path: &Path,
    check: impl Fn(&Path, &Stat) -> Result<(), StateError>,
) -> Result<OwnedFd, StateError> {
    let there = walk::open_path(at, name).map_err(|errno| failed(errno, "open", path))?;
    let stat = fstat(&there).map_err(StateError::io("examine", path))?;
    if checks::is_link(&stat) {
        return Err(StateError::Link(path.to_owned()));
    }
    if !checks::is_directory(&stat) {
        return Err(StateError::NotADirectory(path.to_owned()));
    }
    check(path, &stat)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(&there, ".", flags, Mode::empty()).map_err(|errno| failed(errno, "open", path))
}

/// The name that a file has until it is complete.
pub(crate) fn unfinished(name: &OsStr) -> OsString {
    let mut unfinished = name.to_owned();
    unfinished.push(".new");
    unfinished
}
