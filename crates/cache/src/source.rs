//! Where endorsements come from.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use collateral::{CollateralSet, LoadError, PassedOver};

/// Where endorsements come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Nowhere: none is configured.
    None,
    /// A file, or a directory of files.
    Path(PathBuf),
}

impl From<Option<PathBuf>> for Source {
    fn from(path: Option<PathBuf>) -> Self {
        path.map_or(Self::None, Self::Path)
    }
}

/// What a source had when it was read; nothing of it is verified.
pub(crate) struct Loaded {
    pub(crate) set: Arc<CollateralSet>,
    /// Empty where the source has no files.
    files: Vec<FileState>,
}

impl Source {
    /// Reads everything that the source has; nothing where there is none.
    pub(crate) fn load(&self) -> Result<Option<Loaded>, LoadError> {
        let Self::Path(path) = self else { return Ok(None) };
        // Before the files are read: one that changes meanwhile counts as changed afterwards.
        let files = file_states(path);
        let set = CollateralSet::load(path)?;
        for PassedOver { source: file, reason } in set.unrecognised() {
            tracing::warn!(
                collateral.file = file,
                reason,
                "file in the collateral directory was skipped: not collateral"
            );
        }
        Ok(Some(Loaded { set: Arc::new(set), files }))
    }

    /// Returns whether the source has something else now.
    pub(crate) fn has_changed(&self, since: Option<&Loaded>) -> bool {
        match self {
            Self::None => false,
            Self::Path(path) => since.is_none_or(|loaded| loaded.files != file_states(path)),
        }
    }
}

/// Name, times of change and size of a file: enough to notice that it was replaced. A copy may have the modification time of another
/// file; the time of the change itself is set by the system.
type FileState = (PathBuf, SystemTime, (i64, i64), u64);

fn file_states(path: &Path) -> Vec<FileState> {
    let state = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Some((path.to_owned(), metadata.modified().ok()?, changed, metadata.len()))
    };
    let mut states: Vec<_> = match std::fs::read_dir(path) {
        Ok(entries) => entries.filter_map(Result::ok).filter_map(|entry| state(&entry.path())).collect(),
        Err(_) => state(path).into_iter().collect(),
    };
    states.sort();
    states
}
