//! What is required of the directories above a private one.

use std::fs;
use std::os::unix::fs::{chown, lchown, symlink};
use std::path::Path;

use state_dir::{PrivateDir, StateError, Trust};

use crate::{code, everything, is_root, place, set_mode};

fn open_or_create(path: &Path) -> Result<PrivateDir, StateError> {
    PrivateDir::open_or_create(path, Trust::OWNER)
}

#[test]
fn a_directory_below_one_that_others_can_write_to_is_refused() {
    let (root, _) = place();
    for mode in [0o777, 0o757, 0o2777] {
        let shared = root.path().join(format!("{mode:o}"));
        fs::create_dir(&shared).unwrap();
        set_mode(&shared, mode);
        let before = everything(root.path());
        let error = open_or_create(&shared.join("deep/state")).unwrap_err();
        assert!(
            matches!(&error, StateError::SharedAncestor { mode: found, ancestor, .. } if *found == mode && *ancestor == shared)
        );
        assert_eq!(code::<PrivateDir>(Err(error)), "state_shared_ancestor");
        assert_eq!(everything(root.path()), before, "nothing is made before it is checked");
    }
    // Nobody can replace names of others in a sticky directory.
    let sticky = root.path().join("sticky");
    fs::create_dir(&sticky).unwrap();
    set_mode(&sticky, 0o1777);
    open_or_create(&sticky.join("state")).unwrap();
}

#[test]
fn a_directory_below_one_that_a_group_can_write_to_is_refused_unless_the_group_is_trusted() {
    if !is_root() {
        return;
    }
    let (root, _) = place();
    let shared = root.path().join("volume");
    fs::create_dir(&shared).unwrap();
    // No group of this number has a single member that is us.
    chown(&shared, None, Some(4711)).unwrap();
    set_mode(&shared, 0o2775);
    let path = shared.join("state");
    assert_eq!(code(open_or_create(&path)), "state_shared_ancestor");
    let directory = PrivateDir::open_or_create(&path, Trust::owner_and_group(4711)).unwrap();
    directory.lock().unwrap().create("key", b"secret").unwrap();
    // What Kubernetes makes of it when the volume is mounted again.
    for (path, mode) in [(path.clone(), 0o2770), (path.join("key"), 0o660)] {
        chown(&path, None, Some(4711)).unwrap();
        set_mode(&path, mode);
    }
    let directory = PrivateDir::open(&path, Trust::owner_and_group(4711)).unwrap();
    assert_eq!(directory.read("key", 10).unwrap().unwrap().as_slice(), b"secret");
    assert_eq!(code(PrivateDir::open(&path, Trust::owner_and_group(4712))), "state_shared_ancestor");
    set_mode(&shared, 0o2755);
    assert_eq!(code(PrivateDir::open(&path, Trust::OWNER)), "state_exposed");
    set_mode(&path, 0o2775);
    assert_eq!(code(PrivateDir::open(&path, Trust::owner_and_group(4711))), "state_exposed");
    set_mode(&path, 0o2770);
    set_mode(&path.join("key"), 0o664);
    assert_eq!(code(directory.read("key", 10)), "state_exposed");
}

#[test]
fn a_directory_below_one_of_another_user_is_refused() {
    if !is_root() {
        return;
    }
    let (root, _) = place();
    let foreign = root.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    chown(&foreign, Some(4711), None).unwrap();
    let before = everything(root.path());
    let error = open_or_create(&foreign.join("state")).unwrap_err();
    assert!(
        matches!(&error, StateError::ForeignAncestor { owner: 4711, ancestor, .. } if *ancestor == foreign),
        "{error}"
    );
    assert_eq!(code::<PrivateDir>(Err(error)), "state_foreign_ancestor");
    assert_eq!(everything(root.path()), before);
}

#[test]
fn links_on_the_way_are_followed_if_they_are_ours_and_lead_to_where_nobody_else_can_write() {
    let (root, _) = place();
    let at = |name: &str| root.path().join(name);
    fs::create_dir(at("real")).unwrap();
    symlink("real", at("relative")).unwrap();
    symlink(at("relative"), at("absolute")).unwrap();
    open_or_create(&at("absolute/state")).unwrap();
    assert!(at("real/state").is_dir());
    open_or_create(&at("real/../relative/./state")).unwrap();
    symlink("circle", at("circle")).unwrap();
    assert_eq!(code(open_or_create(&at("circle/state"))), "state_too_many_links");
    fs::create_dir(at("shared")).unwrap();
    set_mode(&at("shared"), 0o777);
    symlink("shared", at("astray")).unwrap();
    assert_eq!(code(open_or_create(&at("astray/state"))), "state_shared_ancestor");
    assert!(!at("shared/state").exists());
    if is_root() {
        symlink("real", at("foreign")).unwrap();
        lchown(at("foreign"), Some(4711), None).unwrap();
        assert_eq!(code(open_or_create(&at("foreign/state"))), "state_foreign_link");
    }
}

#[test]
fn paths_that_name_nothing_are_refused() {
    let (root, _) = place();
    for path in ["", "/", "/..", "."] {
        let path = if path == "." { root.path().join("..") } else { path.into() };
        assert_eq!(code(open_or_create(&path)), "state_invalid_name", "{}", path.display());
    }
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(code(open_or_create(&file.join("below/state"))), "state_not_a_directory");
    assert_eq!(code(open_or_create(&file.join("state"))), "state_not_a_directory");
    assert_eq!(code(PrivateDir::open(&root.path().join("a/b"), Trust::OWNER)), "state_missing");
    let long = root.path().join("x".repeat(300));
    assert_eq!(code(open_or_create(&long)), "state_io");
}
