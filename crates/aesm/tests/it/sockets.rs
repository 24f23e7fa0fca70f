//! Where a socket may be put, and that it is withdrawn only while it is there.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use aesm::{Access, Socket, SocketError};

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
        assert!(matches!(error, SocketError::SharedDirectory { mode: found, .. } if found == mode), "{error}");
    }
    if is_root() {
        let foreign = root.path().join("foreign");
        fs::create_dir(&foreign).unwrap();
        chown(&foreign, Some(12), None).unwrap();
        let error = refused(&foreign.join("aesm.socket"));
        assert!(matches!(error, SocketError::ForeignDirectory { owner: 12, .. }), "{error}");
        assert!(!foreign.join(".aesmd.new").exists(), "what was refused leaves nothing behind");
    }
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
    assert!(matches!(refused(&at("file").join("aesm.socket")), SocketError::Io { .. } | SocketError::NotADirectory(_)));
    assert!(matches!(refused(&at("absent").join("aesm.socket")), SocketError::Io { .. }));
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
