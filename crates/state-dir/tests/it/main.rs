//! Private directories and files, in temporary directories.

mod ancestors;
mod directories;
mod files;
mod secrets;
mod shared;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use problem::Problem;
use state_dir::StateError;

/// A temporary directory, and a path in it where nothing is yet.
fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    (directory, path)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

/// Whether this process can give files to other users; if not, the test says that it was skipped.
fn is_root() -> bool {
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !is_root {
        println!("skipped: files can be given to other users by root only");
    }
    is_root
}

/// The code of an error that has a message and help.
fn code<T: std::fmt::Debug>(result: Result<T, StateError>) -> String {
    let error = result.unwrap_err();
    assert!(!error.to_string().is_empty() && !error.help().is_empty(), "{error:?}");
    error.code().into_owned()
}

/// Everything below a directory: names, modes, owners and contents.
fn everything(path: &Path) -> Vec<(PathBuf, u32, u32, Vec<u8>)> {
    let found = fs::symlink_metadata(path).unwrap();
    let contents = if found.is_file() { fs::read(path).unwrap() } else { Vec::new() };
    let mut all = vec![(path.to_owned(), found.mode(), found.uid(), contents)];
    if found.is_dir() {
        let mut below: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        below.sort();
        all.extend(below.iter().flat_map(|path| everything(path)));
    }
    all
}
