//! The socket's place in the file system: published so that clients never miss it, withdrawn only while it is ours.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// Name of a socket that is not ready yet, in the directory of the one that it becomes.
const UNREADY: &str = ".aesmd.new";
/// What is locked while sockets are published and withdrawn.
const LOCK: &str = ".aesmd.lock";
/// Bytes that the path of a socket may have.
const MAX_PATH: usize = 107;
/// Rights of group and others to write.
const OTHERS_WRITE: u32 = 0o022;

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

/// Why there is no socket at a path.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The path is longer than the system takes.
    #[error("`{}` is longer than the {MAX_PATH} bytes that a socket's path may have", .0.display())]
    TooLong(PathBuf),
    /// The path names no file.
    #[error("`{}` is no path of a socket", .0.display())]
    NoName(PathBuf),
    /// The directory is none.
    #[error("`{}` is not a directory", .0.display())]
    NotADirectory(PathBuf),
    /// Others could put a socket of theirs in the place of this one.
    #[error("others may write to `{}` (mode {mode:04o})", path.display())]
    SharedDirectory {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Its owner could put another socket in the place of this one.
    #[error("`{}` belongs to user {owner}", path.display())]
    ForeignDirectory {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// The path is a symbolic link.
    #[error("`{}` is a symbolic link", .0.display())]
    Link(PathBuf),
    /// There is something else already.
    #[error("`{}` is there and is no socket", .0.display())]
    NoSocket(PathBuf),
    /// Something cannot be done.
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

impl SocketError {
    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "choose a shorter path with --socket",
            Self::NoName(_) => "name the socket itself, such as /var/run/aesmd/aesm.socket",
            Self::NotADirectory(_) => "make the directory first, for the daemon's user alone to write to",
            Self::SharedDirectory { .. } => {
                "take the right to write from group and others: chmod go-w on the directory; a sticky one does not do, \
                 for somebody else could take the path while no daemon runs"
            }
            Self::ForeignDirectory { .. } => "use a directory of the daemon's user or of root",
            Self::Link(_) => "name the socket where it really is, or remove the link",
            Self::NoSocket(_) => "choose another path with --socket, or remove what is there",
            Self::Io { .. } => "check the path and the rights of the daemon's user to it",
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
    directory: PathBuf,
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl Socket {
    /// Listens at that path:
    ///
    /// 1. the directory is one that others may not write to, sticky or not;
    /// 2. what is at the path, if anything, is a socket: that of a daemon which this one replaces, or which is gone;
    /// 3. the socket is made under another name, with its rights;
    /// 4. it takes the path, at once, so that no client finds the path empty. Whoever had it before keeps its connections.
    ///
    /// # Errors
    /// See [`SocketError`].
    pub fn publish(path: &Path, access: Access) -> Result<Self, SocketError> {
        let directory = directory(path)?;
        check_directory(&directory)?;
        // Whoever withdraws a socket meanwhile could remove this one.
        let _lock = lock(&directory)?;
        check_path(path)?;
        let unready = directory.join(UNREADY);
        let published = bind(&unready, access).and_then(|(listener, owner, identity)| {
            check_owner(&directory, owner)?;
            fs::rename(&unready, path).map_err(io("put a socket at", path))?;
            Ok((listener, identity))
        });
        if published.is_err() {
            // What was refused leaves nothing behind.
            let _ = fs::remove_file(&unready);
        }
        let (listener, identity) = published?;
        Ok(Self { listener, place: Place { directory, path: path.to_owned(), identity } })
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
        let Ok(_lock) = lock(&self.directory) else { return false };
        let found = fs::symlink_metadata(&self.path).map(|found| (found.dev(), found.ino()));
        let is_ours = found.is_ok_and(|found| found == self.identity);
        is_ours && fs::remove_file(&self.path).is_ok()
    }
}

/// The directory of a path whose length is right, under its own name and the other one.
fn directory(path: &Path) -> Result<PathBuf, SocketError> {
    if path.file_name().is_none() {
        return Err(SocketError::NoName(path.to_owned()));
    }
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let longest = path.as_os_str().len().max(directory.join(UNREADY).as_os_str().len());
    if longest > MAX_PATH { Err(SocketError::TooLong(path.to_owned())) } else { Ok(directory) }
}

/// Step 1.
fn check_directory(directory: &Path) -> Result<(), SocketError> {
    let found = fs::metadata(directory).map_err(io("use the directory", directory))?;
    if !found.is_dir() {
        return Err(SocketError::NotADirectory(directory.to_owned()));
    }
    let mode = found.mode() & 0o7777;
    if mode & OTHERS_WRITE != 0 {
        return Err(SocketError::SharedDirectory { path: directory.to_owned(), mode });
    }
    Ok(())
}

/// Step 1, once it is known who we are. Who owns a directory may write to it.
fn check_owner(directory: &Path, own: u32) -> Result<(), SocketError> {
    let owner = fs::metadata(directory).map_err(io("use the directory", directory))?.uid();
    if owner != 0 && owner != own {
        return Err(SocketError::ForeignDirectory { path: directory.to_owned(), owner });
    }
    Ok(())
}

/// Step 2.
fn check_path(path: &Path) -> Result<(), SocketError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(io("look at", path)(source)),
        Ok(found) if found.is_symlink() => Err(SocketError::Link(path.to_owned())),
        Ok(found) if !found.file_type().is_socket() => Err(SocketError::NoSocket(path.to_owned())),
        Ok(_) => Ok(()),
    }
}

/// Step 3; gives also the owner and the identity of the socket.
fn bind(unready: &Path, access: Access) -> Result<(UnixListener, u32, (u64, u64)), SocketError> {
    match fs::remove_file(unready) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(io("remove", unready)(source)),
        // It was there because a daemon was killed while it started: the lock is ours.
        _ => {}
    }
    let listener = UnixListener::bind(unready).map_err(io("make the socket", unready))?;
    if let Some(group) = access.group {
        chown(unready, None, Some(group)).map_err(io("change the group of", unready))?;
    }
    let mode = Permissions::from_mode(access.mode);
    fs::set_permissions(unready, mode).map_err(io("change the mode of", unready))?;
    let made = fs::symlink_metadata(unready).map_err(io("look at", unready))?;
    Ok((listener, made.uid(), (made.dev(), made.ino())))
}

/// One daemon at a time changes what is in the directory. Nobody else can open the file, or could keep daemons waiting by its lock.
fn lock(directory: &Path) -> Result<File, SocketError> {
    let path = directory.join(LOCK);
    let opened = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
    let file = opened.map_err(io("open", &path))?;
    file.lock().map_err(io("lock", &path))?;
    Ok(file)
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SocketError {
    let path = path.to_owned();
    move |source| SocketError::Io { action, path, source }
}
