//! Collateral as it is handed out: signed documents, revocation lists and the chains of their signers.

use std::borrow::Cow;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use problem::Problem;

use crate::key::random;

/// The seven pieces that a verifier needs beside a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collateral {
    /// `{"tcbInfo":…,"signature":…}`.
    pub tcb_info: Vec<u8>,
    /// Chain of the signer of TCB Info in PEM: TCB Signing, root.
    pub tcb_info_chain_pem: String,
    /// `{"enclaveIdentity":…,"signature":…}`.
    pub qe_identity: Vec<u8>,
    /// Chain of the signer of the QE identity in PEM: TCB Signing, root.
    pub qe_identity_chain_pem: String,
    /// CRL of the root, DER.
    pub root_crl: Vec<u8>,
    /// CRL of the CA that issued the PCK certificate, DER.
    pub pck_crl: Vec<u8>,
    /// Chain of the issuer of the PCK CRL in PEM: CA, root.
    pub pck_crl_chain_pem: String,
}

/// A piece of collateral that could not be written to a file.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`", path.display())]
pub struct WriteError {
    /// Which file or directory.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl Problem for WriteError {
    fn code(&self) -> Cow<'static, str> {
        "collateral_unwritable".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "give a directory that can be written to, on a disk with room".into()
    }
}

impl Collateral {
    /// Writes each piece to its own file of that directory, which is made where it is absent. The files are public.
    /// A file is replaced as a whole: whoever reads meanwhile sees the old piece or the new one.
    ///
    /// The chain of the QE identity has a file of its own only where it differs from that of TCB Info.
    ///
    /// # Errors
    /// Where a file cannot be written; files before it are written then.
    pub fn write_to(&self, directory: &Path) -> Result<(), WriteError> {
        let mut files: Vec<(&str, &[u8])> = vec![
            ("tcb_info.json", &self.tcb_info),
            ("tcb_signing_chain.pem", self.tcb_info_chain_pem.as_bytes()),
            ("qe_identity.json", &self.qe_identity),
            ("root_ca_crl.der", &self.root_crl),
            ("pck_crl.der", &self.pck_crl),
            ("pck_crl_chain.pem", self.pck_crl_chain_pem.as_bytes()),
        ];
        if self.qe_identity_chain_pem != self.tcb_info_chain_pem {
            files.push(("qe_identity_chain.pem", self.qe_identity_chain_pem.as_bytes()));
        }
        write_files(directory, &files)
    }
}

/// Writes files by name to a directory, which is made where it is absent.
pub(crate) fn write_files(directory: &Path, files: &[(&str, &[u8])]) -> Result<(), WriteError> {
    fs::create_dir_all(directory).map_err(|source| WriteError { path: directory.to_owned(), source })?;
    for (name, contents) in files {
        let path = directory.join(name);
        replace(directory, &path, contents).map_err(|source| WriteError { path, source })?;
    }
    Ok(())
}

/// Writes a temporary file beside the path and renames it into its place.
fn replace(directory: &Path, path: &Path, contents: &[u8]) -> io::Result<()> {
    let random: [u8; 8] = random().map_err(io::Error::other)?;
    let temporary = directory.join(format!(".{}.tmp", hex::encode(random)));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        file.write_all(contents)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        // It may not exist at all; the first error is the one that matters.
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collateral() -> Collateral {
        Collateral {
            tcb_info: b"{}".to_vec(),
            tcb_info_chain_pem: "chain".to_owned(),
            qe_identity: b"{}".to_vec(),
            qe_identity_chain_pem: "chain".to_owned(),
            root_crl: vec![1],
            pck_crl: vec![2],
            pck_crl_chain_pem: "other chain".to_owned(),
        }
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn each_piece_is_written_to_its_file_and_replaced_by_the_next() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("collateral");
        collateral().write_to(&path).unwrap();
        Collateral { pck_crl: vec![3], ..collateral() }.write_to(&path).unwrap();
        let expected = ["pck_crl.der", "pck_crl_chain.pem", "qe_identity.json", "root_ca_crl.der", "tcb_info.json"];
        assert_eq!(names(&path)[..5], expected);
        assert_eq!(names(&path)[5..], ["tcb_signing_chain.pem"]);
        assert_eq!(fs::read(path.join("pck_crl.der")).unwrap(), [3]);
    }

    #[test]
    fn a_chain_of_its_own_has_a_file_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let other = Collateral { qe_identity_chain_pem: "another".to_owned(), ..collateral() };
        other.write_to(directory.path()).unwrap();
        assert!(names(directory.path()).contains(&"qe_identity_chain.pem".to_owned()));
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = collateral().write_to(&file.path().join("below")).unwrap_err();
        assert!(error.to_string().contains("below"), "{error}");
    }
}
