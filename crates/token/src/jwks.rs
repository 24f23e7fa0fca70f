//! The set of token signing keys (RFC 7517) as Azure Attestation publishes it at `<iss>/certs`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::algorithm::TokenAlgorithm;
use crate::certified_key::{CertifiedKey, KeyNumbers};
use crate::excerpt::excerpt;
use crate::key_use::KeyUse;
use crate::public_key::{PublicKeyError, certificate_algorithm};

/// The most keys a set may have when it is read.
pub const MAX_KEYS: usize = 64;

/// The longest set that is read, in bytes.
const MAX_LENGTH: usize = 1 << 20;

/// The deepest nesting in a set; ours has 4 levels.
const MAX_DEPTH: usize = 16;

/// Why bytes are no set of token signing keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// Longer than 1 MiB.
    #[error("key set has {length} bytes, more than the {MAX_LENGTH} allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// No strict JSON, or every key lacks `x5c`, `kid` or `kty`.
    #[error("key set is no JSON object with `keys` of `x5c`, `kid` and `kty`")]
    Json(#[source] strict_json::Error),
    /// More than [`MAX_KEYS`].
    #[error("key set has {count} keys, more than the {MAX_KEYS} allowed")]
    TooManyKeys {
        /// How many it has.
        count: usize,
    },
}

impl JwksError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "jwks_too_long",
            Self::Json(_) => "jwks_json",
            Self::TooManyKeys { .. } => "jwks_too_many_keys",
        }
    }

    /// What the reader can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::TooLong { .. } | Self::TooManyKeys { .. } => {
                "check that the address is that of an attestation service"
            }
            Self::Json(_) => "fetch the key set of an attestation service, `<issuer>/certs`, unchanged",
        }
    }
}

/// One key: its certificates, its id, its kind. When it is read, what it states about its use and its numbers is kept too, and
/// members unknown here are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    x5c: Vec<String>,
    kid: String,
    kty: String,
    #[serde(flatten, skip_serializing)]
    key_use: KeyUse,
    #[serde(flatten, skip_serializing)]
    numbers: KeyNumbers,
}

impl Jwk {
    /// The entry of a key with one certificate in DER.
    pub fn new(kid: &str, certificate: &[u8]) -> Self {
        let kty = certificate_algorithm(certificate).unwrap_or(TokenAlgorithm::Rs256).key_type();
        let (kid, kty) = (kid.to_owned(), kty.to_owned());
        Self {
            x5c: vec![STANDARD.encode(certificate)],
            kid,
            kty,
            key_use: KeyUse::default(),
            numbers: KeyNumbers::default(),
        }
    }

    /// Certificates in padded base64 of DER; the first holds the key.
    pub fn x5c(&self) -> &[String] {
        &self.x5c
    }

    /// The key's id, compared exactly.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The kind of the key: `RSA` and `EC` verify tokens.
    pub fn kty(&self) -> &str {
        &self.kty
    }

    /// Whether nothing that the entry states forbids to verify signatures of that algorithm with its key.
    pub(crate) fn is_for(&self, algorithm: TokenAlgorithm) -> bool {
        self.kty == algorithm.key_type()
            && self.key_use.check_verifies().is_ok()
            && self.key_use.check_algorithm(algorithm.name()).is_ok()
    }

    /// The key for that algorithm, in the first certificate.
    ///
    /// 1. `use`, where it is given, is `sig`.
    /// 2. `key_ops`, where it is given, includes `verify`.
    /// 3. `alg`, where it is given, is the algorithm.
    /// 4. The certificate holds a key of the algorithm's kind, RSA of 2048 to 4096 bits or P-256.
    /// 5. `n` and `e`, or `crv`, `x` and `y`, where they are given, are those of that key.
    ///
    /// # Errors
    /// [`PublicKeyError`], for the first step that fails.
    pub(crate) fn certified_key(&self, algorithm: TokenAlgorithm) -> Result<CertifiedKey, PublicKeyError> {
        self.key_use.check_verifies()?;
        self.key_use.check_algorithm(algorithm.name())?;
        let certified = CertifiedKey::from_x5c(&self.x5c, algorithm)?;
        self.numbers.check(&certified.key)?;
        Ok(certified)
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
    /// A set of keys of our own.
    pub fn new(keys: Vec<Jwk>) -> Self {
        Self { keys, unreadable: Vec::new() }
    }

    /// Reads a set. Whether a key verifies tokens is found out when it is used; one that cannot does not keep others from it.
    ///
    /// # Errors
    /// [`JwksError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, JwksError> {
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
            match Jwk::deserialize(Value::Object(entry)) {
                Ok(key) => keys.push(key),
                Err(error) => {
                    unreadable.extend(kid.map(|kid| UnreadableKey { kid, why: excerpt(&error.to_string()) }));
                    first_error.get_or_insert(error);
                }
            }
        }
        match first_error {
            Some(error) if keys.is_empty() => Err(JwksError::Json(strict_json::Error::Content(error))),
            _ => Ok(Self { keys, unreadable }),
        }
    }

    /// Why the entry of that id cannot be used, where there is one that cannot be read.
    pub(crate) fn unreadable(&self, kid: &str) -> Option<PublicKeyError> {
        let entry = self.unreadable.iter().find(|entry| entry.kid == kid)?;
        Some(PublicKeyError::Entry(entry.why.clone()))
    }

    /// The keys, in the order of the set.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }
}
