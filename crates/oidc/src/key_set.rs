//! An issuer's key set: bare public keys, in contrast to the certificates of attestation services.

use std::sync::Arc;

use jose::{Algorithm, BareKey, Jwks, JwksError, PublicKey, PublicKeyError};
use unix_time::UnixTime;

use crate::algorithm::ALLOWED;
use crate::error::BearerError;
use crate::{SKEW_SECONDS, excerpt};

/// Bytes of a key's id.
const MAX_KID: usize = 256;

/// The keys of an issuer that verify tokens of the algorithms we read. Of the others in its set only the reason is kept, for the
/// message to whoever sends a token that names one (RFC 7517, section 5).
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<(String, BareKey)>,
    unusable: Vec<(String, Unusable)>,
}

/// Equal are sets with the same usable keys.
impl PartialEq for KeySet {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl Eq for KeySet {}

/// Why a key cannot be used; shared, because every token that names the key is refused with it.
type Unusable = Arc<PublicKeyError>;

impl KeySet {
    /// Reads a set.
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

    /// How many keys can be used.
    pub fn usable(&self) -> usize {
        self.keys.len()
    }

    /// Whether a key of that id is there.
    pub fn has(&self, kid: &str) -> bool {
        self.keys.iter().any(|(id, _)| id == kid)
    }

    /// The one key of that id, where it verifies signatures of that algorithm at the time `at`.
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
