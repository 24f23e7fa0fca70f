//! Gets an issuer's keys from the issuer itself: OpenID metadata, then the key set it points to.
//!
//! TLS is what makes the keys the issuer's; nothing is followed to another place. Nothing is cached here.

mod error;

use std::net::IpAddr;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, NoProxy, Proxy, Response, StatusCode, Url};
use serde::Deserialize;

use crate::excerpt::excerpt;
use crate::jwks::Jwks;
use crate::relying_party::Verifier;
use crate::revocation::RevokedTokens;

pub use error::{ClientError, FetchError};

/// The longest answer that is read, in bytes.
pub const MAX_BODY: usize = 1 << 20;

/// The deepest nesting in the metadata.
const MAX_METADATA_DEPTH: usize = 16;

/// Longest time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest time for one request with its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How an issuer may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTPS alone.
    Https,
    /// HTTPS, and HTTP to `localhost` and loopback addresses, where no stranger listens in.
    HttpsOrLoopbackHttp,
}

/// Makes a client for [`fetch`]: no redirects, 10 seconds to connect, 30 for a request.
///
/// `authorities` are CA certificates in PEM that are trusted in place of the platform's. The process has to have
/// installed a rustls provider. HTTPS goes through the proxy in the environment (`HTTPS_PROXY`, `NO_PROXY`), plain HTTP
/// through none.
///
/// # Errors
/// [`ClientError`].
pub fn client(authorities: Option<&[u8]>) -> Result<Client, ClientError> {
    // Without this reqwest would panic.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        return Err(ClientError::NoProvider);
    }
    let builder = Client::builder()
        .redirect(Policy::none())
        .referer(false)
        // A proxy for HTTP could answer in place of loopback, with keys of its own.
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT);
    let builder = match https_proxy()? {
        None => builder,
        Some(proxy) => builder.proxy(proxy),
    };
    let builder = match authorities {
        None => builder,
        Some(pem) => {
            let certificates =
                Certificate::from_pem_bundle(pem).map_err(|error| ClientError::Authorities(Some(error)))?;
            if certificates.is_empty() {
                return Err(ClientError::Authorities(None));
            }
            builder.tls_certs_only(certificates)
        }
    };
    builder.build().map_err(ClientError::Build)
}

fn https_proxy() -> Result<Option<Proxy>, ClientError> {
    let set = |name| std::env::var(name).ok().filter(|address| !address.is_empty());
    let Some(address) = set("HTTPS_PROXY").or_else(|| set("https_proxy")) else { return Ok(None) };
    let proxy = Proxy::https(address).map_err(ClientError::Proxy)?;
    Ok(Some(proxy.no_proxy(NoProxy::from_env())))
}

/// Fetches the keys of `issuer`, spelled as in its tokens' `iss`: a base address without a slash at its end.
///
/// `client` is one of [`client()`]; another one has to reach loopback without a proxy if HTTP is allowed there.
///
/// 1. The address is HTTPS, or what `transport` allows, without user, query and fragment.
/// 2. `<issuer>/.well-known/openid-configuration` answers 200 by itself, with at most [`MAX_BODY`] bytes.
/// 3. Its `issuer` is exactly the issuer, its `jwks_uri` has the issuer's scheme, host and port.
/// 4. The key set there is read likewise.
///
/// # Errors
/// [`FetchError`].
pub async fn fetch(issuer: &str, client: &Client, transport: Transport) -> Result<Verifier, FetchError> {
    let base = base_address(issuer, transport)?;
    let keys_url = discover_keys(issuer, &base, client).await?;
    let keys = Jwks::parse(&get(client, &keys_url).await?)
        .map_err(|source| FetchError::Keys { url: keys_url.to_string(), source })?;
    Ok(Verifier::new(issuer, keys))
}

/// Fetches the issuer's list of revoked tokens, at `<issuer>/revoked`, in the way of [`fetch()`].
///
/// # Errors
/// [`FetchError`].
pub async fn fetch_revoked(issuer: &str, client: &Client, transport: Transport) -> Result<RevokedTokens, FetchError> {
    base_address(issuer, transport)?;
    let url = address(&format!("{issuer}/revoked"))?;
    let body = get(client, &url).await?;
    RevokedTokens::parse(&body, issuer).map_err(|source| FetchError::Revoked { url: url.to_string(), source })
}

/// Steps 2 and 3; `base` is the issuer's address without a slash at its end.
pub(crate) async fn discover_keys(issuer: &str, base: &Url, client: &Client) -> Result<Url, FetchError> {
    let without_slash = issuer.strip_suffix('/').unwrap_or(issuer);
    let metadata_url = address(&format!("{without_slash}/.well-known/openid-configuration"))?;
    let metadata = read_metadata(&metadata_url, &get(client, &metadata_url).await?)?;
    check_metadata(&metadata, issuer, base)
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

fn address(text: &str) -> Result<Url, FetchError> {
    Url::parse(text).map_err(|_| FetchError::Address { url: excerpt(text) })
}

/// Whether an issuer may be asked at all: an address without user, query and fragment, reached as `transport` allows. For
/// callers that send something to it before they fetch its keys.
///
/// # Errors
/// [`FetchError::Address`] and [`FetchError::Insecure`].
pub fn check_issuer(issuer: &str, transport: Transport) -> Result<(), FetchError> {
    base_address(issuer.strip_suffix('/').unwrap_or(issuer), transport).map(|_| ())
}

/// Step 1.
pub(crate) fn base_address(issuer: &str, transport: Transport) -> Result<Url, FetchError> {
    if issuer.contains('?') || issuer.ends_with('/') {
        return Err(FetchError::Address { url: excerpt(issuer) });
    }
    plain_address(issuer, transport)
}

/// An address without user and fragment, reached as `transport` allows.
pub(crate) fn plain_address(text: &str, transport: Transport) -> Result<Url, FetchError> {
    let url = address(text)?;
    if !url.username().is_empty() || url.password().is_some() || text.contains('#') {
        return Err(FetchError::Address { url: excerpt(text) });
    }
    match (url.scheme(), transport) {
        ("https", _) => Ok(url),
        ("http", Transport::HttpsOrLoopbackHttp) if is_loopback(&url) => Ok(url),
        _ => Err(FetchError::Insecure { url: excerpt(text) }),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// What answers at an address by itself, as in step 2.
pub(crate) async fn get(client: &Client, url: &Url) -> Result<Vec<u8>, FetchError> {
    let failed = |source: reqwest::Error| FetchError::Transport { url: url.to_string(), source: source.without_url() };
    let response = client.get(url.clone()).send().await.map_err(failed)?;
    // A client of the caller's own making may follow redirects.
    if response.url() != url {
        return Err(FetchError::Redirected { url: url.to_string() });
    }
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status { url: url.to_string(), status: response.status().as_u16() });
    }
    read_body(response).await.map_err(failed)?.ok_or_else(|| FetchError::TooLong { url: url.to_string() })
}

/// The body, or `None` as soon as it exceeds [`MAX_BODY`].
async fn read_body(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len().saturating_add(chunk.len()) > MAX_BODY {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn read_metadata(url: &Url, bytes: &[u8]) -> Result<Metadata, FetchError> {
    strict_json::from_slice(bytes, MAX_METADATA_DEPTH)
        .map_err(|source| FetchError::Metadata { url: url.to_string(), source })
}

/// Step 3.
fn check_metadata(metadata: &Metadata, issuer: &str, base: &Url) -> Result<Url, FetchError> {
    if metadata.issuer != issuer {
        return Err(FetchError::Issuer { found: excerpt(&metadata.issuer), expected: excerpt(issuer) });
    }
    let foreign = || FetchError::ForeignKeys { url: excerpt(&metadata.jwks_uri) };
    let url = Url::parse(&metadata.jwks_uri).map_err(|_| foreign())?;
    if url.origin() == base.origin() { Ok(url) } else { Err(foreign()) }
}
