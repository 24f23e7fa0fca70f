//! The key that signing keys are sealed under in the store: from a file, from the environment, or made on the first start.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use service::Vault;
use zeroize::Zeroizing;

use crate::failure::{self, Failure};

/// In the data directory, where nothing else is said.
const FILE: &str = "key-encryption-key";
const VARIABLE: &str = "VERITEE_KEY_ENCRYPTION_KEY";
const MAX_FILE: u64 = 1 << 10;

/// The vault: a file goes before the environment, and the environment before a key of our own making.
pub fn open(file: Option<&Path>, data: &Path) -> Result<Vault, Failure> {
    let own = data.join(FILE);
    let key = match (file, std::env::var(VARIABLE).ok().map(Zeroizing::new)) {
        (Some(path), _) => read(path)?,
        (None, Some(text)) => key_in(&text).ok_or_else(|| malformed(&format!("environment variable {VARIABLE}")))?,
        (None, None) if own.exists() => read(&own)?,
        (None, None) => make(&own)?,
    };
    Vault::new(&key).ok_or_else(|| Failure::environment("vault", "no vault can be made of the key", ""))
}

fn read(path: &Path) -> Result<Zeroizing<[u8; 32]>, Failure> {
    let bytes = Zeroizing::new(failure::read_file(path, MAX_FILE).map_err(Failure::or_usage)?);
    let key = std::str::from_utf8(&bytes).ok().and_then(key_in);
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

fn make(path: &Path) -> Result<Zeroizing<[u8; 32]>, Failure> {
    let mut key = Zeroizing::new([0; 32]);
    rand::fill(key.as_mut_slice())
        .map_err(|_| Failure::environment("random", "no random key could be made", "try again"))?;
    let unwritable = |error: std::io::Error| {
        let message = format!("cannot write `{}`: {error}", path.display());
        Failure::environment("key_encryption_key_unwritable", message, "check the permissions of the data directory")
    };
    // The file appears whole or not at all.
    let new = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(unwritable)?;
    let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.as_slice()));
    writeln!(file, "{}", *text).and_then(|()| file.sync_all()).map_err(unwritable)?;
    fs::rename(&new, path).map_err(unwritable)?;
    tracing::info!(file = %path.display(), "key-encryption key made");
    Ok(key)
}
