//! Where an issuer's keys come from, and how they are fetched.

use std::borrow::Cow;

use fetch::{Address, Client, ClientError, FetchError, Transport};
use problem::Problem;

use crate::discovery::{self, DiscoveryError, MAX_BODY};
use crate::key_set::KeySet;

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

impl Problem for KeySourceError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Address(error) => error.code(),
            Self::Client(error) => error.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            // There is no way to allow another one here.
            Self::Address(FetchError::Insecure { .. }) => "give an address that begins with https://".into(),
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
    base: Address,
    keys_address: Option<Address>,
    client: Client,
}

impl KeySource {
    /// `authorities` are CA certificates in PEM that are trusted in place of the platform's; see [`discovery::client`]. HTTPS alone,
    /// whichever address it is.
    ///
    /// # Errors
    /// [`KeySourceError`].
    pub fn new(issuer: &str, keys_url: Option<&str>, authorities: Option<&[u8]>) -> Result<Self, KeySourceError> {
        let base = Address::parse_base(issuer.strip_suffix('/').unwrap_or(issuer), Transport::Https)?;
        let keys_address = keys_url.map(|url| Address::parse(url, Transport::Https)).transpose()?;
        Ok(Self { issuer: issuer.to_owned(), base, keys_address, client: discovery::client(authorities)? })
    }

    /// Fetches the keys.
    ///
    /// 1. Where the address of the keys is not known: the metadata is the issuer's, its `jwks_uri` at the issuer's scheme, host and
    ///    port, as in [`discovery::fetch_keys`].
    /// 2. The key set answers 200 by itself, with at most [`MAX_BODY`] bytes.
    ///
    /// # Errors
    /// [`DiscoveryError`].
    pub async fn fetch(&self) -> Result<KeySet, DiscoveryError> {
        let address = match &self.keys_address {
            Some(address) => address.clone(),
            None => discovery::discover_keys(&self.issuer, &self.base, &self.client).await?,
        };
        KeySet::parse(&self.client.get(&address, MAX_BODY).await?)
            .map_err(|source| DiscoveryError::Keys { url: address.to_string(), source })
    }
}
