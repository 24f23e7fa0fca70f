//! A machine as the tree of its files.

use std::path::{Path, PathBuf};

/// A machine, as the tree of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    root: PathBuf,
}

impl Machine {
    /// The machine whose files lie under `root`: `/` is the one this runs on.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where a file of the machine lies, given by its path from `/`.
    pub(crate) fn path(&self, absolute: &str) -> PathBuf {
        self.root.join(absolute.trim_start_matches('/'))
    }

    /// Where the tree begins.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

impl Default for Machine {
    /// The machine that this runs on.
    fn default() -> Self {
        Self::at("/")
    }
}
