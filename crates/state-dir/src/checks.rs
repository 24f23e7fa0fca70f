//! What is required of directories and files, given what `fstat` says.

use std::path::Path;

use rustix::fs::{FileType, Stat};
use rustix::process::{getegid, geteuid, getgroups};

use crate::error::StateError;
use crate::private_group;
use crate::trust::Trust;

const STICKY: u32 = 0o1000;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const GROUP: u32 = 0o070;
const OTHERS: u32 = 0o007;

pub(crate) fn user() -> u32 {
    geteuid().as_raw()
}

pub(crate) fn mode(stat: &Stat) -> u32 {
    stat.st_mode & 0o7777
}

pub(crate) fn is_link(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Symlink
}

pub(crate) fn is_directory(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}

pub(crate) fn is_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

/// Root, or the process's user.
pub(crate) fn is_trusted_owner(owner: u32) -> bool {
    owner == 0 || owner == user()
}

/// Nobody untrusted can replace what is in this directory on the way to `path`.
pub(crate) fn ancestor(ancestor: &Path, path: &Path, stat: &Stat, trust: Trust) -> Result<(), StateError> {
    if !is_trusted_owner(stat.st_uid) {
        let (path, ancestor) = (path.to_owned(), ancestor.to_owned());
        return Err(StateError::ForeignAncestor { path, ancestor, owner: stat.st_uid });
    }
    let mode = mode(stat);
    // In a sticky directory everybody can add names, and nobody can replace those of others. What is added is checked itself.
    let is_sticky = mode & STICKY != 0;
    let is_group_trusted = || trust.includes_group(stat.st_gid) || private_group::is_private(stat.st_gid, user());
    let others_write = mode & OTHERS_WRITE != 0 || (mode & GROUP_WRITES != 0 && !is_group_trusted());
    if others_write && !is_sticky {
        let (path, ancestor) = (path.to_owned(), ancestor.to_owned());
        return Err(StateError::SharedAncestor { path, ancestor, mode });
    }
    Ok(())
}

/// A directory or file that holds secrets: the user's own, and nobody else's to read, enter or change.
pub(crate) fn private(path: &Path, stat: &Stat, trust: Trust) -> Result<(), StateError> {
    owned(path, stat)?;
    let mode = mode(stat);
    let untrusted = if trust.includes_group(stat.st_gid) { OTHERS } else { GROUP | OTHERS };
    if mode & untrusted != 0 {
        let wanted = if is_directory(stat) { 0o700 } else { 0o600 };
        return Err(StateError::Exposed { path: path.to_owned(), mode, wanted });
    }
    Ok(())
}

/// The user's own.
pub(crate) fn owned(path: &Path, stat: &Stat) -> Result<(), StateError> {
    if stat.st_uid != user() {
        return Err(StateError::ForeignOwner { path: path.to_owned(), owner: stat.st_uid, user: user() });
    }
    Ok(())
}

/// A directory that others may see and not change. Sticky is not enough: others could take a name before its owner does.
pub(crate) fn unshared(path: &Path, stat: &Stat) -> Result<(), StateError> {
    if !is_trusted_owner(stat.st_uid) {
        return Err(StateError::ForeignOwner { path: path.to_owned(), owner: stat.st_uid, user: user() });
    }
    let mode = mode(stat);
    if mode & (GROUP_WRITES | OTHERS_WRITE) != 0 {
        return Err(StateError::Shared { path: path.to_owned(), mode });
    }
    Ok(())
}

/// A file with a secret that an operator gave:
///
/// 1. it belongs to the process's user or to root;
/// 2. others have no rights to it, and its group cannot write;
/// 3. its group can read only if the file is root's and the process is in that group, so that it could not be read otherwise.
pub(crate) fn given_secret(path: &Path, stat: &Stat) -> Result<(), StateError> {
    if !is_trusted_owner(stat.st_uid) {
        return Err(StateError::ForeignOwner { path: path.to_owned(), owner: stat.st_uid, user: user() });
    }
    let mode = mode(stat);
    let is_group_needed = || stat.st_uid == 0 && is_own_group(stat.st_gid);
    let is_exposed = mode & (OTHERS | GROUP_WRITES) != 0 || (mode & GROUP != 0 && !is_group_needed());
    if is_exposed {
        let (owner, group) = (stat.st_uid, stat.st_gid);
        return Err(StateError::ExposedSecret { path: path.to_owned(), mode, owner, group });
    }
    Ok(())
}

fn is_own_group(group: u32) -> bool {
    getegid().as_raw() == group || getgroups().is_ok_and(|groups| groups.iter().any(|own| own.as_raw() == group))
}
