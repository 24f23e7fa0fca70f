//! The keys that sign a provider's tokens.

use std::sync::Arc;

use dcap::UnixTime;
use token::{Jwk, Jwks, SigningKey, TokenAlgorithm};
use zeroize::Zeroizing;

use super::name::ProviderName;

/// Seconds for which a signing key's certificate is made out: ten years, for rotation replaces keys and not this date.
const CERTIFICATE_LIFETIME: i64 = 10 * 365 * 86_400;
/// Seconds by which a certificate begins before its making, for relying parties with slow clocks.
const CERTIFICATE_SLACK: i64 = 86_400;

/// The key that signs, and all that are published.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) signing: Arc<SigningKey>,
    pub(crate) published: Arc<Jwks>,
}

/// Why a provider has no key.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The key cannot be made or read.
    #[error("signing key cannot be made or read")]
    Key(#[from] token::KeyError),
    /// Its certificate cannot be made.
    #[error("signing certificate cannot be made")]
    Certificate(#[from] token::CertificateError),
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

impl Keys {
    /// Reads those of `rows` (newest first) that are for this issuer; `known` is not read again.
    pub(crate) fn of(
        rows: &[store::SigningKey],
        issuer: &str,
        algorithm: TokenAlgorithm,
        known: Option<&Self>,
    ) -> Result<Self, KeysError> {
        let rows: Vec<_> = rows.iter().filter(|row| row.issuer == issuer).collect();
        let published = Jwks::new(rows.iter().map(|row| Jwk::new(&row.kid, &row.certificate)).collect());
        for row in rows {
            let known = known.map(|keys| &keys.signing).filter(|key| key.kid() == row.kid);
            let key = match known {
                Some(key) => Arc::clone(key),
                None => Arc::new(SigningKey::from_pkcs8(&row.pkcs8)?),
            };
            if key.algorithm() == algorithm {
                return Ok(Self { signing: key, published: Arc::new(published) });
            }
        }
        Err(KeysError::Missing { algorithm: algorithm.name(), issuer: issuer.to_owned() })
    }
}

/// Makes a key with its certificate, on a thread for computation: an RSA key takes some tenths of a second.
pub(crate) async fn make(
    provider: &ProviderName,
    issuer: &str,
    algorithm: TokenAlgorithm,
    now: UnixTime,
) -> Result<store::SigningKey, KeysError> {
    let (provider, issuer, now) = (provider.as_str().to_owned(), issuer.to_owned(), now.seconds());
    let making = tokio::task::spawn_blocking(move || {
        let key = SigningKey::generate(algorithm)?;
        let (from, until) = (now.saturating_sub(CERTIFICATE_SLACK), now.saturating_add(CERTIFICATE_LIFETIME));
        let certificate = key.self_signed(&issuer, from, until)?;
        let pkcs8: Zeroizing<Vec<u8>> = key.to_pkcs8()?;
        Ok(store::SigningKey { kid: key.kid().to_owned(), provider, issuer, pkcs8, certificate, created_at: now })
    });
    making.await.unwrap_or(Err(KeysError::Interrupted))
}
