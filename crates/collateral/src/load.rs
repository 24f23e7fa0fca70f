//! Loading pieces from files and directories.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use problem::Problem;

use crate::bundle::error::MAX_BUNDLE;
use crate::piece::MAX_PIECE;
use crate::set::{CollateralSet, PassedOver};
use crate::unrecognised::Unrecognised;

/// More files than any installation keeps in one directory of collateral.
const MAX_FILES: usize = 4096;
/// More bytes than all files of a directory of collateral have.
pub const MAX_DIRECTORY: usize = MAX_BUNDLE;

/// Why no collateral could be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or directory cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A directory with more files than a directory of collateral has.
    #[error("`{}` has more than {MAX_FILES} files", .0.display())]
    TooManyFiles(PathBuf),
    /// A directory with more bytes than a directory of collateral has. Of a file that is no bundle only the first
    /// [`MAX_PIECE`] count.
    #[error("`{}` has more than {MAX_DIRECTORY} bytes in its files", .0.display())]
    TooManyBytes(PathBuf),
    /// The one file that was named is no collateral.
    #[error("`{}` is no collateral", path.display())]
    Unrecognised {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Unrecognised,
    },
    /// A directory without any piece of collateral.
    #[error("`{}` holds no piece of collateral", .0.display())]
    Empty(PathBuf),
}

impl Problem for LoadError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Read { .. } => "collateral_unreadable",
            Self::TooManyFiles(_) => "collateral_too_many_files",
            Self::TooManyBytes(_) => "collateral_too_many_bytes",
            Self::Unrecognised { source, .. } => return source.code(),
            Self::Empty(_) => "collateral_empty",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Read { .. } => "check the path and its permissions",
            Self::TooManyFiles(_) | Self::TooManyBytes(_) => "name a directory that holds collateral alone",
            Self::Unrecognised { source, .. } => return source.help(),
            Self::Empty(_) => {
                "put TCB Info, QE identity, both CRLs and the signer's chain there, as Intel's service sends them, or a bundle"
            }
        };
        text.into()
    }
}

impl CollateralSet {
    /// Loads a file, or every file of a directory (not of those below it). Files of a directory that are no collateral
    /// are kept in mind, see [`CollateralSet::unrecognised`].
    ///
    /// # Errors
    /// See [`LoadError`]. A directory of nothing but certificates holds no piece of collateral.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let mut set = Self::default();
        set.add_path(path)?;
        if set.tcb_infos.is_empty() && set.identities.is_empty() && set.crls.is_empty() && path.is_dir() {
            return Err(LoadError::Empty(path.to_owned()));
        }
        Ok(set)
    }

    /// Adds what a file holds, or every file of a directory (not of those below it).
    ///
    /// # Errors
    /// See [`LoadError`]. A directory in which nothing at all is recognised is empty; one of certificates is not.
    pub fn add_path(&mut self, path: &Path) -> Result<(), LoadError> {
        let metadata = fs::metadata(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
        if metadata.is_dir() { self.add_directory(path) } else { self.add_file(path) }
    }

    fn add_file(&mut self, path: &Path) -> Result<(), LoadError> {
        let bytes = read(path)?;
        self.add(&name(path), &bytes).map_err(|source| LoadError::Unrecognised { path: path.to_owned(), source })
    }

    fn add_directory(&mut self, path: &Path) -> Result<(), LoadError> {
        let mut bytes_read = 0_usize;
        let mut is_empty = true;
        for file in files(path)? {
            let bytes = read(&file)?;
            bytes_read = bytes_read.saturating_add(bytes.len());
            if bytes_read > MAX_DIRECTORY {
                return Err(LoadError::TooManyBytes(path.to_owned()));
            }
            match self.add(&name(&file), &bytes) {
                Ok(()) => is_empty = false,
                Err(error) => {
                    self.unrecognised.push(PassedOver { source: name(&file), reason: problem::chain(&error) })
                }
            }
        }
        if is_empty { Err(LoadError::Empty(path.to_owned())) } else { Ok(()) }
    }
}

/// The files of a directory, sorted: the same directory gives the same choice, in whatever order the system lists it.
fn files(directory: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |source| LoadError::Read { path: directory.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.is_file() {
            files.push(file);
        }
        if files.len() > MAX_FILES {
            return Err(LoadError::TooManyFiles(directory.to_owned()));
        }
    }
    files.sort();
    Ok(files)
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A file's bytes. What is too long for what it is is cut right after its bound, and refused when it is read.
fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let unreadable = |source| LoadError::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let mut read_up_to = |bound: usize, bytes: &mut Vec<u8>| {
        let more = bound.saturating_add(1).saturating_sub(bytes.len());
        file.by_ref().take(u64::try_from(more).unwrap_or(u64::MAX)).read_to_end(bytes).map_err(unreadable)
    };
    read_up_to(MAX_PIECE, &mut bytes)?;
    if bytes.len() > MAX_PIECE && evidence::is_bundle(&bytes) {
        read_up_to(MAX_BUNDLE, &mut bytes)?;
    }
    Ok(bytes)
}
