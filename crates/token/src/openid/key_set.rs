//! An issuer's key set (RFC 7517): bare public keys, in contrast to the certificates of attestation services.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::algorithm::SignatureAlgorithm;
use super::error::BearerError;
use super::verify::SKEW_SECONDS;
use crate::certified_key::{CertificateValidity, first_certificate};
use crate::excerpt::excerpt;
use crate::jwks::MAX_KEYS;
use crate::key_use::{KeyUse, KeyUseError, shown};
use crate::public_key::{PublicKey, PublicKeyError, algorithm_of};

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

/// The keys of an issuer that verify tokens of the algorithms we read. Of the others in its set only the reason is kept, for the
/// message to whoever sends a token that names one (RFC 7517, section 5).
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    unusable: Vec<(String, Unusable)>,
}

/// Equal are sets with the same usable keys.
impl PartialEq for KeySet {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl Eq for KeySet {}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    kid: String,
    /// The only algorithm it is for, if the issuer says so.
    algorithm: Option<SignatureAlgorithm>,
    key: PublicKey,
    /// Of the certificate that the issuer publishes with it.
    validity: Option<CertificateValidity>,
}

/// Why a key cannot be used; shared, because every token that names the key is refused with it.
type Unusable = Arc<PublicKeyError>;

/// The members of a key that are read (RFC 7517, section 4; RFC 7518, sections 6.2.1 and 6.3.1). What else it has, addresses of
/// certificates included, says nothing here.
#[derive(Deserialize)]
struct Entry {
    kid: String,
    kty: String,
    #[serde(flatten)]
    key_use: KeyUse,
    x5c: Option<Value>,
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
        let (mut usable, mut unusable) = (Vec::new(), Vec::new());
        for entry in keys {
            let kid = entry.get("kid").and_then(Value::as_str).filter(|kid| kid.len() <= MAX_KID).map(str::to_owned);
            let Some(kid) = kid else { continue };
            match Key::of(entry) {
                Ok(key) => usable.push(key),
                Err(why) => unusable.push((kid, Arc::new(why))),
            }
        }
        Ok(Self { keys: usable, unusable })
    }

    /// How many keys can be used.
    pub fn usable(&self) -> usize {
        self.keys.len()
    }

    /// Whether a key of that id is there.
    pub fn has(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid == kid)
    }

    /// The one key of that id, where it verifies signatures of that algorithm at the time `at`.
    pub(super) fn find(&self, kid: &str, algorithm: SignatureAlgorithm, at: i64) -> Result<&PublicKey, BearerError> {
        let unusable = |source| BearerError::UnusableKey { kid: excerpt(kid), source };
        let mut named = self.keys.iter().filter(|key| key.kid == kid);
        let key = match (named.next(), named.next()) {
            (Some(key), None) => key,
            (None, _) => {
                return Err(match self.unusable.iter().find(|(unusable, _)| unusable == kid) {
                    Some((_, why)) => unusable(Arc::clone(why)),
                    None => BearerError::UnknownKey { kid: excerpt(kid) },
                });
            }
            (Some(_), Some(_)) => return Err(BearerError::AmbiguousKey { kid: excerpt(kid) }),
        };
        if key.algorithm.is_some_and(|only| only != algorithm) {
            return Err(BearerError::KeyKind { kid: excerpt(kid), alg: algorithm.name() });
        }
        if let Some(validity) = key.validity {
            validity.check(at, SKEW_SECONDS).map_err(|why| unusable(Arc::new(why)))?;
        }
        Ok(&key.key)
    }
}

impl Key {
    /// The key of an entry, where it is one that verifies signatures, of a kind and for an algorithm that we read.
    ///
    /// 1. `use`, where it is given, is `sig`.
    /// 2. `key_ops`, where it is given, includes `verify`.
    /// 3. `alg`, where it is given, is one of ours.
    /// 4. It is an RSA key of 2048 to 4096 bits, or a point on P-256.
    /// 5. The first certificate of `x5c`, where there is one that can be read, holds the same key. Its validity is checked
    ///    when the key is used.
    fn of(entry: Map<String, Value>) -> Result<Self, PublicKeyError> {
        let entry = Entry::deserialize(Value::Object(entry)).map_err(|error| unreadable(&error.to_string()))?;
        entry.key_use.check_verifies()?;
        let algorithm = entry.key_use.algorithm().map(named).transpose()?;
        let key = match (entry.kty.as_str(), entry.crv.as_deref()) {
            ("RSA", _) => {
                PublicKey::from_rsa_numbers(&number("n", entry.n.as_deref())?, &number("e", entry.e.as_deref())?)?
            }
            ("EC", Some("P-256")) => {
                let (x, y) = (number("x", entry.x.as_deref())?, number("y", entry.y.as_deref())?);
                let point = PublicKey::from_p256_coordinates(&x, &y);
                point.ok_or_else(|| unreadable("a coordinate has not 32 bytes"))?
            }
            (kty, crv) => {
                return Err(unreadable(&format!("`kty` is `{kty}`, `crv` is `{}`", crv.unwrap_or("not given"))));
            }
        };
        let certificate = entry.x5c.as_ref().and_then(|x5c| first_certificate(x5c.get(0)?.as_str()).ok());
        if let Some(certificate) = &certificate {
            let certified =
                algorithm_of(certificate).and_then(|kind| PublicKey::of_certificate(certificate, kind).ok());
            if certified.as_ref() != Some(&key) {
                return Err(PublicKeyError::OtherKey { member: if entry.kty == "RSA" { "n" } else { "x" } });
            }
        }
        let validity = certificate.as_ref().map(CertificateValidity::of);
        Ok(Self { kid: entry.kid, algorithm, key, validity })
    }
}

/// The algorithm that an entry's `alg` names.
fn named(alg: &Value) -> Result<SignatureAlgorithm, PublicKeyError> {
    let algorithm = alg.as_str().and_then(SignatureAlgorithm::from_name);
    let expected = || "RS256, PS256 or ES256".to_owned();
    algorithm.ok_or_else(|| KeyUseError::Algorithm { found: shown(alg), expected: expected() }.into())
}

fn number(member: &str, text: Option<&str>) -> Result<Vec<u8>, PublicKeyError> {
    let text = text.ok_or_else(|| unreadable(&format!("`{member}` is missing")))?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| unreadable(&format!("`{member}` is not base64url")))
}

fn unreadable(why: &str) -> PublicKeyError {
    PublicKeyError::Entry(excerpt(why))
}
