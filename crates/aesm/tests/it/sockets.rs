//! Where a socket may be put, and that it is withdrawn only while it is there.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use aesm::{Access, Socket, SocketError};
use problem::Problem;
use state_dir::StateError;

use crate::daemon::directory;

fn refused(path: &Path) -> SocketError {
    let error = Socket::publish(path, Access::default()).unwrap_err();
    assert!(!error.help().is_empty());
    error
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn a_socket_is_published_with_its_mode_and_group() {
    let directory = directory();
    let path = directory.path().join("aesm.socket");
    for mode in [0o777, 0o660, 0o600] {
        let socket = Socket::publish(&path, Access { mode, group: None }).unwrap();
        assert_eq!(fs::symlink_metadata(&path).unwrap().mode() & 0o7777, mode);
        UnixStream::connect(&path).unwrap();
        socket.withdraw();
        assert!(!path.exists());
    }
    if is_root() {
        let _socket = Socket::publish(&path, Access { mode: 0o660, group: Some(12) }).unwrap();
        assert_eq!(fs::symlink_metadata(&path).unwrap().gid(), 12);
    }
    assert_eq!(fs::metadata(directory.path().join(".aesmd.lock")).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn places_where_others_could_put_a_socket_of_theirs_are_refused() {
    let root = directory();
    // Sticky as well: while no daemon runs the path is anybody's.
    for mode in [0o777, 0o775, 0o757, 0o1777] {
        let shared = root.path().join(format!("{mode:o}"));
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, Permissions::from_mode(mode)).unwrap();
        let error = refused(&shared.join("aesm.socket"));
        let directory = |error: &SocketError| matches!(error, SocketError::Directory(StateError::Shared { mode: found, .. }) if *found == mode);
        assert!(directory(&error) && error.help().contains("chmod go-w"), "{error:?}");
        assert_eq!(fs::read_dir(&shared).unwrap().count(), 0);
    }
}

/// Everything in a directory with its owner, mode and inode.
fn listing(directory: &Path) -> Vec<(std::ffi::OsString, u32, u32, u64, Vec<u8>)> {
    let entry = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        let found = fs::symlink_metadata(entry.path()).unwrap();
        let contents = if found.is_file() { fs::read(entry.path()).unwrap() } else { Vec::new() };
        (entry.file_name(), found.uid(), found.mode(), found.ino(), contents)
    };
    let mut all: Vec<_> = fs::read_dir(directory).unwrap().map(entry).collect();
    all.sort();
    all
}

/// The owner of the directory could have prepared it: as root the daemon would have removed, made and given away files for him.
#[test]
fn a_directory_of_another_user_is_refused_before_anything_in_it_is_changed() {
    if !is_root() {
        println!("skipped: files can be given to other users by root only");
        return;
    }
    let root = directory();
    let foreign = root.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    // What an earlier daemon would have removed, followed and locked.
    fs::write(root.path().join("victim"), "victim").unwrap();
    fs::write(foreign.join(".aesmd.new"), "theirs").unwrap();
    symlink(root.path().join("victim"), foreign.join(".aesmd.lock")).unwrap();
    chown(&foreign, Some(12), None).unwrap();
    let before = (listing(root.path()), listing(&foreign));
    for access in [Access::default(), Access { mode: 0o660, group: Some(12) }] {
        let error = Socket::publish(&foreign.join("aesm.socket"), access).unwrap_err();
        assert!(matches!(error, SocketError::Directory(StateError::ForeignOwner { owner: 12, .. })), "{error:?}");
        assert_eq!(error.code(), "state_foreign_owner");
    }
    assert_eq!((listing(root.path()), listing(&foreign)), before);
    // Neither may a directory above it be another user's.
    let own = foreign.join("own");
    fs::create_dir(&own).unwrap();
    let error = refused(&own.join("aesm.socket"));
    assert!(matches!(error, SocketError::Directory(StateError::ForeignAncestor { owner: 12, .. })), "{error:?}");
    assert_eq!(fs::read_dir(&own).unwrap().count(), 0);
}

#[test]
fn a_link_to_a_directory_and_a_link_in_place_of_the_lock_are_refused_and_not_followed() {
    let root = directory();
    let real = root.path().join("real");
    fs::create_dir(&real).unwrap();
    fs::set_permissions(&real, Permissions::from_mode(0o755)).unwrap();
    symlink(&real, root.path().join("link")).unwrap();
    let error = refused(&root.path().join("link/aesm.socket"));
    assert!(matches!(error, SocketError::Directory(StateError::Link(_))), "{error:?}");
    assert_eq!(fs::read_dir(&real).unwrap().count(), 0);
    symlink(root.path().join("victim"), real.join(".aesmd.lock")).unwrap();
    let error = refused(&real.join("aesm.socket"));
    assert!(matches!(error, SocketError::Directory(StateError::Link(_))), "{error:?}");
    assert!(!root.path().join("victim").exists() && !real.join("aesm.socket").exists());
}

#[test]
fn a_directory_that_others_can_replace_is_refused() {
    let root = directory();
    let shared = root.path().join("shared");
    let below = shared.join("below");
    fs::create_dir_all(&below).unwrap();
    fs::set_permissions(&below, Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&shared, Permissions::from_mode(0o777)).unwrap();
    let error = refused(&below.join("aesm.socket"));
    assert!(matches!(error, SocketError::Directory(StateError::SharedAncestor { mode: 0o777, .. })), "{error:?}");
    assert_eq!(fs::read_dir(&below).unwrap().count(), 0);
}

#[test]
fn paths_that_are_something_else_are_refused_and_left_alone() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    let target = UnixListener::bind(at("target")).unwrap();
    symlink(at("target"), at("link")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    fs::write(at("file"), "contents").unwrap();
    fs::create_dir(at("directory")).unwrap();
    for name in ["link", "dangling"] {
        assert!(matches!(refused(&at(name)), SocketError::Link(_)), "{name}");
    }
    for name in ["file", "directory"] {
        assert!(matches!(refused(&at(name)), SocketError::NoSocket(_)), "{name}");
    }
    assert_eq!(fs::read(at("file")).unwrap(), b"contents");
    UnixStream::connect(at("link")).unwrap();
    drop(target);
    let below = refused(&at("file").join("aesm.socket"));
    assert!(matches!(below, SocketError::Directory(StateError::NotADirectory(_))), "{below:?}");
    let absent = refused(&at("absent").join("aesm.socket"));
    assert!(matches!(absent, SocketError::Directory(StateError::Missing(_))), "{absent:?}");
    assert!(matches!(refused(Path::new("/")), SocketError::NoName(_)));
    assert!(matches!(refused(&at(&"x".repeat(108))), SocketError::TooLong(_)));
}

#[test]
fn a_socket_that_is_there_is_replaced_and_only_its_owner_withdraws_it() {
    let directory = directory();
    let path = directory.path().join("aesm.socket");
    // What a daemon that was killed leaves: its socket, and one that was not ready.
    drop(UnixListener::bind(&path).unwrap());
    drop(UnixListener::bind(directory.path().join(".aesmd.new")).unwrap());
    let first = Socket::publish(&path, Access::default()).unwrap();
    let second = Socket::publish(&path, Access::default()).unwrap();
    first.withdraw();
    UnixStream::connect(&path).unwrap();
    second.withdraw();
    assert!(!path.exists());
}
