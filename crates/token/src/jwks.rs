//! The set of token signing keys (RFC 7517) as Azure Attestation publishes it at `<iss>/certs`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::algorithm::TokenAlgorithm;
use crate::public_key::certificate_algorithm;

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
    /// No strict JSON, or a key lacks `x5c`, `kid` or `kty`.
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

/// One key: its certificates, its id, its kind. Members unknown here are ignored when it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    x5c: Vec<String>,
    kid: String,
    kty: String,
}

impl Jwk {
    /// The entry of a key with one certificate in DER.
    pub fn new(kid: &str, certificate: &[u8]) -> Self {
        let kty = certificate_algorithm(certificate).unwrap_or(TokenAlgorithm::Rs256).key_type();
        Self { x5c: vec![STANDARD.encode(certificate)], kid: kid.to_owned(), kty: kty.to_owned() }
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
}

/// A set of keys; serialises to `{"keys":[{"x5c":[…],"kid":…,"kty":"RSA"}]}` in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwks {
    keys: Vec<Jwk>,
}

impl Jwks {
    /// A set of keys of our own.
    pub fn new(keys: Vec<Jwk>) -> Self {
        Self { keys }
    }

    /// Reads a set; whether its certificates hold keys that verify is found out when one is used.
    ///
    /// # Errors
    /// [`JwksError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, JwksError> {
        // Not a `Deserialize` of `Jwks`: nobody shall read one without the bounds.
        #[derive(Deserialize)]
        struct Unbounded {
            keys: Vec<Jwk>,
        }
        if bytes.len() > MAX_LENGTH {
            return Err(JwksError::TooLong { length: bytes.len() });
        }
        let Unbounded { keys } = strict_json::from_slice(bytes, MAX_DEPTH).map_err(JwksError::Json)?;
        if keys.len() > MAX_KEYS {
            return Err(JwksError::TooManyKeys { count: keys.len() });
        }
        Ok(Self { keys })
    }

    /// The keys, in the order of the set.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }
}
