//! The data directory of a service: private, and changed by one start at a time.

use std::path::Path;

use aws_lc_rs::rand;
use state_dir::{Lock, PrivateDir, Trust};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Opens the directory, or creates it on the first start. A directory that belongs to another user, or that other users can access
/// or replace, is refused before anything in it is touched.
pub fn open(path: &Path, group: Option<u32>) -> Result<PrivateDir, Failure> {
    let trust = group.map_or(Trust::OWNER, Trust::owner_and_group);
    PrivateDir::open_or_create(path, trust).map_err(|error| Failure::of_environment(&error))
}

/// Waits until no other service starts with this directory.
///
/// The first start makes keys and tokens in several files and in the database; another one that started meanwhile would find half of
/// them.
pub fn lock(directory: &PrivateDir) -> Result<Lock<'_>, Failure> {
    directory.lock().map_err(|error| Failure::of_environment(&error))
}

/// Random bytes for what a first start makes.
pub fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, Failure> {
    let mut bytes = Zeroizing::new([0; N]);
    rand::fill(bytes.as_mut_slice())
        .map_err(|_| Failure::environment("random", "the system gives no random bytes", "try again"))?;
    Ok(bytes)
}
