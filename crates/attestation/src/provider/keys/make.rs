//! Making a signing key with its certificate.

use std::sync::Arc;

use abi::open_enclave;
use token::{SigningKey, TokenAlgorithm};
use unix_time::{UnixTime, ValidityPeriod};

use super::certificate::signing_certificate;
use super::{KeysError, Owner};
use crate::vault::Vault;

/// Seconds for which a signing key's certificate is made out: ten years, for rotation replaces keys and not this date.
const CERTIFICATE_LIFETIME: i64 = 10 * 365 * 86_400;
/// Seconds by which a certificate begins before its making, for relying parties with slow clocks.
const CERTIFICATE_SLACK: i64 = 86_400;

type Quote = dyn Fn(&[u8; 64]) -> Result<Vec<u8>, String> + Send + Sync;

/// What makes quotes about the service itself, where it runs on a machine that can: from report data of 64 bytes a quote.
#[derive(Clone)]
pub struct Quoter(Arc<Quote>);

impl Quoter {
    /// Of a function; what it gives for an error goes into the log.
    pub fn new(quote: impl Fn(&[u8; 64]) -> Result<Vec<u8>, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(quote))
    }
}

impl std::fmt::Debug for Quoter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Quoter(..)")
    }
}

/// Makes a key with its certificate, on a thread for computation: an RSA key takes some tenths of a second. The certificate
/// carries evidence about the service where there is any.
pub(crate) async fn make(
    owner: Owner<'_>,
    algorithm: TokenAlgorithm,
    vault: &Arc<Vault>,
    quoter: Option<&Quoter>,
    (now, signs_from): (UnixTime, UnixTime),
) -> Result<store::SigningKey, KeysError> {
    let (provider, issuer, root_sha256) = (owner.provider.to_owned(), owner.issuer.to_owned(), *owner.root_sha256);
    let (vault, quoter) = (Arc::clone(vault), quoter.cloned());
    let making = tokio::task::spawn_blocking(move || {
        let key = SigningKey::generate(algorithm)?;
        let report = quoter.map(|quoter| (quoter.0)(&key.report_data())).transpose().map_err(KeysError::Quote)?;
        let report = report.map(|quote| open_enclave::framed(&quote));
        let validity = ValidityPeriod { from: now.plus(-CERTIFICATE_SLACK), until: now.plus(CERTIFICATE_LIFETIME) };
        let certificate = signing_certificate(&key, &issuer, validity, report.as_deref())?;
        let owner = Owner { provider: &provider, issuer: &issuer, root_sha256: &root_sha256 };
        let sealed = vault.seal(owner.binding(key.kid()), &key.to_pkcs8()?)?;
        let kid = key.kid().to_owned();
        Ok(store::SigningKey { kid, provider, issuer, sealed, certificate, created_at: now, signs_from })
    });
    making.await.unwrap_or(Err(KeysError::Interrupted))
}
