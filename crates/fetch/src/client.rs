//! The client: one configuration of TLS, proxy and timeouts.

use std::time::Duration;

use http::Method;
use reqwest::redirect::Policy;
use reqwest::{Certificate, NoProxy};

use crate::address::Address;
use crate::error::{ClientError, FetchError};
use crate::request::Request;

/// Which certification authorities are trusted for TLS.
#[derive(Clone, Copy, Debug)]
pub enum Roots<'a> {
    /// Those of the platform.
    Platform,
    /// Only these certificates in PEM.
    Only(&'a [u8]),
}

impl<'a> Roots<'a> {
    /// The given certificates in PEM, or the platform's if there are none.
    pub fn or_platform(authorities: Option<&'a [u8]>) -> Self {
        authorities.map_or(Self::Platform, Self::Only)
    }
}

/// Which proxy requests go through. Plain HTTP never goes through one: a proxy could answer in place of loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// None.
    Never,
    /// For HTTPS the one in the environment (`HTTPS_PROXY`, `NO_PROXY`).
    HttpsOfEnvironment,
}

/// How long a client waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// The longest time to connect.
    pub connect: Duration,
    /// The longest time for a request with its answer, connecting included.
    pub request: Duration,
}

/// A client that follows no redirects and decompresses nothing.
#[derive(Clone, Debug)]
pub struct Client(reqwest::Client);

impl Client {
    /// Makes a client. The process must have installed a rustls provider, even if all addresses are plain HTTP.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(roots: Roots<'_>, proxy: Proxy, timeouts: Timeouts) -> Result<Self, ClientError> {
        // Without this reqwest would panic.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(ClientError::NoProvider);
        }
        let builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.request);
        let builder = match proxy {
            Proxy::Never => builder,
            Proxy::HttpsOfEnvironment => https_proxy()?.into_iter().fold(builder, reqwest::ClientBuilder::proxy),
        };
        let builder = match roots {
            Roots::Platform => builder,
            Roots::Only(pem) => {
                let certificates =
                    Certificate::from_pem_bundle(pem).map_err(|error| ClientError::Authorities(Some(error)))?;
                if certificates.is_empty() {
                    return Err(ClientError::Authorities(None));
                }
                builder.tls_certs_only(certificates)
            }
        };
        builder.build().map(Self).map_err(ClientError::Build)
    }

    /// Begins a request.
    pub fn request(&self, method: Method, address: &Address) -> Request {
        Request::new(self.0.request(method, address.url()), address.clone())
    }

    /// Gets the body at an address that answers 200, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn get(&self, address: &Address, limit: usize) -> Result<Vec<u8>, FetchError> {
        self.request(Method::GET, address).send_for_ok(limit).await
    }
}

fn https_proxy() -> Result<Option<reqwest::Proxy>, ClientError> {
    let set = |name| std::env::var(name).ok().filter(|address| !address.is_empty());
    let Some(address) = set("HTTPS_PROXY").or_else(|| set("https_proxy")) else { return Ok(None) };
    let proxy = reqwest::Proxy::https(address).map_err(ClientError::Proxy)?;
    Ok(Some(proxy.no_proxy(NoProxy::from_env())))
}
