//! Key sets (RFC 7517): read from strangers, and written as Azure Attestation publishes them at `<iss>/certs`.

use std::borrow::Cow;

use problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::excerpt;
use crate::jwk::Jwk;
use crate::public_key_error::PublicKeyError;

/// The most keys a set may have when it is read.
pub const MAX_KEYS: usize = 64;

/// The longest set that is read, in bytes.
const MAX_LENGTH: usize = 1 << 20;

/// The deepest nesting in a set; ours has 4 levels.
const MAX_DEPTH: usize = 16;

/// Why bytes are not a key set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// Longer than 1 MiB.
    #[error("key set has {length} bytes, more than the {MAX_LENGTH} allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// Not strict JSON, or not an object with a list of objects in `keys`.
    #[error("key set is no JSON object with a list of `keys`")]
    Json(#[source] strict_json::Error),
    /// Every key lacks `x5c`, `kid` or `kty`.
    #[error("key set is no JSON object with `keys` of `x5c`, `kid` and `kty`")]
    NoCertifiedKey(#[source] serde_json::Error),
    /// More than [`MAX_KEYS`].
    #[error("key set has {count} keys, more than the {MAX_KEYS} allowed")]
    TooManyKeys {
        /// How many it has.
        count: usize,
    },
}

impl Problem for JwksError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::TooLong { .. } => "jwks_too_long",
            Self::Json(_) => "jwks_json",
            Self::NoCertifiedKey(_) => "jwks_no_certified_key",
            Self::TooManyKeys { .. } => "jwks_too_many_keys",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::TooLong { .. } | Self::TooManyKeys { .. } | Self::Json(_) => {
                "check that the address is that of the issuer's key set"
            }
            Self::NoCertifiedKey(_) => "fetch the key set of an attestation service, `<issuer>/certs`, unchanged",
        }
        .into()
    }
}

/// An entry of a set that cannot be read, and so cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
struct UnreadableKey {
    kid: String,
    why: String,
}

/// A set of keys; serialises to `{"keys":[{"x5c":[…],"kid":…,"kty":"RSA"}]}` in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwks {
    keys: Vec<Jwk>,
    #[serde(skip)]
    unreadable: Vec<UnreadableKey>,
}

impl Jwks {
    /// Makes a set of keys of our own.
    pub fn new(keys: Vec<Jwk>) -> Self {
        Self { keys, unreadable: Vec::new() }
    }

    /// Reads a set whose keys are in certificates, as attestation services publish it. Whether a key verifies tokens is found
    /// out when it is used; one that cannot does not keep others from it.
    ///
    /// # Errors
    /// [`JwksError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, JwksError> {
        let (set, first_error) = Self::read(bytes, |entry| Jwk::deserialize(Value::Object(entry)))?;
        match first_error {
            Some(error) if set.keys.is_empty() => Err(JwksError::NoCertifiedKey(error)),
            _ => Ok(set),
        }
    }

    /// Reads a set whose keys are bare numbers, as issuers of OpenID Connect publish it; certificates may accompany them. Keys that
    /// cannot be read are left out.
    ///
    /// # Errors
    /// [`JwksError::TooLong`], [`JwksError::Json`] and [`JwksError::TooManyKeys`].
    pub fn parse_bare(bytes: &[u8]) -> Result<Self, JwksError> {
        Self::read(bytes, Jwk::read_bare).map(|(set, _)| set)
    }

    /// Reads a set; also returns why the first entry that cannot be read cannot.
    fn read(
        bytes: &[u8],
        read: impl Fn(Map<String, Value>) -> Result<Jwk, serde_json::Error>,
    ) -> Result<(Self, Option<serde_json::Error>), JwksError> {
        #[derive(Deserialize)]
        struct Unread {
            keys: Vec<Map<String, Value>>,
        }
        if bytes.len() > MAX_LENGTH {
            return Err(JwksError::TooLong { length: bytes.len() });
        }
        let Unread { keys: entries } = strict_json::from_slice(bytes, MAX_DEPTH).map_err(JwksError::Json)?;
        if entries.len() > MAX_KEYS {
            return Err(JwksError::TooManyKeys { count: entries.len() });
        }
        let (mut keys, mut unreadable, mut first_error) = (Vec::new(), Vec::new(), None);
        for entry in entries {
            let kid = entry.get("kid").and_then(Value::as_str).map(str::to_owned);
            match read(entry) {
                Ok(key) => keys.push(key),
                Err(error) => {
                    unreadable.extend(kid.map(|kid| UnreadableKey { kid, why: excerpt(&error.to_string()) }));
                    first_error.get_or_insert(error);
                }
            }
        }
        Ok((Self { keys, unreadable }, first_error))
    }

    /// Returns why the entry of that id cannot be used, where there is one that cannot be read.
    pub fn unreadable(&self, kid: &str) -> Option<PublicKeyError> {
        let entry = self.unreadable.iter().find(|entry| entry.kid == kid)?;
        Some(PublicKeyError::Entry(entry.why.clone()))
    }

    /// The ids of the entries that cannot be read, where they have one.
    pub fn unreadable_ids(&self) -> impl Iterator<Item = &str> {
        self.unreadable.iter().map(|entry| entry.kid.as_str())
    }

    /// The keys, in the order of the set.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }
}
