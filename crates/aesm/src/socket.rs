//! The socket's place in the file system: published so that clients never miss it, withdrawn only while it is ours.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use problem::Problem;
use state_dir::{Entry, Identity, Kind, SharedDir, StateError};

/// Name of a socket that is not ready yet, in the directory of the one that it becomes.
const UNREADY: &str = ".aesmd.new";
/// What is locked while sockets are published and withdrawn.
const LOCK: &str = ".aesmd.lock";
/// Bytes that the path of a socket may have.
const MAX_PATH: usize = 107;

/// Who may connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Permission bits of the socket.
    pub mode: u32,
    /// Group of the socket, where it is another than the process's.
    pub group: Option<u32>,
}

impl Default for Access {
    /// Everybody, as with Intel's daemon.
    fn default() -> Self {
        Self { mode: 0o777, group: None }
    }
}

/// Why no socket was created at a path. A refused call has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The path is longer than the system takes.
    #[error("`{}` is longer than the {MAX_PATH} bytes that a socket's path may have", .0.display())]
    TooLong(PathBuf),
    /// The path names no file.
    #[error("`{}` is no path of a socket", .0.display())]
    NoName(PathBuf),
    /// Somebody else could put a socket of his in the place of this one, or the directory cannot be used.
    #[error("the directory of the socket cannot be used")]
    Directory(#[source] StateError),
    /// The path is a symbolic link.
    #[error("`{}` is a symbolic link", .0.display())]
    Link(PathBuf),
    /// There is something else already.
    #[error("`{}` is there and is no socket", .0.display())]
    NoSocket(PathBuf),
    /// The socket cannot be made.
    #[error("cannot make the socket `{}`", path.display())]
    Bind {
        /// Its path.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl Problem for SocketError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::TooLong(_) => Cow::Borrowed("socket_path_too_long"),
            Self::NoName(_) => Cow::Borrowed("socket_without_name"),
            Self::Directory(error) => error.code(),
            Self::Link(_) => Cow::Borrowed("socket_symbolic_link"),
            Self::NoSocket(_) => Cow::Borrowed("socket_path_taken"),
            Self::Bind { .. } => Cow::Borrowed("socket_unusable"),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::TooLong(_) => Cow::Borrowed("choose a shorter path with --socket"),
            Self::NoName(_) => Cow::Borrowed("name the socket itself, such as /var/run/aesmd/aesm.socket"),
            Self::Directory(StateError::Missing(_)) => {
                Cow::Borrowed("make the directory first, for the daemon's user alone to write to")
            }
            Self::Directory(StateError::Shared { path, .. }) => Cow::Owned(format!(
                "remove write permission for group and others: chmod go-w {}; the sticky bit is not enough, because another user \
                 could take the path while no daemon runs",
                path.display()
            )),
            Self::Directory(error) => error.help(),
            Self::Link(_) => Cow::Borrowed("name the socket where it really is, or remove the link"),
            Self::NoSocket(_) => Cow::Borrowed("choose another path with --socket, or remove what is there"),
            Self::Bind { .. } => Cow::Borrowed("check the path and the rights of the daemon's user to it"),
        }
    }
}

/// A socket that listens, at its path.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    place: Place,
}

/// Where a socket is, as long as it is there.
#[derive(Debug)]
pub(crate) struct Place {
    directory: SharedDir,
    name: OsString,
    identity: Identity,
}

impl Socket {
    /// Listens at that path:
    ///
    /// 1. the directory is root's or the daemon's user's, nobody else can write to it, sticky or not, and nobody else can replace it:
    ///    that is checked before anything is made in it;
    /// 2. what is at the path, if anything, is a socket: that of a daemon which this one replaces, or which is gone;
    /// 3. the socket is made under another name, with its rights;
    /// 4. it takes the path, at once, so that no client finds the path empty. Whoever had it before keeps its connections.
    ///
    /// # Errors
    /// See [`SocketError`].
    pub fn publish(path: &Path, access: Access) -> Result<Self, SocketError> {
        let (directory, name) = parts(path)?;
        let unready = directory.join(UNREADY);
        let directory = SharedDir::open(&directory).map_err(SocketError::Directory)?;
        // Before the lock file is made, and again once no other daemon changes the directory.
        check_name(&directory, &name, path)?;
        // A daemon that removes its socket at the same time could remove this one.
        let _lock = directory.lock(LOCK).map_err(SocketError::Directory)?;
        check_name(&directory, &name, path)?;
        let published = bind(&directory, &unready, access).and_then(|(listener, identity)| {
            directory.rename(OsStr::new(UNREADY), &name).map_err(SocketError::Directory)?;
            Ok((listener, identity))
        });
        if published.is_err() {
            // What failed leaves nothing behind.
            let _ = directory.remove(OsStr::new(UNREADY));
        }
        let (listener, identity) = published?;
        Ok(Self { listener, place: Place { directory, name, identity } })
    }

    /// Takes the path away from clients, unless another daemon has taken it.
    pub fn withdraw(self) {
        self.place.withdraw();
    }

    pub(crate) fn into_parts(self) -> (UnixListener, Place) {
        (self.listener, self.place)
    }
}

impl Place {
    /// Removes the socket if it is still this one; whether it was.
    pub(crate) fn withdraw(&self) -> bool {
        let Ok(_lock) = self.directory.lock(LOCK) else { return false };
        let found = self.directory.examine(&self.name);
        let is_ours = matches!(found, Ok(Some(entry)) if entry.identity == self.identity);
        is_ours && self.directory.remove(&self.name).is_ok()
    }
}

/// The directory and the name of a path whose length is right, under its own name and the other one.
fn parts(path: &Path) -> Result<(PathBuf, OsString), SocketError> {
    let Some(name) = path.file_name() else { return Err(SocketError::NoName(path.to_owned())) };
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        // The current directory by its own name, which may not be a link either.
        _ => std::env::current_dir().map_err(|source| SocketError::Bind { path: path.to_owned(), source })?,
    };
    let longest = path.as_os_str().len().max(directory.join(UNREADY).as_os_str().len());
    if longest > MAX_PATH { Err(SocketError::TooLong(path.to_owned())) } else { Ok((directory, name.to_owned())) }
}

/// Step 2.
fn check_name(directory: &SharedDir, name: &OsStr, path: &Path) -> Result<(), SocketError> {
    match directory.examine(name).map_err(SocketError::Directory)? {
        None => Ok(()),
        Some(Entry { kind: Kind::Socket, .. }) => Ok(()),
        Some(Entry { kind: Kind::Link, .. }) => Err(SocketError::Link(path.to_owned())),
        Some(Entry { kind: Kind::Other, .. }) => Err(SocketError::NoSocket(path.to_owned())),
    }
}

/// Step 3; gives also the identity of the socket.
///
/// Sockets are bound by path. Nobody else can change where it leads, and what was made is then looked for in the directory itself.
fn bind(directory: &SharedDir, unready: &Path, access: Access) -> Result<(UnixListener, Identity), SocketError> {
    let name = OsStr::new(UNREADY);
    // It is there if a daemon was killed while it started: the lock is ours.
    directory.remove(name).map_err(SocketError::Directory)?;
    let failed = |source| SocketError::Bind { path: unready.to_owned(), source };
    let listener = UnixListener::bind(unready).map_err(failed)?;
    directory.set_access(name, access.group, access.mode).map_err(SocketError::Directory)?;
    match directory.examine(name).map_err(SocketError::Directory)? {
        Some(Entry { kind: Kind::Socket, identity }) => Ok((listener, identity)),
        _ => Err(SocketError::NoSocket(unready.to_owned())),
    }
}
