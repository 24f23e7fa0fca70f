//! Private directories themselves.

use std::fs;
use std::os::unix::fs::{chown, symlink};

use state_dir::{PrivateDir, StateError, Trust};

use crate::{code, everything, is_root, mode, place, set_mode};

#[test]
fn directories_are_made_for_their_owner_alone() {
    let (_root, path) = place();
    let deep = path.join("a/b");
    let directory = PrivateDir::open_or_create(&deep, Trust::OWNER).unwrap();
    directory.subdirectory("c").unwrap();
    for path in [path.clone(), path.join("a"), deep.clone(), deep.join("c")] {
        assert_eq!(mode(&path), 0o700, "{}", path.display());
    }
    assert_eq!(directory.path(), deep);
    PrivateDir::open(&deep, Trust::OWNER).unwrap();
}

#[test]
fn a_missing_directory_is_not_made_by_opening_it() {
    let (root, path) = place();
    let error = PrivateDir::open(&path, Trust::OWNER).unwrap_err();
    assert!(error.is_missing(), "{error}");
    assert_eq!(code::<PrivateDir>(Err(error)), "state_missing");
    assert_eq!(everything(root.path()).len(), 1);
}

#[test]
fn a_directory_that_others_have_rights_to_is_refused_and_left_alone() {
    let (_root, path) = place();
    fs::create_dir(&path).unwrap();
    for mode in [0o755, 0o750, 0o701, 0o720] {
        set_mode(&path, mode);
        let error = PrivateDir::open_or_create(&path, Trust::OWNER).unwrap_err();
        assert!(matches!(error, StateError::Exposed { mode: found, .. } if found == mode), "{error}");
        assert_eq!(code::<PrivateDir>(Err(error)), "state_exposed");
        assert_eq!(crate::mode(&path), mode);
    }
    set_mode(&path, 0o2700);
    PrivateDir::open(&path, Trust::OWNER).unwrap();
}

#[test]
fn a_directory_of_another_user_is_refused_and_left_alone() {
    if !is_root() {
        return;
    }
    let (root, path) = place();
    fs::create_dir(&path).unwrap();
    set_mode(&path, 0o700);
    chown(&path, Some(4711), None).unwrap();
    let before = everything(root.path());
    let error = PrivateDir::open_or_create(&path, Trust::OWNER).unwrap_err();
    assert!(matches!(error, StateError::ForeignOwner { owner: 4711, user: 0, .. }), "{error}");
    assert_eq!(code::<PrivateDir>(Err(error)), "state_foreign_owner");
    assert_eq!(everything(root.path()), before);
}

#[test]
fn a_symbolic_link_to_a_directory_is_refused_and_its_target_left_alone() {
    let (root, path) = place();
    let target = root.path().join("target");
    fs::create_dir(&target).unwrap();
    set_mode(&target, 0o700);
    symlink(&target, &path).unwrap();
    let before = everything(root.path());
    for path in [path.clone(), path.join("")] {
        assert_eq!(code(PrivateDir::open_or_create(&path, Trust::OWNER)), "state_symbolic_link");
        assert_eq!(code(PrivateDir::open(&path, Trust::OWNER)), "state_symbolic_link");
    }
    // Where it leads to nothing, nothing is made.
    fs::remove_dir(&target).unwrap();
    assert_eq!(code(PrivateDir::open_or_create(&path, Trust::OWNER)), "state_symbolic_link");
    assert!(!target.exists());
    assert_eq!(everything(root.path()).len(), before.len() - 1);
}

#[test]
fn what_is_not_a_directory_is_refused() {
    let (_root, path) = place();
    fs::write(&path, "").unwrap();
    assert_eq!(code(PrivateDir::open_or_create(&path, Trust::OWNER)), "state_not_a_directory");
}

#[test]
fn a_subdirectory_loses_the_rights_of_others_and_is_no_link() {
    let (_root, path) = place();
    let directory = PrivateDir::open_or_create(&path, Trust::OWNER).unwrap();
    fs::create_dir(path.join("older")).unwrap();
    set_mode(&path.join("older"), 0o755);
    directory.subdirectory("older").unwrap();
    assert_eq!(mode(&path.join("older")), 0o700);
    symlink("older", path.join("link")).unwrap();
    assert_eq!(code(directory.subdirectory("link")), "state_symbolic_link");
    fs::write(path.join("file"), "").unwrap();
    assert_eq!(code(directory.subdirectory("file")), "state_not_a_directory");
    for name in ["", ".", "..", "a/b", "/etc", "a\0"] {
        assert_eq!(code(directory.subdirectory(name)), "state_invalid_name", "{name}");
    }
    assert_eq!(directory.names().unwrap(), ["file", "link", "older"]);
    if is_root() {
        chown(path.join("older"), Some(4711), None).unwrap();
        assert_eq!(code(directory.subdirectory("older")), "state_foreign_owner");
    }
}

#[test]
fn a_directory_that_is_replaced_after_it_was_opened_does_not_matter() {
    let (root, path) = place();
    let directory = PrivateDir::open_or_create(&path, Trust::OWNER).unwrap();
    let moved = root.path().join("moved");
    fs::rename(&path, &moved).unwrap();
    fs::create_dir(&path).unwrap();
    directory.lock().unwrap().create("key", b"secret").unwrap();
    assert!(moved.join("key").exists() && !path.join("key").exists());
}
