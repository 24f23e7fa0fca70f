//! Sealing of keys that the store keeps: AES-256-GCM under one key of the operator's.
//!
//! The associated data says what a sealed key is and what it belongs to, so whoever writes the database cannot make it anything
//! else: another provider's key, one for another issuer or root, or an access key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use problem::Problem;
use std::borrow::Cow;
use zeroize::Zeroizing;

/// What a sealed key is, and what it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose<'a> {
    /// A key for access tokens, which is the service's own.
    AccessKey {
        kid: &'a str,
    },
    SigningKey(KeyBinding<'a>),
}

/// What a signing key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyBinding<'a> {
    pub(crate) kid: &'a str,
    /// The provider whose tokens it signs.
    pub(crate) provider: &'a str,
    /// The issuer in those tokens.
    pub(crate) issuer: &'a str,
    /// The root that evidence is judged by, as [`Anchors::root_sha256`](evidence::Anchors::root_sha256) names it.
    pub(crate) root_sha256: &'a [u8; 32],
}

/// The form in which earlier versions sealed signing keys: bound to the key id alone.
const UNBOUND: u8 = 1;

impl Purpose<'_> {
    /// For messages.
    const fn name(self) -> &'static str {
        match self {
            Self::AccessKey { .. } => "access key",
            Self::SigningKey(_) => "signing key",
        }
    }

    /// The first byte of what is sealed: what the associated data binds. Access keys have had theirs from the beginning.
    const fn form(self) -> u8 {
        match self {
            Self::AccessKey { .. } => 1,
            Self::SigningKey(_) => 2,
        }
    }

    /// What the key is and each thing that it belongs to, all with their lengths, so that no two are written alike.
    fn associated_data(self) -> Vec<u8> {
        let part = |text: &str| format!(" {} {text}", text.len());
        let name = part(self.name());
        match self {
            Self::AccessKey { kid } => format!("veritee{name}{}", part(kid)),
            Self::SigningKey(KeyBinding { kid, provider, issuer, root_sha256 }) => {
                let root = part(&hex::encode(root_sha256));
                format!("veritee{name}{}{}{}{root}", part(kid), part(provider), part(issuer))
            }
        }
        .into_bytes()
    }
}

/// Whether a signing key was sealed by an earlier version, which did not bind it to its provider. Such a key is not opened: it may
/// have been moved from another provider.
pub(crate) fn is_unbound_signing_key(sealed: &[u8]) -> bool {
    sealed.first() == Some(&UNBOUND)
}

/// The operator's key, ready for use. Its `Debug` shows nothing of it.
pub struct Vault(RandomizedNonceKey);

/// Why a key does not come out.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// It was sealed under another key, or as something else, or it was changed.
    #[error(
        "{0} does not open: it is sealed under another key-encryption key or for another provider, issuer or root, or damaged"
    )]
    Sealed(&'static str),
    /// The library did not seal.
    #[error("{0} cannot be sealed")]
    Seal(&'static str),
}

impl Problem for VaultError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Sealed(_) => "key_sealed".into(),
            Self::Seal(_) => "key_not_sealed".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Sealed(_) => "give the key-encryption key that it was sealed under".into(),
            Self::Seal(_) => "try again; if it fails again, the cryptographic library is broken".into(),
        }
    }
}

impl Vault {
    /// Of a key of 32 bytes.
    pub fn new(key: &[u8; 32]) -> Option<Self> {
        RandomizedNonceKey::new(&AES_256_GCM, key).ok().map(Self)
    }

    /// Seals a secret: form, nonce of 12 bytes, ciphertext, tag. It opens only for the same purpose.
    pub(crate) fn seal(&self, purpose: Purpose<'_>, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut body = Zeroizing::new(secret.to_vec());
        let nonce = self.0.seal_in_place_append_tag(Aad::from(purpose.associated_data()), &mut *body);
        let nonce = nonce.map_err(|_| VaultError::Seal(purpose.name()))?;
        Ok([&[purpose.form()][..], nonce.as_ref(), &body].concat())
    }

    /// Opens what [`Self::seal`] made for the same purpose.
    pub(crate) fn open(&self, purpose: Purpose<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let failed = || VaultError::Sealed(purpose.name());
        let (form, rest) = sealed.split_first().ok_or_else(failed)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
        if *form != purpose.form() {
            return Err(failed());
        }
        let mut body = Zeroizing::new(body.to_vec());
        let opened = self.0.open_in_place(nonce, Aad::from(purpose.associated_data()), &mut body);
        let opened = opened.map_err(|_| failed())?.len();
        body.truncate(opened);
        Ok(body)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: [u8; 32] = [7; 32];
    const BINDING: KeyBinding<'_> =
        KeyBinding { kid: "kid", provider: "one", issuer: "https://one", root_sha256: &ROOT };

    #[test]
    fn a_secret_opens_as_what_it_is_and_under_its_key() {
        let vault = Vault::new(&[1; 32]).unwrap();
        for purpose in [Purpose::SigningKey(BINDING), Purpose::AccessKey { kid: "kid" }] {
            let sealed = vault.seal(purpose, b"secret").unwrap();
            assert_ne!(sealed, vault.seal(purpose, b"secret").unwrap(), "each has a nonce of its own");
            assert!(!sealed.windows(6).any(|window| window == b"secret"));
            assert_eq!(**vault.open(purpose, &sealed).unwrap(), *b"secret");
            assert!(Vault::new(&[2; 32]).unwrap().open(purpose, &sealed).is_err());
            for at in 0..sealed.len() {
                let mut changed = sealed.clone();
                changed[at] ^= 1;
                assert!(vault.open(purpose, &changed).is_err(), "{at}");
                assert!(vault.open(purpose, &sealed[..at]).is_err(), "{at}");
            }
        }
    }

    #[test]
    fn a_sealed_key_is_nothing_else_than_what_it_was_sealed_as() {
        let vault = Vault::new(&[1; 32]).unwrap();
        let purposes = [
            Purpose::SigningKey(BINDING),
            Purpose::SigningKey(KeyBinding { kid: "other", ..BINDING }),
            Purpose::SigningKey(KeyBinding { provider: "two", ..BINDING }),
            Purpose::SigningKey(KeyBinding { issuer: "https://two", ..BINDING }),
            Purpose::SigningKey(KeyBinding { root_sha256: &[8; 32], ..BINDING }),
            // The same text, divided elsewhere.
            Purpose::SigningKey(KeyBinding { provider: "onehttps:", issuer: "//one", ..BINDING }),
            Purpose::AccessKey { kid: "kid" },
            Purpose::AccessKey { kid: "other" },
        ];
        for one in purposes {
            let sealed = vault.seal(one, b"secret").unwrap();
            for other in purposes {
                for form in [1, 2] {
                    let mut claimed = sealed.clone();
                    claimed[0] = form;
                    let opens = one == other && form == one.form();
                    assert_eq!(vault.open(other, &claimed).is_ok(), opens, "{one:?} as {other:?} in form {form}");
                }
            }
        }
    }

    #[test]
    fn an_access_key_of_an_earlier_version_opens() {
        let vault = Vault::new(&[1; 32]).unwrap();
        let mut body = b"secret".to_vec();
        let nonce = vault.0.seal_in_place_append_tag(Aad::from("veritee 10 access key 3 kid"), &mut body).unwrap();
        let sealed = [&[1][..], nonce.as_ref(), &body].concat();
        assert_eq!(**vault.open(Purpose::AccessKey { kid: "kid" }, &sealed).unwrap(), *b"secret");
    }
}
