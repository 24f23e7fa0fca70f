//! Where an issuer's keys come from, and how they are fetched.

use reqwest::{Client, Url};

use super::key_set::KeySet;
use crate::fetch::{self, ClientError, FetchError, Transport};

/// Why an issuer's keys could never be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySourceError {
    /// An address is none, or not HTTPS.
    #[error(transparent)]
    Address(#[from] FetchError),
    /// There is no client to fetch them with.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl KeySourceError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address(error) => error.code(),
            Self::Client(error) => error.code(),
        }
    }

    /// What the operator can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            // There is no way to allow another one here.
            Self::Address(FetchError::Insecure { .. }) => "give an address that begins with https://",
            Self::Address(error) => error.help(),
            Self::Client(error) => error.help(),
        }
    }
}

/// Where an issuer's keys are: at an address that is known, or at the one in its OpenID metadata.
#[derive(Clone, Debug)]
pub struct KeySource {
    issuer: String,
    /// The issuer without the slash that some have at the end.
    base: Url,
    keys_url: Option<Url>,
    client: Client,
}

impl KeySource {
    /// `authorities` are CA certificates in PEM that are trusted in place of the platform's; see [`fetch::client`]. HTTPS alone,
    /// whichever address it is.
    ///
    /// # Errors
    /// [`KeySourceError`].
    pub fn new(issuer: &str, keys_url: Option<&str>, authorities: Option<&[u8]>) -> Result<Self, KeySourceError> {
        let base = fetch::base_address(issuer.strip_suffix('/').unwrap_or(issuer), Transport::Https)?;
        let keys_url = keys_url.map(|url| fetch::plain_address(url, Transport::Https)).transpose()?;
        Ok(Self { issuer: issuer.to_owned(), base, keys_url, client: fetch::client(authorities)? })
    }

    /// Fetches the keys.
    ///
    /// 1. Where the address of the keys is not known: the metadata is the issuer's, its `jwks_uri` at the issuer's scheme, host and
    ///    port, as in [`fetch::fetch`].
    /// 2. The key set answers 200 by itself, with at most [`fetch::MAX_BODY`] bytes.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn fetch(&self) -> Result<KeySet, FetchError> {
        let url = match &self.keys_url {
            Some(url) => url.clone(),
            None => fetch::discover_keys(&self.issuer, &self.base, &self.client).await?,
        };
        KeySet::parse(&fetch::get(&self.client, &url).await?)
            .map_err(|source| FetchError::KeySet { url: url.to_string(), source })
    }
}
