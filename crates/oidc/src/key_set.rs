//! An issuer's key set: public keys as numbers, where attestation services publish certificates.

use std::sync::Arc;

use jose::{Algorithm, BareKey, Jwks, JwksError, PublicKey, PublicKeyError};
use unix_time::UnixTime;

use crate::algorithm::ALLOWED;
use crate::error::BearerError;
use crate::{SKEW_SECONDS, excerpt};

/// The maximum length of a key's id, in bytes.
const MAX_KID: usize = 256;

/// The keys of an issuer that can verify bearer tokens (RFC 7517, section 5).
///
/// For a key that cannot be used the set keeps the reason, for the error when a token names that key.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<(String, BareKey)>,
    unusable: Vec<(String, Unusable)>,
}

/// Two sets are equal if they have the same usable keys.
impl PartialEq for KeySet {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl Eq for KeySet {}

/// Why a key cannot be used; shared by the errors of all tokens that name the key.
type Unusable = Arc<PublicKeyError>;

impl KeySet {
    /// Reads a key set.
    ///
    /// # Errors
    /// [`JwksError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, JwksError> {
        let set = Jwks::parse_bare(bytes)?;
        let is_short = |kid: &&str| kid.len() <= MAX_KID;
        let (mut keys, mut unusable) = (Vec::new(), Vec::new());
        for key in set.keys().iter().filter(|key| is_short(&key.kid())) {
            match key.bare_key(ALLOWED) {
                Ok(bare) => keys.push((key.kid().to_owned(), bare)),
                Err(why) => unusable.push((key.kid().to_owned(), Arc::new(why))),
            }
        }
        for kid in set.unreadable_ids().filter(is_short) {
            unusable.extend(set.unreadable(kid).map(|why| (kid.to_owned(), Arc::new(why))));
        }
        Ok(Self { keys, unusable })
    }

    /// Returns the number of usable keys.
    pub fn usable(&self) -> usize {
        self.keys.len()
    }

    /// Returns whether the set has a usable key with that id.
    pub fn has(&self, kid: &str) -> bool {
        self.keys.iter().any(|(id, _)| id == kid)
    }

    /// Returns the one key with that id, if it verifies signatures of that algorithm at the time `at`.
    pub(crate) fn find(&self, kid: &str, algorithm: Algorithm, at: UnixTime) -> Result<&PublicKey, BearerError> {
        let unusable = |source| BearerError::UnusableKey { kid: excerpt(kid), source };
        let mut named = self.keys.iter().filter(|(id, _)| id == kid);
        let key = match (named.next(), named.next()) {
            (Some((_, key)), None) => key,
            (None, _) => {
                return Err(match self.unusable.iter().find(|(unusable, _)| unusable == kid) {
                    Some((_, why)) => unusable(Arc::clone(why)),
                    None => BearerError::UnknownKey { kid: excerpt(kid) },
                });
            }
            (Some(_), Some(_)) => return Err(BearerError::AmbiguousKey { kid: excerpt(kid) }),
        };
        let other_kind = || BearerError::KeyKind { kid: excerpt(kid), alg: algorithm.name() };
        if !key.is_for(algorithm) {
            return Err(other_kind());
        }
        key.check_validity(at, SKEW_SECONDS).map_err(|why| unusable(Arc::new(why)))?;
        if key.key().kind() == algorithm.key_kind() { Ok(key.key()) } else { Err(other_kind()) }
    }
}
