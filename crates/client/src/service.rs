//! Which service: its URL, and the URLs of its providers.

use fetch::{Address, Transport};

use crate::error::ServiceError;

pub(crate) const TRANSPORT: Transport = Transport::HttpsOrLoopbackHttp;

/// The checked URL of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// As its tokens have it in `iss`: without a slash at its end.
    pub(crate) issuer: String,
    pub(crate) base: Address,
}

impl Service {
    /// Reads the public URL of a service: HTTPS, or HTTP to loopback, so that evidence, runtime data and tokens are not sent in
    /// clear text.
    ///
    /// # Errors
    /// [`ServiceError::Address`].
    pub fn parse(url: &str) -> Result<Self, ServiceError> {
        let base =
            Address::parse_base(url.strip_suffix('/').unwrap_or(url), TRANSPORT).map_err(ServiceError::Address)?;
        Ok(Self { issuer: url.trim_end_matches('/').to_owned(), base })
    }

    pub(crate) fn at(&self, path: &str) -> Result<Address, ServiceError> {
        self.base.at(path).map_err(ServiceError::Address)
    }
}

/// Returns the URL of a provider of the service at `url`, which has no slash at its end. The URL of the default provider is the
/// service's own.
pub fn provider_url(url: &str, provider: &str) -> String {
    if provider == "default" { url.to_owned() } else { format!("{url}/p/{provider}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_in_clear_text_to_another_machine() {
        for (url, issuer) in [
            ("https://attest.example", Some("https://attest.example")),
            ("https://attest.example/p/a/", Some("https://attest.example/p/a")),
            ("http://127.0.0.1:8080/", Some("http://127.0.0.1:8080")),
            ("http://attest.example", None),
            ("https://user@attest.example", None),
            ("https://attest.example//", None),
            ("https://attest.example?a", None),
        ] {
            assert_eq!(Service::parse(url).ok().map(|service| service.issuer).as_deref(), issuer, "{url}");
        }
    }

    #[test]
    fn the_default_provider_is_the_service_itself() {
        assert_eq!(provider_url("https://attest.example", "default"), "https://attest.example");
        assert_eq!(provider_url("https://attest.example", "a"), "https://attest.example/p/a");
    }
}
