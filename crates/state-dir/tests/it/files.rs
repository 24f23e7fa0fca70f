//! Files in private directories.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::path::PathBuf;

use state_dir::{PrivateDir, Trust};

use crate::{code, is_root, mode, place, set_mode};

fn directory() -> (tempfile::TempDir, PathBuf, PrivateDir) {
    let (root, path) = place();
    let directory = PrivateDir::open_or_create(&path, Trust::OWNER).unwrap();
    (root, path, directory)
}

#[test]
fn a_file_is_created_once_and_replaced_as_a_whole() {
    let (_root, path, directory) = directory();
    assert!(directory.read("key", 10).unwrap().is_none() && !directory.contains("key").unwrap());
    let lock = directory.lock().unwrap();
    lock.create("key", b"first").unwrap();
    assert_eq!(code(lock.create("key", b"second")), "state_exists");
    assert_eq!(directory.read("key", 5).unwrap().unwrap().as_slice(), b"first");
    lock.replace("key", b"second").unwrap();
    assert_eq!(directory.read("key", 6).unwrap().unwrap().as_slice(), b"second");
    assert_eq!(mode(&path.join("key")), 0o600);
    assert_eq!(directory.names().unwrap(), ["key", "lock"]);
    assert!(lock.remove("key").unwrap() && !lock.remove("key").unwrap());
}

#[test]
fn what_an_interrupted_writer_left_is_replaced() {
    let (_root, path, directory) = directory();
    fs::write(path.join("key.new"), "half").unwrap();
    set_mode(&path.join("key.new"), 0o644);
    let lock = directory.lock().unwrap();
    lock.create("key", b"whole").unwrap();
    assert_eq!(mode(&path.join("key")), 0o600);
    assert!(!path.join("key.new").exists());
    // A link there is removed, not followed.
    fs::write(path.join("other"), "other").unwrap();
    symlink("other", path.join("key.new")).unwrap();
    lock.replace("key", b"again").unwrap();
    assert_eq!(fs::read(path.join("other")).unwrap(), b"other");
}

#[test]
fn a_file_is_read_only_if_it_is_private_regular_and_short() {
    let (_root, path, directory) = directory();
    directory.lock().unwrap().create("key", b"secret").unwrap();
    assert_eq!(code(directory.read("key", 5)), "state_too_long");
    set_mode(&path.join("key"), 0o640);
    assert_eq!(code(directory.read("key", 10)), "state_exposed");
    set_mode(&path.join("key"), 0o600);
    symlink("key", path.join("link")).unwrap();
    assert_eq!(code(directory.read("link", 10)), "state_symbolic_link");
    directory.subdirectory("below").unwrap();
    assert_eq!(code(directory.read("below", 10)), "state_not_a_file");
    assert_eq!(code(directory.read("../key", 10)), "state_invalid_name");
    if is_root() {
        chown(path.join("key"), Some(4711), None).unwrap();
        assert_eq!(code(directory.read("key", 10)), "state_foreign_owner");
    }
}

#[test]
fn a_file_for_a_library_is_private_and_no_link() {
    let (_root, path, directory) = directory();
    let database = directory.file_for_library("database").unwrap();
    assert_eq!((database.clone(), mode(&database)), (path.join("database"), 0o600));
    fs::write(&database, "contents").unwrap();
    directory.file_for_library("database").unwrap();
    assert_eq!(fs::read(&database).unwrap(), b"contents");
    set_mode(&database, 0o644);
    assert_eq!(code(directory.file_for_library("database")), "state_exposed");
    symlink("elsewhere", path.join("link")).unwrap();
    assert_eq!(code(directory.file_for_library("link")), "state_symbolic_link");
    assert!(!path.join("elsewhere").exists());
    directory.subdirectory("below").unwrap();
    assert!(directory.file_for_library("below").is_err());
}

#[test]
fn a_lock_keeps_other_writers_out_and_is_no_link() {
    let (_root, path, directory) = directory();
    let total: usize = std::thread::scope(|scope| {
        let add = || {
            let directory = PrivateDir::open(&path, Trust::OWNER).unwrap();
            for _ in 0..50 {
                let lock = directory.lock().unwrap();
                let before = directory.read("count", 10).unwrap();
                let count = before.map_or(0, |text| String::from_utf8_lossy(&text).parse::<usize>().unwrap());
                lock.replace("count", (count + 1).to_string().as_bytes()).unwrap();
            }
        };
        (0..4).map(|_| scope.spawn(add)).collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).count()
    });
    assert_eq!(total, 4);
    assert_eq!(directory.read("count", 10).unwrap().unwrap().as_slice(), b"200");
    assert_eq!(mode(&path.join("lock")), 0o600);
    fs::remove_file(path.join("lock")).unwrap();
    symlink("elsewhere", path.join("lock")).unwrap();
    assert_eq!(code(directory.lock().map(drop)), "state_symbolic_link");
    assert!(!path.join("elsewhere").exists());
}
