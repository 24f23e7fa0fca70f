//! All the pieces that one path holds.

use std::path::{Path, PathBuf};
use std::{fs, io};

use dcap::{Certificate, Crl, EnclaveIdentity, SignedJson, TcbInfo};

use crate::form::{self, Form, Unrecognised};

/// More files than any installation keeps in one directory of collateral.
const MAX_FILES: usize = 4096;

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

/// Pieces of collateral from a file or directory; nothing about them is proven.
#[derive(Clone, Debug, Default)]
pub struct CollateralSet {
    pub(crate) tcb_infos: Vec<(String, SignedJson, TcbInfo)>,
    pub(crate) identities: Vec<(String, SignedJson, EnclaveIdentity)>,
    pub(crate) crls: Vec<(String, Crl)>,
    pub(crate) certificates: Vec<(String, Certificate)>,
    unrecognised: Vec<(String, String)>,
}

impl CollateralSet {
    /// Loads a file, or every file of a directory (not of those below it). Files of a directory that are no collateral
    /// are kept in mind, see [`CollateralSet::unrecognised`].
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let unreadable = |source| LoadError::Read { path: path.to_owned(), source };
        let mut set = Self::default();
        if !fs::metadata(path).map_err(unreadable)?.is_dir() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            set.add(&name, &read(path)?).map_err(|source| LoadError::Unrecognised { path: path.to_owned(), source })?;
            return Ok(set);
        }
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            if file.is_file() {
                files.push(file);
            }
            if files.len() > MAX_FILES {
                return Err(LoadError::TooManyFiles(path.to_owned()));
            }
        }
        // The same directory gives the same choice, in whatever order the system lists it.
        files.sort();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if let Err(error) = set.add(&name, &read(&file)?) {
                set.unrecognised.push((name, error.to_string()));
            }
        }
        if set.tcb_infos.is_empty() && set.identities.is_empty() && set.crls.is_empty() {
            return Err(LoadError::Empty(path.to_owned()));
        }
        Ok(set)
    }

    /// Adds what the bytes hold under the name of where they came from.
    ///
    /// # Errors
    /// Where they are no collateral, or damaged.
    pub fn add(&mut self, source: &str, bytes: &[u8]) -> Result<(), Unrecognised> {
        match form::sniff(bytes)? {
            Form::Qvl(document) => {
                for (member, piece) in document.pieces()? {
                    self.add_piece(format!("{source}#{member}"), piece);
                }
            }
            piece => self.add_piece(source.to_owned(), piece),
        }
        Ok(())
    }

    fn add_piece(&mut self, source: String, piece: Form) {
        match piece {
            Form::TcbInfo(document, read) => self.tcb_infos.push((source, document, read)),
            Form::Identity(document, read) => self.identities.push((source, document, read)),
            Form::Crl(crl) => self.crls.push((source, crl)),
            Form::Certificates(certificates) => {
                self.certificates.extend(certificates.into_iter().map(|certificate| (source.clone(), certificate)));
            }
            Form::Qvl(_) => {}
        }
    }

    /// Files that were no collateral, with the reason.
    pub fn unrecognised(&self) -> &[(String, String)] {
        &self.unrecognised
    }
}

fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    use io::Read;
    let unreadable = |source| LoadError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let limit = u64::try_from(form::MAX_PIECE).unwrap_or(u64::MAX).saturating_add(1);
    fs::File::open(path).map_err(unreadable)?.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}
