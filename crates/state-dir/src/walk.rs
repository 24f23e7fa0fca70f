//! From the root of the file system to a path, component by component, checking each directory on the way.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, Stat, fstat, fsync, mkdirat, openat, readlinkat, statat};
use rustix::io::Errno;

use crate::checks;
use crate::error::StateError;
use crate::trust::Trust;

/// The most symbolic links of one path, as Linux has it.
const MAX_LINKS: usize = 40;
const DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o700);

/// The last component of a path, and the directory that it is in.
pub(crate) struct Place {
    /// The directory; every one above it was checked, and so was it.
    pub(crate) parent: OwnedFd,
    /// The name in it: neither `.` nor `..`.
    pub(crate) name: OsString,
}

/// What to do with what is missing on the way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ancestors {
    MustExist,
    Create,
}

/// What to do with a symbolic link at the end of the path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastLink {
    Leave,
    Follow,
}

/// Leads to the directory of the path's last component, which itself is not opened.
pub(crate) fn walk(path: &Path, ancestors: Ancestors, last_link: LastLink, trust: Trust) -> Result<Place, StateError> {
    if path.as_os_str().is_empty() {
        return Err(StateError::InvalidName(path.to_owned()));
    }
    // A relative path depends on every directory above the current one.
    let absolute = std::path::absolute(path).map_err(|source| StateError::Io {
        action: "find the current directory for",
        path: path.to_owned(),
        source,
    })?;
    let mut walk = Walk { goal: path, trust, at: root(path)?, here: PathBuf::from("/"), ahead: Vec::new(), links: 0 };
    walk.check()?;
    walk.push(&absolute);
    while let Some(step) = walk.ahead.pop() {
        let is_last = walk.ahead.is_empty();
        if is_last && step != OsStr::new("..") {
            let link = match last_link {
                LastLink::Leave => None,
                LastLink::Follow => walk.link_at(&step)?,
            };
            match link {
                Some(target) => walk.follow(&target)?,
                None => return Ok(Place { parent: walk.at, name: step }),
            }
        } else {
            walk.enter(step, ancestors)?;
        }
    }
    Err(StateError::InvalidName(path.to_owned()))
}

fn root(path: &Path) -> Result<OwnedFd, StateError> {
    open_path(CWD, OsStr::new("/")).map_err(StateError::io("open the root directory for", path))
}

/// A descriptor for a place, which needs no rights to what is there and follows no link.
pub(crate) fn open_path(at: impl std::os::fd::AsFd, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    openat(at, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

/// Makes what was done to the names in a directory survive a power cut.
pub(crate) fn sync_directory(directory: &OwnedFd) -> rustix::io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    fsync(openat(directory, ".", flags, Mode::empty())?)
}

/// Makes a directory with mode 0700, unless something has the name already.
pub(crate) fn make_directory(parent: &OwnedFd, name: &OsStr, path: &Path) -> Result<(), StateError> {
    match mkdirat(parent, name, DIRECTORY_MODE) {
        Ok(()) => match sync_directory(parent) {
            // A directory that can be written to and not read cannot be synced.
            Ok(()) | Err(Errno::ACCESS) => Ok(()),
            Err(errno) => Err(StateError::io("sync the directory of", path)(errno)),
        },
        Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(StateError::io("make directory", path)(errno)),
    }
}

struct Walk<'p> {
    goal: &'p Path,
    trust: Trust,
    at: OwnedFd,
    /// For messages.
    here: PathBuf,
    /// Components still to come, the next one last.
    ahead: Vec<OsString>,
    links: usize,
}

impl Walk<'_> {
    fn push(&mut self, path: &Path) {
        let steps = path.components().rev().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        });
        self.ahead.extend(steps);
    }

    /// Enters a directory on the way, or the link there.
    fn enter(&mut self, step: OsString, ancestors: Ancestors) -> Result<(), StateError> {
        let there = self.here.join(&step);
        let opened = match open_path(&self.at, &step) {
            Err(Errno::NOENT) if ancestors == Ancestors::Create => {
                make_directory(&self.at, &step, &there)?;
                open_path(&self.at, &step)
            }
            opened => opened,
        };
        let opened = opened.map_err(|errno| failed(errno, "open", &there))?;
        let stat = fstat(&opened).map_err(StateError::io("examine", &there))?;
        if checks::is_link(&stat) {
            let target = self.target(&opened, &stat, &there)?;
            return self.follow(&target);
        }
        if !checks::is_directory(&stat) {
            return Err(StateError::NotADirectory(there));
        }
        self.at = opened;
        self.here = there;
        self.check_stat(&stat)
    }

    /// Where the link leads that has this name, if it is one.
    fn link_at(&self, name: &OsStr) -> Result<Option<PathBuf>, StateError> {
        let there = self.here.join(name);
        let opened = match open_path(&self.at, name) {
            Err(Errno::NOENT) => return Ok(None),
            opened => opened.map_err(|errno| failed(errno, "open", &there))?,
        };
        let stat = fstat(&opened).map_err(StateError::io("examine", &there))?;
        if checks::is_link(&stat) { self.target(&opened, &stat, &there).map(Some) } else { Ok(None) }
    }

    fn target(&self, link: &OwnedFd, stat: &Stat, there: &Path) -> Result<PathBuf, StateError> {
        if !checks::is_trusted_owner(stat.st_uid) {
            return Err(StateError::ForeignLink { path: there.to_owned(), owner: stat.st_uid });
        }
        let target = readlinkat(link, "", Vec::new()).map_err(StateError::io("read the symbolic link", there))?;
        Ok(PathBuf::from(OsString::from_vec(target.into_bytes())))
    }

    fn follow(&mut self, target: &Path) -> Result<(), StateError> {
        self.links = self.links.saturating_add(1);
        if self.links > MAX_LINKS {
            return Err(StateError::TooManyLinks(self.goal.to_owned()));
        }
        if target.is_absolute() {
            self.at = root(self.goal)?;
            self.here = PathBuf::from("/");
        }
        self.push(target);
        Ok(())
    }

    fn check(&self) -> Result<(), StateError> {
        let stat = fstat(&self.at).map_err(StateError::io("examine", &self.here))?;
        self.check_stat(&stat)
    }

    fn check_stat(&self, stat: &Stat) -> Result<(), StateError> {
        checks::ancestor(&self.here, self.goal, stat, self.trust)
    }
}

/// What the name in a directory stands for; a link stands for itself.
pub(crate) fn examine(at: &OwnedFd, name: &OsStr, path: &Path) -> Result<Option<Stat>, StateError> {
    match statat(at, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(StateError::io("examine", path)(errno)),
    }
}

/// The error for a name that cannot be opened.
pub(crate) fn failed(errno: Errno, action: &'static str, path: &Path) -> StateError {
    match errno {
        Errno::NOENT => StateError::Missing(path.to_owned()),
        Errno::NOTDIR => StateError::NotADirectory(path.to_owned()),
        Errno::LOOP => StateError::Link(path.to_owned()),
        errno => StateError::io(action, path)(errno),
    }
}
