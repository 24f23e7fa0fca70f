//! The audit of this replica: what it is called.

use state_dir::{Lock, PrivateDir, StateError};

use super::data_directory;
use crate::failure::Failure;

/// In the data directory.
const FILE: &str = "replica-id";
/// Random bytes of an id.
const BYTES: usize = 8;
const MAX_FILE: usize = 1 << 10;

/// The replica's id: made on the first start, and kept, so that its audit stays one chain.
pub fn replica(data: &PrivateDir, lock: &Lock<'_>) -> Result<String, Failure> {
    let unusable = |error: StateError| Failure::of_environment(&error);
    let Some(bytes) = data.read(FILE, MAX_FILE).map_err(unusable)? else {
        let id = hex::encode(data_directory::random::<BYTES>()?.as_slice());
        lock.create(FILE, format!("{id}\n").as_bytes()).map_err(unusable)?;
        return Ok(id);
    };
    let id = String::from_utf8_lossy(&bytes).trim().to_owned();
    if id.len() == 2 * BYTES && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        return Ok(id);
    }
    let message = format!("`{}` holds no replica's id", data.path().join(FILE).display());
    Err(Failure::environment("replica_id_malformed", message, "remove it: a new chain of audit records is begun then"))
}
