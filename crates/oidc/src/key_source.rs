//! The address of an issuer's keys, and how they are fetched.

use std::borrow::Cow;

use fetch::{Address, Client, ClientError, FetchError, Transport};
use problem::Problem;

use crate::discovery::{self, DiscoveryError, MAX_BODY};
use crate::key_set::KeySet;

/// Why a [`KeySource`] cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySourceError {
    /// An address is invalid, or not HTTPS.
    #[error(transparent)]
    Address(#[from] FetchError),
    /// The HTTPS client cannot be made.
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
            // This crate has no option for plain HTTP.
            Self::Address(FetchError::Insecure { .. }) => "give an address that begins with https://".into(),
            Self::Address(error) => error.help(),
            Self::Client(error) => error.help(),
        }
    }
}

/// The source of an issuer's keys: a configured address, or the one in its OpenID metadata.
#[derive(Clone, Debug)]
pub struct KeySource {
    issuer: String,
    /// The issuer without the slash that some have at the end.
    base: Address,
    keys_address: Option<Address>,
    client: Client,
}

impl KeySource {
    /// Makes the source of the keys of `issuer`, at `keys_url` or at the address in the issuer's metadata. All addresses must be
    /// HTTPS. `authorities` are CA certificates in PEM that are trusted instead of the platform's; see [`discovery::client`].
    ///
    /// # Errors
    /// [`KeySourceError`].
    pub fn new(issuer: &str, keys_url: Option<&str>, authorities: Option<&[u8]>) -> Result<Self, KeySourceError> {
        let base = Address::parse_base(issuer.strip_suffix('/').unwrap_or(issuer), Transport::Https)?;
        let keys_address = keys_url.map(|url| Address::parse(url, Transport::Https)).transpose()?;
        Ok(Self { issuer: issuer.to_owned(), base, keys_address, client: discovery::client(authorities)? })
    }

    /// Fetches the issuer's key set.
    ///
    /// 1. Without a configured address, `jwks_uri` is read from the metadata and checked as in [`discovery::fetch_keys`].
    /// 2. The address of the keys answers 200, without a redirect, with a key set of at most [`MAX_BODY`] bytes.
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
