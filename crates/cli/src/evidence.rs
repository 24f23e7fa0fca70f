//! Reading evidence from files.

use std::path::Path;

use evidence::EvidenceFile;

use crate::failure::{self, Failure};

/// Bytes of a file with evidence: the largest quote in hexadecimal, and room for line ends.
const MAX_FILE: u64 = 1 << 20;

/// Reads a file with evidence; `-` is standard input.
pub fn read(path: &Path) -> Result<EvidenceFile, Failure> {
    EvidenceFile::read(&failure::read_file(path, MAX_FILE)?).map_err(|error| Failure::of_verdict(&error))
}
