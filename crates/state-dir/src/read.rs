//! Bounded reads of private files and of secrets that an operator gave.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags, Stat, fstat, openat};
use zeroize::Zeroizing;

use crate::checks;
use crate::error::StateError;
use crate::trust::Trust;
use crate::walk::{Ancestors, LastLink, failed, walk};

/// Reads a file of at most `limit` bytes with a secret that an operator gave.
///
/// 1. Everything on the way to it is checked as for a [`crate::PrivateDir`]. Symbolic links are followed, the last one too, where they
///    are root's or the process's user's: Kubernetes puts its secrets behind two.
/// 2. It is a regular file of root or of that user.
/// 3. Others have no rights to it, and its group cannot write.
/// 4. Its group can read only where the process needs that: the file is root's, and the process is in its group. That is what
///    Kubernetes makes of a secret with mode 0400 in a pod with an `fsGroup`.
///
/// # Errors
/// [`StateError`].
pub fn read_secret(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, StateError> {
    let place = walk(path, Ancestors::MustExist, LastLink::Follow, Trust::OWNER)?;
    let file = open_file(&place.parent, &place.name, path, checks::given_secret)?;
    to_end(file, path, limit)
}

/// Opens a regular file that is no link. It is checked before it is opened, and again once it is open.
pub(crate) fn open_file(
    at: &OwnedFd,
    name: &OsStr,
    path: &Path,
    check: impl Fn(&Path, &Stat) -> Result<(), StateError>,
) -> Result<File, StateError> {
    let there = crate::walk::open_path(at, name).map_err(|errno| failed(errno, "open", path))?;
    let stat = fstat(&there).map_err(StateError::io("examine", path))?;
    if checks::is_link(&stat) {
        return Err(StateError::Link(path.to_owned()));
    }
    if !checks::is_file(&stat) {
        return Err(StateError::NotAFile(path.to_owned()));
    }
    check(path, &stat)?;
    // Not blocking: a pipe could have taken the file's place.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = openat(at, name, flags, Mode::empty()).map_err(|errno| failed(errno, "open", path))?;
    let stat = fstat(&file).map_err(StateError::io("examine", path))?;
    if !checks::is_file(&stat) {
        return Err(StateError::NotAFile(path.to_owned()));
    }
    check(path, &stat)?;
    Ok(File::from(file))
}

/// Reads all of it, in one buffer: one that grew would leave copies of a secret in memory.
pub(crate) fn to_end(file: File, path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, StateError> {
    let unreadable = |source| StateError::Io { action: "read", path: path.to_owned(), source };
    let length = file.metadata().map_err(unreadable)?.len();
    let too_long = || StateError::TooLong { path: path.to_owned(), limit };
    let length = usize::try_from(length).ok().filter(|length| *length <= limit).ok_or_else(too_long)?;
    // One byte more, so that a file that grew is noticed.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.saturating_add(1)));
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > limit { Err(too_long()) } else { Ok(bytes) }
}
