//! The administrator's token: made on the first start, kept in a file for its owner alone, and as a hash in the store.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dcap::UnixTime;
use serde_json::json;
use service::Audit;
use store::{Store, StoreError};
use zeroize::Zeroizing;

use super::store_unusable;
use crate::failure::{self, Failure};

/// In the data directory.
const FILE: &str = "admin-token";
/// Random bytes of a token.
const BYTES: usize = 32;
/// The most that is read of the file.
const MAX_FILE: u64 = 1 << 10;

/// Makes the token on the first start. The file is written before the hash is kept; a start that was cut short between the two
/// takes the token that it left.
pub async fn keep(data: &Path, store: &dyn Store, audit: &Audit, now: UnixTime) -> Result<(), Failure> {
    if store.administrator().await.map_err(|error| store_unusable(&error))?.is_some() {
        return Ok(());
    }
    let path = data.join(FILE);
    let token = match fs::exists(&path) {
        Ok(true) => left_over(&path)?,
        _ => make(&path)?,
    };
    let entry = audit.entry("administrator.create", "veritee", now, json!({}));
    match store.create_administrator(&sha256(token.as_bytes()), now.seconds(), &entry).await {
        // Another process started at the same time: its token is the one.
        Err(StoreError::Exists(_)) => Ok(()),
        Err(error) => Err(store_unusable(&error)),
        Ok(()) => {
            tracing::info!(file = %path.display(), "administrator's token made");
            Ok(())
        }
    }
}

fn make(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    rand::fill(bytes.as_mut_slice())
        .map_err(|_| Failure::environment("random", "no random token could be made", "try again"))?;
    let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
    let unwritable = |error: std::io::Error| {
        let message = format!("cannot write `{}`: {error}", path.display());
        Failure::environment("admin_token_unwritable", message, "check the permissions of the data directory")
    };
    // The file appears whole or not at all. What a start that was cut short left of the new one is written over.
    let new = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(unwritable)?;
    writeln!(file, "{}", *token).and_then(|()| file.sync_all()).map_err(unwritable)?;
    fs::rename(&new, path).map_err(unwritable)?;
    Ok(token)
}

/// The token of a start that did not come to its end.
fn left_over(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let bytes = Zeroizing::new(failure::read_file(path, MAX_FILE)?);
    let token = String::from_utf8_lossy(&bytes).trim().to_owned();
    if URL_SAFE_NO_PAD.decode(&token).is_ok_and(|bytes| bytes.len() == BYTES) {
        return Ok(Zeroizing::new(token));
    }
    let message = format!("`{}` holds no administrator's token", path.display());
    Err(Failure::environment("admin_token_malformed", message, "remove it: a new one is made at the next start"))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}
