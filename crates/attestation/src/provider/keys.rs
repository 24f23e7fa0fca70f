//! The keys that sign a provider's tokens: which one signs when, and which are published.
//!
//! A key is published before it signs, so that relying parties know it in time, and for as long after as a token that it signed
//! can be valid.

mod certificate;
mod make;

use problem::Problem;
use std::borrow::Cow;
use std::sync::Arc;

use jose::{Jwk, Jwks};
use token::{SigningKey, TokenAlgorithm};
use unix_time::UnixTime;

use crate::vault::{KeyBinding, Purpose, Vault, VaultError, is_unbound_signing_key};

pub use certificate::{CertificateError, signing_certificate};
pub use make::Quoter;
pub(crate) use make::make;

/// Seconds for which a key is published beyond the last token, for relying parties with slow clocks.
const SLACK: i64 = 300;
/// Keys of a provider that are published at once.
pub(crate) const MAX_KEYS: usize = 16;

/// The keys of one provider for one issuer, those that sign last first; at least one.
#[derive(Clone, Debug)]
pub(crate) struct Keys(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    signing: Arc<SigningKey>,
    published: Jwk,
    created_at: i64,
    signs_from: i64,
}

/// Why a provider has no key.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The key cannot be made or read.
    #[error("signing key cannot be made or read")]
    Key(#[from] jose::KeyError),
    /// It does not come out of the store.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// What is published would not be the key that signs.
    #[error("certificate of the signing key `{0}` does not hold that key")]
    OtherCertificate(String),
    /// Its certificate cannot be made.
    #[error("signing certificate cannot be made")]
    Certificate(#[from] CertificateError),
    /// The machine does not say anything about the key.
    #[error("the machine makes no quote about the signing key: {0}")]
    Quote(String),
    /// None was made for this issuer and algorithm.
    #[error("there is no {algorithm} signing key for `{issuer}`")]
    Missing {
        /// The algorithm.
        algorithm: &'static str,
        /// The issuer.
        issuer: String,
    },
    /// It broke off.
    #[error("making a signing key broke off")]
    Interrupted,
}

impl Problem for KeysError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Key(error) => error.code(),
            Self::Vault(error) => error.code(),
            Self::OtherCertificate(_) => "signing_certificate_of_another_key".into(),
            Self::Certificate(error) => error.code(),
            Self::Quote(_) => "signing_key_not_quoted".into(),
            Self::Missing { .. } => "signing_key_missing".into(),
            Self::Interrupted => "signing_key_interrupted".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Key(_) | Self::Certificate(_) | Self::OtherCertificate(_) => {
                "rotate the signing keys: veritee provider rotate-keys".into()
            }
            Self::Vault(error) => error.help(),
            Self::Quote(_) => "check the machine's quoting enclave".into(),
            Self::Missing { .. } => "rotate the signing keys: veritee provider rotate-keys".into(),
            Self::Interrupted => "try again".into(),
        }
    }
}

/// Whose keys are read: what each has to be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner<'a> {
    pub(crate) provider: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) root_sha256: &'a [u8; 32],
}

impl<'a> Owner<'a> {
    pub(super) const fn binding(self, kid: &'a str) -> Purpose<'a> {
        let Self { provider, issuer, root_sha256 } = self;
        Purpose::SigningKey(KeyBinding { kid, provider, issuer, root_sha256 })
    }
}

/// Whether a row has a key for that issuer that can be opened at all.
pub(crate) fn is_for(row: &store::SigningKey, issuer: &str) -> bool {
    row.issuer == issuer && !is_unbound_signing_key(&row.sealed)
}

impl Keys {
    /// Reads those of `rows` that are for this owner's issuer and were not withdrawn. What is among `known`, keys of the same
    /// owner, is not opened again.
    ///
    /// A key is opened as that of this owner alone, and what is published is the certificate of that very key.
    pub(crate) fn of(
        rows: &[store::SigningKey],
        withdrawn: &[store::WithdrawnKey],
        owner: Owner<'_>,
        algorithm: TokenAlgorithm,
        vault: &Vault,
        known: Option<&Self>,
    ) -> Result<Self, KeysError> {
        let is_withdrawn = |row: &store::SigningKey| withdrawn.iter().any(|key| key.kid == row.kid);
        let mut keys = Vec::new();
        for row in rows.iter().filter(|row| is_for(row, owner.issuer) && !is_withdrawn(row)) {
            let known = known.and_then(|keys| keys.0.iter().find(|key| key.signing.kid() == row.kid));
            let signing = match known {
                Some(key) => Arc::clone(&key.signing),
                None => Arc::new(SigningKey::from_pkcs8(&vault.open(owner.binding(&row.kid), &row.sealed)?)?),
            };
            if signing.kid() != row.kid || !signing.is_in_certificate(&row.certificate) {
                return Err(KeysError::OtherCertificate(row.kid.clone()));
            }
            let published = Jwk::new(&row.kid, &row.certificate);
            keys.push(Key {
                signing,
                published,
                created_at: row.created_at.seconds(),
                signs_from: row.signs_from.seconds(),
            });
        }
        keys.sort_by_key(|key| std::cmp::Reverse(key.signs_from));
        if keys.iter().any(|key| key.signing.algorithm() == algorithm) {
            Ok(Self(keys))
        } else {
            Err(KeysError::Missing { algorithm: algorithm.name(), issuer: owner.issuer.to_owned() })
        }
    }

    /// Whether a key of that id is among them.
    pub(crate) fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.signing.kid() == kid)
    }

    /// The key that signs at that time: the last whose time has come, or the first there is.
    pub(crate) fn signing(&self, now: UnixTime) -> Option<&SigningKey> {
        self.signing_entry(now).map(|key| &*key.signing)
    }

    fn signing_entry(&self, now: UnixTime) -> Option<&Key> {
        self.0.iter().find(|key| key.signs_from <= now.seconds()).or(self.0.last())
    }

    /// The keys that are published at that time, the one that signs first: all but those whose tokens have expired. `lifetime`
    /// is the longest that a token of the provider was ever valid, in seconds.
    pub(crate) fn published(&self, now: UnixTime, lifetime: i64) -> Jwks {
        let signing = self.signing_entry(now).map(|key| key.signing.kid());
        let mut entries: Vec<&Key> = self.0.iter().filter(|key| !self.is_over(key, now, lifetime)).collect();
        entries.sort_by_key(|key| Some(key.signing.kid()) != signing);
        Jwks::new(entries.into_iter().map(|key| key.published.clone()).collect())
    }

    /// The ids of the keys whose tokens have expired.
    pub(crate) fn over(&self, now: UnixTime, lifetime: i64) -> Vec<String> {
        let over = self.0.iter().filter(|key| self.is_over(key, now, lifetime));
        over.map(|key| key.signing.kid().to_owned()).collect()
    }

    /// Whether the last token of that key has expired: its successor has signed for that long.
    fn is_over(&self, key: &Key, now: UnixTime, lifetime: i64) -> bool {
        let successors = self.0.iter().filter(|other| other.signs_from > key.signs_from);
        let successor = successors.map(|other| other.signs_from).min();
        successor.is_some_and(|from| from.saturating_add(lifetime).saturating_add(SLACK) < now.seconds())
    }

    /// When the last key was made.
    pub(crate) fn newest_made_at(&self) -> i64 {
        self.0.iter().map(|key| key.created_at).max().unwrap_or_default()
    }

    /// Whether a key is published that does not sign yet.
    pub(crate) fn has_coming(&self, now: UnixTime) -> bool {
        self.0.iter().any(|key| key.signs_from > now.seconds())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Each key's id with the time from which on it signs, those that sign last first.
    pub(crate) fn schedule(&self) -> Vec<(&str, UnixTime)> {
        self.0.iter().map(|key| (key.signing.kid(), UnixTime::from_seconds(key.signs_from))).collect()
    }
}

#[cfg(test)]
mod tests {
    use unix_time::ValidityPeriod;

    use super::*;

    const VALIDITY: ValidityPeriod = ValidityPeriod { from: UnixTime::EPOCH, until: UnixTime::from_seconds(1) };
    const ONE: Owner<'_> = Owner { provider: "one", issuer: "https://one", root_sha256: &[1; 32] };

    fn keys(signs_from: &[i64]) -> (Keys, Vec<String>) {
        let vault = Vault::new(&[0; 32]).unwrap();
        let row = |signs_from: &i64| {
            let key = SigningKey::generate(TokenAlgorithm::Es256).unwrap();
            store::SigningKey {
                kid: key.kid().to_owned(),
                provider: "one".to_owned(),
                issuer: "https://one".to_owned(),
                sealed: vault.seal(ONE.binding(key.kid()), &key.to_pkcs8().unwrap()).unwrap(),
                certificate: signing_certificate(&key, "https://one", VALIDITY, None).unwrap(),
                created_at: at(signs_from - 10),
                signs_from: at(*signs_from),
            }
        };
        let rows: Vec<_> = signs_from.iter().map(row).collect();
        let kids = rows.iter().map(|row| row.kid.clone()).collect();
        (Keys::of(&rows, &[], ONE, TokenAlgorithm::Es256, &vault, None).unwrap(), kids)
    }

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_until_its_last_token_has_expired() {
        let (keys, kids) = keys(&[100, 1000]);
        let published = |now| -> Vec<String> {
            keys.published(at(now), 60).keys().iter().map(|key| key.kid().to_owned()).collect()
        };
        let both = |first: usize, second: usize| vec![kids[first].clone(), kids[second].clone()];
        // Before its time the first one signs all the same: there is no other.
        for (now, signing, shown) in [
            (0, 0, both(0, 1)),
            (100, 0, both(0, 1)),
            (999, 0, both(0, 1)),
            (1000, 1, both(1, 0)),
            (1360, 1, both(1, 0)),
            (1361, 1, vec![kids[1].clone()]),
        ] {
            assert_eq!(keys.signing(at(now)).unwrap().kid(), kids[signing], "{now}");
            assert_eq!(published(now), shown, "{now}");
        }
        assert_eq!(keys.over(at(1361), 60), [kids[0].clone()]);
        assert_eq!(keys.over(at(1361), 3600), [""; 0]);
        assert!(keys.has_coming(at(999)) && !keys.has_coming(at(1000)));
        assert_eq!(keys.newest_made_at(), 990);
    }

    /// A key of provider `one`.
    fn row(vault: &Vault) -> store::SigningKey {
        let key = SigningKey::generate(TokenAlgorithm::Es256).unwrap();
        store::SigningKey {
            kid: key.kid().to_owned(),
            provider: "one".to_owned(),
            issuer: "https://one".to_owned(),
            sealed: vault.seal(ONE.binding(key.kid()), &key.to_pkcs8().unwrap()).unwrap(),
            certificate: signing_certificate(&key, "https://one", VALIDITY, None).unwrap(),
            created_at: at(0),
            signs_from: at(0),
        }
    }

    fn read(row: &store::SigningKey, owner: Owner<'_>, vault: &Vault) -> Result<Keys, KeysError> {
        Keys::of(std::slice::from_ref(row), &[], owner, TokenAlgorithm::Es256, vault, None)
    }

    #[test]
    fn keys_of_another_owner_algorithm_or_vault_are_none() {
        let vault = Vault::new(&[0; 32]).unwrap();
        let row = row(&vault);
        assert!(read(&row, ONE, &vault).is_ok());
        for moved in [Owner { provider: "two", ..ONE }, Owner { root_sha256: &[2; 32], ..ONE }] {
            assert!(matches!(read(&row, moved, &vault), Err(KeysError::Vault(_))), "{moved:?}");
        }
        let two = Owner { issuer: "https://two", ..ONE };
        assert!(matches!(read(&row, two, &vault), Err(KeysError::Missing { .. })));
        let renamed = store::SigningKey { issuer: "https://two".to_owned(), ..row.clone() };
        assert!(matches!(read(&renamed, two, &vault), Err(KeysError::Vault(_))));
        let rs256 = Keys::of(std::slice::from_ref(&row), &[], ONE, TokenAlgorithm::Rs256, &vault, None);
        assert!(matches!(rs256, Err(KeysError::Missing { .. })));
        let other = Vault::new(&[1; 32]).unwrap();
        assert!(matches!(read(&row, ONE, &other), Err(KeysError::Vault(_))));
    }

    #[test]
    fn the_certificate_of_another_key_is_not_published() {
        let vault = Vault::new(&[0; 32]).unwrap();
        let (good, other) = (row(&vault), row(&vault));
        for certificate in [other.certificate, Vec::new()] {
            let row = store::SigningKey { certificate, ..good.clone() };
            assert!(matches!(read(&row, ONE, &vault), Err(KeysError::OtherCertificate(kid)) if kid == row.kid));
            // Nor where the key is known already.
            let known = read(&good, ONE, &vault).unwrap();
            let again = Keys::of(&[row], &[], ONE, TokenAlgorithm::Es256, &vault, Some(&known));
            assert!(matches!(again, Err(KeysError::OtherCertificate(_))));
        }
    }

    #[test]
    fn a_withdrawn_key_that_was_put_back_does_not_sign() {
        let vault = Vault::new(&[0; 32]).unwrap();
        let (withdrawn, good) = (row(&vault), row(&vault));
        let mark = store::WithdrawnKey {
            provider: "one".to_owned(),
            kid: withdrawn.kid.clone(),
            withdrawn_at: at(0),
            listed_until: at(0),
        };
        let rows = [withdrawn.clone(), good.clone()];
        let keys = Keys::of(&rows, &[mark], ONE, TokenAlgorithm::Es256, &vault, None).unwrap();
        assert!(keys.has(&good.kid) && !keys.has(&withdrawn.kid));
    }

    #[test]
    fn a_key_in_the_form_of_an_earlier_version_is_none() {
        let vault = Vault::new(&[0; 32]).unwrap();
        let mut row = row(&vault);
        row.sealed[0] = 1;
        assert!(matches!(read(&row, ONE, &vault), Err(KeysError::Missing { .. })));
    }
}
