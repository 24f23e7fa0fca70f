//! Gets an issuer's keys from the issuer itself: OpenID metadata, then the key set it points to.
//!
//! Only TLS proves that the keys are the issuer's. Redirects are not followed, and nothing is cached here.

mod error;

use std::time::Duration;

use fetch::{Address, Client, ClientError, Proxy, Roots, Timeouts, Transport};
use jose::Jwks;
use serde::Deserialize;

use crate::excerpt;

pub use error::DiscoveryError;

/// The maximum length of an answer, in bytes.
pub const MAX_BODY: usize = 1 << 20;

/// The maximum nesting depth of the metadata.
const MAX_METADATA_DEPTH: usize = 16;

/// The time limits of a request to an issuer.
const TIMEOUTS: Timeouts = Timeouts { connect: Duration::from_secs(10), request: Duration::from_secs(30) };

/// Makes a client for [`fetch_keys`]: 10 seconds to connect, 30 for a request.
///
/// `authorities` are CA certificates in PEM that are trusted instead of the platform's. The process must have installed a
/// rustls provider. HTTPS uses the proxy from the environment (`HTTPS_PROXY`, `NO_PROXY`), plain HTTP uses none.
///
/// # Errors
/// [`ClientError`].
pub fn client(authorities: Option<&[u8]>) -> Result<Client, ClientError> {
    Client::new(Roots::or_platform(authorities), Proxy::HttpsOfEnvironment, TIMEOUTS)
}

/// Fetches the keys of an attestation service, which are in certificates; [`crate::KeySource`] fetches those of other issuers.
/// `issuer` is spelled as in its tokens' `iss`: a base address without a slash at its end.
///
/// 1. The address has a scheme that `transport` allows, and no user, query or fragment.
/// 2. `<issuer>/.well-known/openid-configuration` answers 200, without a redirect, with at most [`MAX_BODY`] bytes.
/// 3. `issuer` in the metadata equals the issuer, and `jwks_uri` has the issuer's scheme, host and port.
/// 4. `jwks_uri` answers 200, without a redirect, with a key set of at most [`MAX_BODY`] bytes.
///
/// # Errors
/// [`DiscoveryError`].
pub async fn fetch_keys(issuer: &str, client: &Client, transport: Transport) -> Result<Jwks, DiscoveryError> {
    let base = Address::parse_base(issuer, transport)?;
    let keys_address = discover_keys(issuer, &base, client).await?;
    Jwks::parse(&client.get(&keys_address, MAX_BODY).await?)
        .map_err(|source| DiscoveryError::Keys { url: keys_address.to_string(), source })
}

/// Steps 2 and 3; `base` is the issuer's address without a slash at its end.
pub(crate) async fn discover_keys(issuer: &str, base: &Address, client: &Client) -> Result<Address, DiscoveryError> {
    let metadata_address = base.at("/.well-known/openid-configuration")?;
    let metadata = read_metadata(&metadata_address, &client.get(&metadata_address, MAX_BODY).await?)?;
    check_metadata(&metadata, issuer, base)
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

fn read_metadata(address: &Address, bytes: &[u8]) -> Result<Metadata, DiscoveryError> {
    strict_json::from_slice(bytes, MAX_METADATA_DEPTH)
        .map_err(|source| DiscoveryError::Metadata { url: address.to_string(), source })
}

/// Step 3.
fn check_metadata(metadata: &Metadata, issuer: &str, base: &Address) -> Result<Address, DiscoveryError> {
    if metadata.issuer != issuer {
        return Err(DiscoveryError::Issuer { found: excerpt(&metadata.issuer), expected: excerpt(issuer) });
    }
    base.same_origin(&metadata.jwks_uri).ok_or_else(|| DiscoveryError::ForeignKeys { url: excerpt(&metadata.jwks_uri) })
}
