//! Reading files that may be longer than they should be.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The bytes of a file, or `None` where it has more than `bound`.
pub(crate) fn read(path: &Path, bound: usize) -> io::Result<Option<Vec<u8>>> {
    read_from(File::open(path)?, bound)
}

/// What a reader gives until its end, or `None` where that is more than `bound` bytes.
pub(crate) fn read_from(reader: impl Read, bound: usize) -> io::Result<Option<Vec<u8>>> {
    let limit = u64::try_from(bound).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    reader.take(limit).read_to_end(&mut bytes)?;
    Ok(if bytes.len() > bound { None } else { Some(bytes) })
}
