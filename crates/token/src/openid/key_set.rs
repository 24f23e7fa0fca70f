//! An issuer's key set (RFC 7517): bare public keys, in contrast to the certificates of attestation services.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::algorithm::SignatureAlgorithm;
use super::error::BearerError;
use crate::excerpt::excerpt;
use crate::jwks::MAX_KEYS;
use crate::public_key::PublicKey;

/// The longest set that is read, in bytes.
const MAX_LENGTH: usize = 1 << 20;
/// The deepest nesting in a set; keys need 4 levels.
const MAX_DEPTH: usize = 16;
/// Bytes of a key's id.
const MAX_KID: usize = 256;

/// Why bytes are no key set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// Longer than 1 MiB.
    #[error("key set has {length} bytes, more than the {MAX_LENGTH} allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// No strict JSON object with a list of objects in `keys`.
    #[error("key set is no JSON object with a list of `keys`")]
    Json(#[source] strict_json::Error),
    /// More than [`MAX_KEYS`].
    #[error("key set has {count} keys, more than the {MAX_KEYS} allowed")]
    TooManyKeys {
        /// How many it has.
        count: usize,
    },
}

impl KeySetError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "key_set_too_long",
            Self::Json(_) => "key_set_json",
            Self::TooManyKeys { .. } => "key_set_too_many_keys",
        }
    }

    /// What the operator can do about it.
    pub fn help(&self) -> &'static str {
        "check that the address is that of the issuer's key set"
    }
}

/// The keys of an issuer that sign tokens as we read them; others in its set are left out (RFC 7517, section 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    kid: String,
    /// The only algorithm it is for, if the issuer says so.
    algorithm: Option<SignatureAlgorithm>,
    key: PublicKey,
}

/// The members of a key that are read (RFC 7517, section 4; RFC 7518, sections 6.2.1 and 6.3.1). What else it has, certificates
/// and addresses included, says nothing here.
#[derive(Deserialize)]
struct Entry {
    kid: String,
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a set.
    ///
    /// # Errors
    /// [`KeySetError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KeySetError> {
        #[derive(Deserialize)]
        struct Unread {
            keys: Vec<Map<String, Value>>,
        }
        if bytes.len() > MAX_LENGTH {
            return Err(KeySetError::TooLong { length: bytes.len() });
        }
        let Unread { keys } = strict_json::from_slice(bytes, MAX_DEPTH).map_err(KeySetError::Json)?;
        if keys.len() > MAX_KEYS {
            return Err(KeySetError::TooManyKeys { count: keys.len() });
        }
        let entries = keys.into_iter().filter_map(|key| Entry::deserialize(Value::Object(key)).ok());
        Ok(Self { keys: entries.filter_map(Entry::usable).collect() })
    }

    /// How many keys can be used.
    pub fn usable(&self) -> usize {
        self.keys.len()
    }

    /// Whether a key of that id is there.
    pub fn has(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid == kid)
    }

    /// The one key of that id, where it signs with that algorithm.
    pub(super) fn find(&self, kid: &str, algorithm: SignatureAlgorithm) -> Result<&PublicKey, BearerError> {
        let mut named = self.keys.iter().filter(|key| key.kid == kid);
        let key = match (named.next(), named.next()) {
            (Some(key), None) => key,
            (None, _) => return Err(BearerError::UnknownKey { kid: excerpt(kid) }),
            (Some(_), Some(_)) => return Err(BearerError::AmbiguousKey { kid: excerpt(kid) }),
        };
        if key.algorithm.is_some_and(|only| only != algorithm) {
            return Err(BearerError::KeyKind { kid: excerpt(kid), alg: algorithm.name() });
        }
        Ok(&key.key)
    }
}

impl Entry {
    /// The key, where it is one that signs, of a kind and for an algorithm that we read.
    fn usable(self) -> Option<Key> {
        let algorithm = match self.alg.as_deref() {
            None => None,
            Some(name) => Some(SignatureAlgorithm::from_name(name)?),
        };
        let signs = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|one| one == "verify"));
        if !signs || self.kid.len() > MAX_KID {
            return None;
        }
        let key = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => PublicKey::from_rsa_numbers(&number(self.n)?, &number(self.e)?).ok()?,
            ("EC", Some("P-256")) => PublicKey::from_p256_coordinates(&number(self.x)?, &number(self.y)?)?,
            _ => return None,
        };
        Some(Key { kid: self.kid, algorithm, key })
    }
}

fn number(text: Option<String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}
