//! The key that signing keys are sealed under in the store: from a file, from the environment, or made on the first start.

use std::path::Path;

use attestation::Vault;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use state_dir::{Lock, PrivateDir};
use zeroize::Zeroizing;

use super::data_directory;
use crate::failure::Failure;
use crate::secret;

/// In the data directory, where nothing else is said.
const FILE: &str = "key-encryption-key";
const VARIABLE: &str = "VERITEE_KEY_ENCRYPTION_KEY";
const MAX_FILE: usize = 1 << 10;

/// The vault: a file takes precedence over the environment, and the environment over a key of our own making.
pub fn open(file: Option<&Path>, data: &PrivateDir, lock: &Lock<'_>) -> Result<Vault, Failure> {
    let key = match (file, std::env::var(VARIABLE).ok().map(Zeroizing::new)) {
        (Some(path), _) => given(path)?,
        (None, Some(text)) => key_in(&text).ok_or_else(|| malformed(&format!("environment variable {VARIABLE}")))?,
        (None, None) => own(data, lock)?,
    };
    Vault::new(&key).ok_or_else(|| Failure::environment("vault", "no vault can be made of the key", ""))
}

/// The key in the operator's file, which others may not read.
fn given(path: &Path) -> Result<Zeroizing<[u8; 32]>, Failure> {
    parse(&secret::read(path, MAX_FILE).map_err(Failure::or_usage)?, path)
}

/// The key in the data directory, made on the first start.
fn own(data: &PrivateDir, lock: &Lock<'_>) -> Result<Zeroizing<[u8; 32]>, Failure> {
    if let Some(bytes) = data.read(FILE, MAX_FILE).map_err(|error| Failure::of_environment(&error))? {
        return parse(&bytes, &data.path().join(FILE));
    }
    let key = data_directory::random()?;
    let text = Zeroizing::new(format!("{}\n", *Zeroizing::new(URL_SAFE_NO_PAD.encode(key.as_slice()))));
    lock.create(FILE, text.as_bytes()).map_err(|error| Failure::of_environment(&error))?;
    tracing::info!(file = %data.path().join(FILE).display(), "key-encryption key made");
    Ok(key)
}

fn parse(bytes: &[u8], path: &Path) -> Result<Zeroizing<[u8; 32]>, Failure> {
    let key = std::str::from_utf8(bytes).ok().and_then(key_in);
    key.ok_or_else(|| malformed(&format!("`{}`", path.display())))
}

/// 32 bytes in base64url or in hexadecimal.
fn key_in(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let text = text.trim().trim_end_matches('=');
    let mut key = Zeroizing::new([0; 32]);
    match text.len() {
        64 => hex::decode_to_slice(text, key.as_mut_slice()).ok()?,
        43 => {
            let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.replace('+', "-").replace('/', "_")).ok()?);
            key.copy_from_slice(&bytes);
        }
        _ => return None,
    }
    Some(key)
}

fn malformed(what: &str) -> Failure {
    Failure::usage(
        "key_encryption_key_malformed",
        format!("{what} holds no key of 32 bytes"),
        "give 64 hexadecimal digits, or 43 characters of base64, such as `openssl rand -base64 32` prints",
    )
}
