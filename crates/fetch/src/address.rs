//! Addresses that requests may be sent to.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use crate::error::FetchError;
use crate::excerpt;

/// Which schemes an address may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTPS only.
    Https,
    /// HTTPS, and HTTP to `localhost` and loopback addresses, where no other machine can listen.
    HttpsOrLoopbackHttp,
    /// HTTPS, and HTTP to every host. Only for answers that are not trusted because of where they come from.
    DangerousAnyHttp,
}

/// A checked address: absolute, without user and password, reached as a [`Transport`] allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Reads an address without user, password and fragment.
    ///
    /// # Errors
    /// [`FetchError::Address`] and [`FetchError::Insecure`].
    pub fn parse(text: &str, transport: Transport) -> Result<Self, FetchError> {
        let invalid = || FetchError::Address { url: excerpt(text) };
        let url = Url::parse(text).map_err(|_| invalid())?;
        if !url.username().is_empty() || url.password().is_some() || text.contains('#') {
            return Err(invalid());
        }
        let is_allowed = match (url.scheme(), transport) {
            ("https", _) | ("http", Transport::DangerousAnyHttp) => true,
            ("http", Transport::HttpsOrLoopbackHttp) => is_loopback(&url),
            _ => false,
        };
        if is_allowed { Ok(Self(url)) } else { Err(FetchError::Insecure { url: excerpt(text) }) }
    }

    /// Reads a base address, to which paths are appended: it has no query and no slash at its end either.
    ///
    /// # Errors
    /// [`FetchError::Address`] and [`FetchError::Insecure`].
    pub fn parse_base(text: &str, transport: Transport) -> Result<Self, FetchError> {
        if text.contains('?') || text.ends_with('/') {
            return Err(FetchError::Address { url: excerpt(text) });
        }
        Self::parse(text, transport)
    }

    /// Returns the address with a path, and maybe a query, appended: the same scheme, host and port.
    ///
    /// # Errors
    /// [`FetchError::Address`] if `path` does not begin with a slash.
    pub fn at(&self, path: &str) -> Result<Self, FetchError> {
        let text = format!("{}{path}", self.as_str().trim_end_matches('/'));
        let url = Url::parse(&text).ok().filter(|url| path.starts_with('/') && url.origin() == self.0.origin());
        url.map(Self).ok_or_else(|| FetchError::Address { url: excerpt(&text) })
    }

    /// Reads another address of the same scheme, host and port; none if `text` is anything else.
    pub fn same_origin(&self, text: &str) -> Option<Self> {
        Url::parse(text).ok().filter(|url| url.origin() == self.0.origin()).map(Self)
    }

    /// The address in its normal form.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn url(&self) -> Url {
        self.0.clone()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
