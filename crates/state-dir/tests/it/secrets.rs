//! Secrets that operators give, and those that they ask for.

use std::fs;
use std::os::unix::fs::{chown, symlink};

use state_dir::{SecretFile, read_secret};

use crate::{code, everything, is_root, mode, place, set_mode};

#[test]
fn a_secret_that_others_can_read_is_refused() {
    let (_root, path) = place();
    fs::write(&path, "secret").unwrap();
    for mode in [0o644, 0o604, 0o602, 0o620, 0o601] {
        set_mode(&path, mode);
        assert_eq!(code(read_secret(&path, 10)), "state_exposed_secret", "{mode:o}");
    }
    for mode in [0o600, 0o400] {
        set_mode(&path, mode);
        assert_eq!(read_secret(&path, 6).unwrap().as_slice(), b"secret");
    }
    assert_eq!(code(read_secret(&path, 5)), "state_too_long");
    assert_eq!(code(read_secret(path.parent().unwrap(), 5)), "state_not_a_file");
    assert_eq!(code(read_secret(&path.join("below"), 5)), "state_not_a_directory");
    assert_eq!(code(read_secret(&path.with_extension("absent"), 5)), "state_missing");
}

#[test]
fn a_secret_of_root_is_readable_by_a_group_of_this_process_alone() {
    if !is_root() {
        return;
    }
    let (_root, path) = place();
    fs::write(&path, "secret").unwrap();
    set_mode(&path, 0o440);
    let groups = fs::metadata("/proc/self").unwrap();
    chown(&path, None, Some(std::os::unix::fs::MetadataExt::gid(&groups))).unwrap();
    read_secret(&path, 10).unwrap();
    set_mode(&path, 0o460);
    assert_eq!(code(read_secret(&path, 10)), "state_exposed_secret");
    set_mode(&path, 0o440);
    chown(&path, None, Some(4711)).unwrap();
    assert_eq!(code(read_secret(&path, 10)), "state_exposed_secret");
    set_mode(&path, 0o400);
    chown(&path, Some(4711), None).unwrap();
    assert_eq!(code(read_secret(&path, 10)), "state_foreign_owner");
}

#[test]
fn a_secret_behind_the_links_of_kubernetes_is_read() {
    let (root, _) = place();
    let at = |name: &str| root.path().join(name);
    // kubelet: a sticky tmpfs, a directory for each version, and two links.
    set_mode(root.path(), 0o1777);
    fs::create_dir(at("..2026_11_29")).unwrap();
    fs::write(at("..2026_11_29/key"), "secret").unwrap();
    set_mode(&at("..2026_11_29/key"), 0o400);
    symlink("..2026_11_29", at("..data")).unwrap();
    symlink("..data/key", at("key")).unwrap();
    assert_eq!(read_secret(&at("key"), 10).unwrap().as_slice(), b"secret");
    if is_root() {
        std::os::unix::fs::lchown(at("..data"), Some(4711), None).unwrap();
        assert_eq!(code(read_secret(&at("key"), 10)), "state_foreign_link");
    }
}

#[test]
fn a_secret_in_a_directory_that_others_can_write_to_is_refused() {
    let (root, path) = place();
    fs::write(&path, "secret").unwrap();
    set_mode(&path, 0o600);
    set_mode(root.path(), 0o777);
    assert_eq!(code(read_secret(&path, 10)), "state_shared_ancestor");
    assert_eq!(code(SecretFile::reserve(&root.path().join("new")).map(drop)), "state_shared_ancestor");
}

#[test]
fn a_secret_file_is_new_and_private_and_disappears_unless_it_is_written() {
    let (root, path) = place();
    let reserved = SecretFile::reserve(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(code(SecretFile::reserve(&path).map(drop)), "state_exists");
    reserved.write(b"secret").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"secret");
    fs::remove_file(&path).unwrap();
    drop(SecretFile::reserve(&path).unwrap());
    assert!(!path.exists());
    symlink("target", &path).unwrap();
    let before = everything(root.path());
    assert_eq!(code(SecretFile::reserve(&path).map(drop)), "state_exists");
    assert_eq!(everything(root.path()), before);
    assert_eq!(code(SecretFile::reserve(&root.path().join("a/b")).map(drop)), "state_missing");
}
