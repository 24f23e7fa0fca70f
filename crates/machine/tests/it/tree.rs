//! A made-up tree of files.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use machine::Machine;
use rustix::process::Uid;
use rustix::thread::set_thread_res_uid;
use tempfile::TempDir;

pub struct Tree {
    directory: TempDir,
    pub machine: Machine,
}

impl Tree {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // Other users have to come as far as the tree itself.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let machine = Machine::at(directory.path());
        Self { directory, machine }
    }

    pub fn path(&self, absolute: &str) -> PathBuf {
        self.directory.path().join(absolute.trim_start_matches('/'))
    }

    fn place(&self, absolute: &str) -> PathBuf {
        let path = self.path(absolute);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    pub fn file(&self, absolute: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.place(absolute);
        fs::write(&path, contents).unwrap();
        path
    }

    pub fn directory(&self, absolute: &str) -> PathBuf {
        let path = self.place(absolute);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// A character device that everybody may open.
    pub fn device(&self, absolute: &str) {
        symlink("/dev/null", self.place(absolute)).unwrap();
    }

    /// A link, relative to where it lies.
    pub fn link(&self, target: &str, absolute: &str) {
        symlink(target, self.place(absolute)).unwrap();
    }
}

/// What a user sees to whom nothing is given: in another thread with that user's rights where the tests run as root.
pub fn as_nobody<T: Send>(see: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            if rustix::process::geteuid().is_root() {
                let nobody = Uid::from_raw(65534);
                set_thread_res_uid(nobody, nobody, nobody).unwrap();
            }
            see()
        });
        thread.join().unwrap()
    })
}

pub fn forbid(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
}
