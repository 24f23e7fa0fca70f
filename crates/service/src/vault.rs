//! Sealing of keys that the store keeps: AES-256-GCM under one key of the operator's.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

/// The first byte of what is sealed.
const VERSION: u8 = 1;

/// The operator's key, ready for use. Its `Debug` shows nothing of it.
pub struct Vault(RandomizedNonceKey);

/// Why a key does not come out.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// It was sealed under another key, for another purpose, or it was changed.
    #[error("{0} does not open: it is sealed under another key-encryption key, or damaged")]
    Sealed(&'static str),
    /// The library did not seal.
    #[error("{0} cannot be sealed")]
    Seal(&'static str),
}

impl Vault {
    /// Of a key of 32 bytes.
    pub fn new(key: &[u8; 32]) -> Option<Self> {
        RandomizedNonceKey::new(&AES_256_GCM, key).ok().map(Self)
    }

    /// Seals a secret: version, nonce of 12 bytes, ciphertext, tag. It opens only as what it is and for whom.
    pub(crate) fn seal(&self, what: &'static str, whom: &str, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut body = Zeroizing::new(secret.to_vec());
        let nonce = self.0.seal_in_place_append_tag(Aad::from(purpose(what, whom)), &mut *body);
        let nonce = nonce.map_err(|_| VaultError::Seal(what))?;
        Ok([&[VERSION][..], nonce.as_ref(), &body].concat())
    }

    /// Opens what [`Self::seal`] made of the same `what` and `whom`.
    pub(crate) fn open(&self, what: &'static str, whom: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let failed = || VaultError::Sealed(what);
        let (version, rest) = sealed.split_first().ok_or_else(failed)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
        if *version != VERSION {
            return Err(failed());
        }
        let mut body = Zeroizing::new(body.to_vec());
        let opened =
            self.0.open_in_place(nonce, Aad::from(purpose(what, whom)), &mut body).map_err(|_| failed())?.len();
        body.truncate(opened);
        Ok(body)
    }
}

/// What a secret is and whose, each with its length, so that no two are written alike.
fn purpose(what: &str, whom: &str) -> Vec<u8> {
    format!("veritee {} {what} {} {whom}", what.len(), whom.len()).into_bytes()
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_as_what_it_is_for_whom_it_is_and_under_its_key() {
        let vault = Vault::new(&[1; 32]).unwrap();
        let sealed = vault.seal("key", "one", b"secret").unwrap();
        assert_ne!(sealed, vault.seal("key", "one", b"secret").unwrap(), "each has a nonce of its own");
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_eq!(**vault.open("key", "one", &sealed).unwrap(), *b"secret");
        assert!(vault.open("key", "two", &sealed).is_err());
        assert!(vault.open("other", "one", &sealed).is_err());
        assert!(Vault::new(&[2; 32]).unwrap().open("key", "one", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.open("key", "one", &changed).is_err(), "{at}");
            assert!(vault.open("key", "one", &sealed[..at]).is_err(), "{at}");
        }
    }
}
