//! Why a directory or file is not used.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use problem::Problem;

/// Why a directory or file was not used. Nothing was changed before the refusal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The path has no last component that could be a name.
    #[error("`{}` does not name a file or directory", .0.display())]
    InvalidName(PathBuf),
    /// Nothing is there.
    #[error("`{}` does not exist", .0.display())]
    Missing(PathBuf),
    /// Something is there already.
    #[error("`{}` already exists", .0.display())]
    Exists(PathBuf),
    /// A directory was expected.
    #[error("`{}` is not a directory", .0.display())]
    NotADirectory(PathBuf),
    /// A regular file was expected.
    #[error("`{}` is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// The last component is a symbolic link.
    #[error("`{}` is a symbolic link", .0.display())]
    Link(PathBuf),
    /// A symbolic link on the way belongs to somebody who could change where it leads.
    #[error("the symbolic link `{}` belongs to user {owner}", path.display())]
    ForeignLink {
        /// The link.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// The path has too many symbolic links, or they form a circle.
    #[error("`{}` has too many symbolic links", .0.display())]
    TooManyLinks(PathBuf),
    /// The directory or file belongs to another user.
    #[error("`{}` belongs to user {owner}, and this process runs as user {user}", path.display())]
    ForeignOwner {
        /// The directory or file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The effective user of this process.
        user: u32,
    },
    /// A directory on the way belongs to another user, who could replace what is below it.
    #[error("`{}`, which contains `{}`, belongs to user {owner}", ancestor.display(), path.display())]
    ForeignAncestor {
        /// What was to be used.
        path: PathBuf,
        /// The directory above it.
        ancestor: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// Others can write to a directory on the way, and could replace what is below it.
    #[error("others can write to `{}` (mode {mode:04o}), which contains `{}`", ancestor.display(), path.display())]
    SharedAncestor {
        /// What was to be used.
        path: PathBuf,
        /// The directory above it.
        ancestor: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Others have rights to a directory or file that holds secrets.
    #[error("others have access to `{}` (mode {mode:04o}), which holds secrets", path.display())]
    Exposed {
        /// The directory or file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The permission bits that it should have.
        wanted: u32,
    },
    /// A secret that an operator gave is readable by others, or by a group without need.
    #[error("others can read or change `{}` (mode {mode:04o}, owner {owner}, group {group}), which holds a secret", path.display())]
    ExposedSecret {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// Its owner.
        owner: u32,
        /// Its group.
        group: u32,
    },
    /// Others can write to a directory that only the owner may change.
    #[error("others can write to `{}` (mode {mode:04o})", path.display())]
    Shared {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is longer than allowed.
    #[error("`{}` is longer than {limit} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most that is read of it.
        limit: usize,
    },
    /// Another process kept the lock for too long.
    #[error("another process holds the lock `{}`", .0.display())]
    Locked(PathBuf),
    /// The system refuses.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl StateError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(rustix::io::Errno) -> Self {
        let path = path.to_owned();
        move |errno| Self::Io { action, path, source: errno.into() }
    }

    /// Whether nothing is at the path.
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing(_))
    }
}

impl Problem for StateError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::InvalidName(_) => "state_invalid_name",
            Self::Missing(_) => "state_missing",
            Self::Exists(_) => "state_exists",
            Self::NotADirectory(_) => "state_not_a_directory",
            Self::NotAFile(_) => "state_not_a_file",
            Self::Link(_) => "state_symbolic_link",
            Self::ForeignLink { .. } => "state_foreign_link",
            Self::TooManyLinks(_) => "state_too_many_links",
            Self::ForeignOwner { .. } => "state_foreign_owner",
            Self::ForeignAncestor { .. } => "state_foreign_ancestor",
            Self::SharedAncestor { .. } => "state_shared_ancestor",
            Self::Exposed { .. } => "state_exposed",
            Self::ExposedSecret { .. } => "state_exposed_secret",
            Self::Shared { .. } => "state_shared_directory",
            Self::TooLong { .. } => "state_too_long",
            Self::Locked(_) => "state_locked",
            Self::Io { .. } => "state_io",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Owned(match self {
            Self::InvalidName(_) => "give a path that ends in a name".to_owned(),
            Self::Missing(_) => "check the path".to_owned(),
            Self::Exists(_) => "name another file, or remove this one".to_owned(),
            Self::NotADirectory(_) => "give a directory, or a path where one can be made".to_owned(),
            Self::NotAFile(_) => "give a regular file".to_owned(),
            Self::Link(_) => "give the path that it leads to, or remove the link".to_owned(),
            Self::ForeignLink { .. } => "use a path without links of other users".to_owned(),
            Self::TooManyLinks(_) => "give the path without symbolic links".to_owned(),
            Self::ForeignOwner { path, owner, user } => format!(
                "run as user {owner}, use another path, or give it to this user: chown {user} {}",
                path.display()
            ),
            Self::ForeignAncestor { .. } => {
                "use a path whose directories belong to root or to the user of this process".to_owned()
            }
            Self::SharedAncestor { ancestor, .. } => {
                format!("use another path, or take the right to write away: chmod go-w {}", ancestor.display())
            }
            Self::Exposed { path, wanted, .. } => {
                format!("take the rights of group and others away: chmod {wanted:o} {}", path.display())
            }
            Self::ExposedSecret { path, .. } => format!(
                "allow its owner only: chmod 600 {}; a file of root may also be readable (0440) by a group of this process",
                path.display()
            ),
            Self::Shared { path, .. } => {
                format!("take the right to write from group and others: chmod go-w {}", path.display())
            }
            Self::TooLong { .. } => "check that it is the right file".to_owned(),
            Self::Locked(_) => "wait until the other process is ready, or end it".to_owned(),
            Self::Io { .. } => {
                "check the path, the rights of this user to it, and the free space of the disk".to_owned()
            }
        })
    }
}
