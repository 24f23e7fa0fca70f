//! Where the providers of a service are reached.

use http::Uri;
use http::uri::Authority;

use crate::provider::ProviderName;
use crate::public_url::{ProviderDomain, PublicUrl};

/// The URL of the provider `default`, and what those of the others follow from: below it at `/p/NAME`, or a host of their own
/// in a domain. One provider has one URL, for that is the issuer of its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    url: PublicUrl,
    domain: Option<ProviderDomain>,
}

impl Addresses {
    /// The others are below `url`, unless there is a domain for them.
    pub const fn new(url: PublicUrl, domain: Option<ProviderDomain>) -> Self {
        Self { url, domain }
    }

    /// Where the service itself is reached, and the provider `default`.
    pub const fn service(&self) -> &PublicUrl {
        &self.url
    }

    /// Whether every provider is reached under a name or address that is loopback everywhere.
    pub fn are_loopback(&self) -> bool {
        self.url.is_loopback() && self.domain.as_ref().is_none_or(ProviderDomain::is_loopback)
    }

    /// Where a provider is reached.
    pub(crate) fn of(&self, name: &ProviderName) -> PublicUrl {
        match &self.domain {
            _ if name.is_default() => self.url.clone(),
            Some(domain) => self.url.in_domain(name.as_str(), domain),
            None => self.url.below(&format!("/p/{name}")),
        }
    }

    /// The name in a request's authority or path, none where there is none, and the path within the API in lower case.
    pub(crate) fn named(&self, authority: Option<&Authority>, path: &str) -> Option<(Option<String>, String)> {
        match (self.url.path_within(authority, path), &self.domain) {
            (Some(within), None) => Some(match within.strip_prefix("/p/") {
                None => (None, within),
                Some(rest) => {
                    let (name, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
                    (Some(name.to_owned()), path.to_owned())
                }
            }),
            (Some(within), Some(_)) => (!within.starts_with("/p/")).then_some((None, within)),
            (None, Some(domain)) => {
                let name = self.url.name_in_domain(authority, domain)?;
                Some((Some(name), path.to_ascii_lowercase()))
            }
            (None, None) => None,
        }
    }

    /// Whether that is the URL of a provider of this service, in whichever spelling, of one to come too.
    pub(crate) fn is_issuer(&self, url: &str) -> bool {
        let Ok(uri) = url.parse::<Uri>() else { return false };
        let named = self.named(uri.authority(), uri.path());
        named.is_some_and(|(name, path)| name.is_some() || path.trim_matches('/').is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuers_of_this_service_are_known_in_every_spelling() {
        let addresses = |domain: Option<&str>| {
            let url = PublicUrl::parse("https://localhost").unwrap();
            Addresses::new(url, domain.map(|domain| ProviderDomain::parse(domain).unwrap()))
        };
        let below = addresses(None);
        for own in [
            "https://localhost",
            "https://localhost/",
            "https://LOCALHOST:443",
            "https://127.0.0.1",
            "https://localhost/p/contoso",
            "https://localhost/P/Contoso/",
        ] {
            assert!(below.is_issuer(own), "{own}");
        }
        for other in ["https://localhost:8443", "https://localhost/realms/p/x", "https://login.example", "", "a b"] {
            assert!(!below.is_issuer(other), "{other}");
        }
        let in_domain = addresses(Some("attest.example"));
        for own in ["https://localhost", "https://contoso.attest.example", "https://CONTOSO.attest.example:443/"] {
            assert!(in_domain.is_issuer(own), "{own}");
        }
        for other in ["https://attest.example", "https://contoso.attest.example:8443", "https://login.example"] {
            assert!(!in_domain.is_issuer(other), "{other}");
        }
    }
}
