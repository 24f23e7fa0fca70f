//! Directories that others may see and not change.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{chown, symlink};

use state_dir::{Kind, SharedDir};

use crate::{code, everything, is_root, mode, place, set_mode};

#[test]
fn a_directory_that_others_can_write_to_is_refused_and_left_alone() {
    let (root, path) = place();
    fs::create_dir(&path).unwrap();
    // Sticky too: somebody else could take the name of a socket while no daemon runs.
    for mode in [0o777, 0o775, 0o757, 0o1777] {
        set_mode(&path, mode);
        let before = everything(root.path());
        assert_eq!(code(SharedDir::open(&path)), "state_shared_directory", "{mode:o}");
        assert_eq!(everything(root.path()), before);
    }
    set_mode(&path, 0o755);
    SharedDir::open(&path).unwrap();
    symlink(&path, root.path().join("link")).unwrap();
    assert_eq!(code(SharedDir::open(&root.path().join("link"))), "state_symbolic_link");
    set_mode(root.path(), 0o777);
    assert_eq!(code(SharedDir::open(&path)), "state_shared_ancestor");
    if is_root() {
        set_mode(root.path(), 0o755);
        chown(&path, Some(4711), None).unwrap();
        assert_eq!(code(SharedDir::open(&path)), "state_foreign_owner");
    }
}

#[test]
fn names_in_it_change_by_descriptor() {
    let (_root, path) = place();
    fs::create_dir(&path).unwrap();
    set_mode(&path, 0o755);
    let directory = SharedDir::open(&path).unwrap();
    let [new, name] = ["new", "name"].map(OsStr::new);
    assert!(directory.examine(new).unwrap().is_none());
    fs::write(path.join("new"), "").unwrap();
    let entry = directory.examine(new).unwrap().unwrap();
    assert_eq!(entry.kind, Kind::Other);
    directory.set_access(new, None, 0o640).unwrap();
    assert_eq!(mode(&path.join("new")), 0o640);
    directory.rename(new, name).unwrap();
    assert_eq!(directory.examine(name).unwrap().unwrap(), entry);
    assert!(directory.remove(name).unwrap() && !directory.remove(name).unwrap());
    assert_eq!(code(directory.remove(OsStr::new("../x"))), "state_invalid_name");
    let lock = directory.lock(".lock").unwrap();
    assert_eq!(mode(&path.join(".lock")), 0o600);
    drop(lock);
}
