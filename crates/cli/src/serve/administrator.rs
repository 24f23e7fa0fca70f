//! The administrator's token: made on the first start, kept in a file for its owner alone, and as a hash in the store.

use attestation::Audit;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use state_dir::{Lock, PrivateDir};
use store::{Store, StoreError};
use unix_time::UnixTime;
use zeroize::Zeroizing;

use super::{data_directory, store_unusable};
use crate::failure::Failure;

/// In the data directory.
const FILE: &str = "admin-token";
/// Random bytes of a token.
const BYTES: usize = 32;
/// The most that is read of the file.
const MAX_FILE: usize = 1 << 10;

/// Makes the token on the first start. The file is written before the hash is kept; a start that was cut short between the two
/// takes the token that it left.
pub async fn keep(
    data: &PrivateDir,
    lock: &Lock<'_>,
    store: &dyn Store,
    audit: &Audit,
    now: UnixTime,
) -> Result<(), Failure> {
    if store.administrator().await.map_err(|error| store_unusable(&error))?.is_some() {
        return Ok(());
    }
    let found = data.read(FILE, MAX_FILE).map_err(|error| Failure::of_environment(&error))?;
    let is_new = found.is_none();
    let token = match found {
        Some(bytes) => left_over(data, &bytes)?,
        None => make(lock)?,
    };
    let entry = audit.entry("administrator.create", "veritee", now, json!({}));
    match store.create_administrator(&sha256(token.as_bytes()), now.seconds(), &entry).await {
        // A replica with another data directory was first, and its token is valid. A file made by this start would mislead.
        Err(StoreError::Exists(_)) if is_new => {
            lock.remove(FILE).map(drop).map_err(|error| Failure::of_environment(&error))
        }
        // An operator may have put the same token into each data directory.
        Err(StoreError::Exists(_)) => Ok(()),
        Err(error) => Err(store_unusable(&error)),
        Ok(()) => {
            tracing::info!(file = %data.path().join(FILE).display(), "administrator's token made");
            Ok(())
        }
    }
}

fn make(lock: &Lock<'_>) -> Result<Zeroizing<String>, Failure> {
    let bytes = data_directory::random::<BYTES>()?;
    let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
    let line = Zeroizing::new(format!("{}\n", *token));
    lock.create(FILE, line.as_bytes()).map_err(|error| Failure::of_environment(&error))?;
    Ok(token)
}

/// The token of a start that did not come to its end.
fn left_over(data: &PrivateDir, bytes: &[u8]) -> Result<Zeroizing<String>, Failure> {
    let token = Zeroizing::new(String::from_utf8_lossy(bytes).trim().to_owned());
    if URL_SAFE_NO_PAD.decode(&*token).is_ok_and(|bytes| bytes.len() == BYTES) {
        return Ok(token);
    }
    let message = format!("`{}` holds no administrator's token", data.path().join(FILE).display());
    Err(Failure::environment("admin_token_malformed", message, "remove it: a new one is made at the next start"))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}
