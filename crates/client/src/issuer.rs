//! One issuer of attestation tokens, for relying parties that run for long: its keys are fetched when needed, and cached.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fetch::{Address, Client, Transport};
use oidc::discovery::{DiscoveryError, MAX_BODY, fetch_keys};
use problem::Problem;
use token::{Expectations, RevokedTokens, TokenError, VerifiedToken, Verifier};
use tokio::time::Instant;
use unix_time::UnixTime;

use crate::error::ServiceError;

/// How long keys are used before they are fetched again.
pub const KEEP: Duration = Duration::from_secs(3600);

/// How long keys are used at most while the issuer is unreachable.
pub const KEEP_WITHOUT_ISSUER: Duration = Duration::from_secs(24 * 3600);

/// The minimum time between two fetches. Tokens of strangers can name any key, so unknown keys do not shorten it.
pub const PAUSE: Duration = Duration::from_secs(30);

/// Why a token is not verified.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The issuer's keys are not in the cache and cannot be fetched.
    #[error("the issuer's keys are unavailable")]
    Keys(#[from] DiscoveryError),
    /// The token is rejected.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl Problem for IssuerError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Keys(error) => error.code(),
            Self::Token(error) => error.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Keys(error) => error.help(),
            Self::Token(error) => error.help(),
        }
    }
}

/// What is cached about the issuer.
#[derive(Default)]
struct Known {
    keys: Option<(Arc<Verifier>, Instant)>,
    /// When the last fetch ended, with or without success.
    asked_at: Option<Instant>,
}

/// One issuer of attestation tokens, with a cache of its keys.
///
/// Keys are fetched when they are older than [`KEEP`] or when a token names an unknown key, but not twice within [`PAUSE`]. While
/// the issuer is unreachable the last keys are used for up to [`KEEP_WITHOUT_ISSUER`].
pub struct Issuer {
    issuer: String,
    client: Client,
    transport: Transport,
    known: Mutex<Known>,
    /// Allows one fetch at a time; other verifications wait for its result.
    fetching: tokio::sync::Mutex<()>,
}

impl Issuer {
    /// Makes an issuer, spelled as in its tokens' `iss`; `client` is one of [`client`](oidc::discovery::client). Nothing is fetched yet.
    pub fn new(issuer: impl Into<String>, client: Client, transport: Transport) -> Self {
        let (known, fetching) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { issuer: issuer.into(), client, transport, known, fetching }
    }

    /// Verifies a token at the time `at`; see [`Verifier::verify`].
    ///
    /// # Errors
    /// [`IssuerError`].
    pub async fn verify(
        &self,
        token: &str,
        at: UnixTime,
        expectations: &Expectations,
    ) -> Result<VerifiedToken, IssuerError> {
        let verifier = self.verifier(|age| age < KEEP).await?;
        match verifier.verify(token, at, expectations) {
            // The issuer may have published a new key since.
            Err(TokenError::UnknownKey { .. }) => {
                Ok(self.verifier(|_| false).await?.verify(token, at, expectations)?)
            }
            verified => Ok(verified?),
        }
    }

    /// Returns the cached keys if their age is acceptable, and otherwise fetches keys.
    async fn verifier(&self, is_good: impl Fn(Duration) -> bool) -> Result<Arc<Verifier>, DiscoveryError> {
        if let Some(verifier) = self.at_hand(&is_good) {
            return Ok(verifier);
        }
        let _one_at_a_time = self.fetching.lock().await;
        // Another verification may have fetched them meanwhile.
        if let Some(verifier) = self.at_hand(&is_good) {
            return Ok(verifier);
        }
        let fetched = fetch_verifier(&self.issuer, &self.client, self.transport).await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.asked_at = Some(Instant::now());
        match fetched {
            Ok(verifier) => {
                let verifier = Arc::new(verifier);
                known.keys = Some((Arc::clone(&verifier), Instant::now()));
                Ok(verifier)
            }
            Err(error) => match &known.keys {
                Some((verifier, since)) if since.elapsed() < KEEP_WITHOUT_ISSUER => Ok(Arc::clone(verifier)),
                _ => Err(error),
            },
        }
    }

    fn at_hand(&self, is_good: impl Fn(Duration) -> bool) -> Option<Arc<Verifier>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let asked_lately = known.asked_at.is_some_and(|at| at.elapsed() < PAUSE);
        let (verifier, since) = known.keys.as_ref()?;
        let age = since.elapsed();
        (is_good(age) || (asked_lately && age < KEEP_WITHOUT_ISSUER)).then(|| Arc::clone(verifier))
    }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Fetches the keys of `issuer`, as [`fetch_keys`] does, and makes a verifier of its tokens.
pub(crate) async fn fetch_verifier(
    issuer: &str,
    client: &Client,
    transport: Transport,
) -> Result<Verifier, DiscoveryError> {
    Ok(Verifier::new(issuer, fetch_keys(issuer, client, transport).await?))
}

/// Fetches the list of revoked tokens at `<issuer>/revoked`, over the same transport as the issuer's keys. `issuer` is spelled as
/// in its tokens' `iss`: a base address without a slash at its end.
///
/// # Errors
/// [`ServiceError::Discovery`] and [`ServiceError::Revoked`].
pub async fn fetch_revoked(issuer: &str, client: &Client, transport: Transport) -> Result<RevokedTokens, ServiceError> {
    let address = Address::parse_base(issuer, transport).and_then(|base| base.at("/revoked"));
    let address = address.map_err(DiscoveryError::from)?;
    let body = client.get(&address, MAX_BODY).await.map_err(DiscoveryError::from)?;
    RevokedTokens::parse(&body, issuer).map_err(|source| ServiceError::Revoked { url: address.to_string(), source })
}
