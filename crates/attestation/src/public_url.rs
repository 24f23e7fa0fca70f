//! Where a provider is reached, and what its tokens call their issuer.

use problem::Problem;
use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::{Authority, Scheme};

/// A provider's public URL: scheme, authority, and a path below which its API lies.
///
/// It is configured and never taken from a request: whoever chooses the `Host` header would choose the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    url: String,
    authorities: Vec<(String, u16)>,
    default_port: u16,
    path: String,
}

/// Text that cannot be a public URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no URL such as `https://attest.example:8443`, without query, fragment and user")]
pub struct InvalidPublicUrl(String);

/// A domain whose every name leads to the service: the provider `one` is reached at `https://one.DOMAIN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderDomain(String);

/// Text that cannot be a domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no domain such as `attest.example`")]
pub struct InvalidProviderDomain(String);

impl Problem for InvalidPublicUrl {
    fn code(&self) -> Cow<'static, str> {
        "public_url_malformed".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "give the URL that clients use".into()
    }
}

impl Problem for InvalidProviderDomain {
    fn code(&self) -> Cow<'static, str> {
        "provider_domain_malformed".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "give a domain, without `*.`".into()
    }
}

impl ProviderDomain {
    /// Reads a domain: labels of lowercase letters, digits and hyphens, with dots between them.
    ///
    /// # Errors
    /// Where it is no such text.
    pub fn parse(text: &str) -> Result<Self, InvalidProviderDomain> {
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if text.len() <= 200 && text.split('.').all(is_label) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidProviderDomain(text.chars().take(200).collect()))
        }
    }

    /// Whether every name in it is loopback everywhere.
    pub(crate) fn is_loopback(&self) -> bool {
        self.0 == "localhost" || self.0.ends_with(".localhost")
    }
}

/// Whether a host is loopback on every machine: `localhost`, a name that ends in `.localhost` (RFC 6761), an address in
/// 127.0.0.0/8 in its usual form of four decimal numbers, or `[::1]`.
///
/// Names that merely resolve to loopback are not, and neither are other spellings of addresses: programs disagree about them.
fn is_loopback_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback());
    }
    let is_name = host == "localhost" || host.strip_suffix(".localhost").is_some_and(|name| !name.is_empty());
    is_name || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
}

impl PublicUrl {
    /// Reads a URL of scheme `https` or `http`; a slash at its end is dropped. `https://localhost` is also reached as
    /// `https://127.0.0.1` and the reverse.
    ///
    /// # Errors
    /// Where it is no such URL.
    pub fn parse(text: &str) -> Result<Self, InvalidPublicUrl> {
        let invalid = || InvalidPublicUrl(text.chars().take(200).collect());
        let url = text.trim_end_matches('/');
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        let default_port = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => 443,
            Some(scheme) if *scheme == Scheme::HTTP => 80,
            _ => return Err(invalid()),
        };
        let authority = uri.authority().ok_or_else(invalid)?;
        if uri.query().is_some() || url.contains(['#', '@']) || url.chars().any(char::is_uppercase) {
            return Err(invalid());
        }
        let port = authority.port_u16().unwrap_or(default_port);
        let host = authority.host().to_owned();
        let alias = match host.as_str() {
            "localhost" => Some("127.0.0.1"),
            "127.0.0.1" => Some("localhost"),
            _ => None,
        };
        let mut authorities = vec![(host, port)];
        authorities.extend(alias.map(|alias| (alias.to_owned(), port)));
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { url: url.to_owned(), authorities, default_port, path })
    }

    /// The URL of something below this one; `path` begins with a slash.
    pub(crate) fn below(&self, path: &str) -> Self {
        Self {
            url: format!("{}{path}", self.url),
            authorities: self.authorities.clone(),
            default_port: self.default_port,
            path: format!("{}{path}", self.path),
        }
    }

    /// The URL of a host below a domain, with this one's scheme and port.
    pub(crate) fn in_domain(&self, name: &str, domain: &ProviderDomain) -> Self {
        let (scheme, _) = self.url.split_once("://").unwrap_or(("https", ""));
        let (host, port) = (format!("{name}.{}", domain.0), self.port());
        let shown = if port == self.default_port { String::new() } else { format!(":{port}") };
        Self {
            url: format!("{scheme}://{host}{shown}"),
            authorities: vec![(host, port)],
            default_port: self.default_port,
            path: String::new(),
        }
    }

    /// What stands before the domain in a request's host, where port and the rest are as in [`PublicUrl::in_domain`].
    pub(crate) fn name_in_domain(&self, authority: Option<&Authority>, domain: &ProviderDomain) -> Option<String> {
        let authority = authority?;
        let host = authority.host().to_ascii_lowercase();
        let is_port = authority.port_u16().unwrap_or(self.default_port) == self.port();
        let name = host.strip_suffix(&domain.0)?.strip_suffix('.')?;
        (is_port && !name.is_empty()).then(|| name.to_owned())
    }

    fn port(&self) -> u16 {
        self.authorities.first().map_or(self.default_port, |(_, port)| *port)
    }

    /// The URL without a slash at its end: the issuer of tokens.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The host, for a certificate.
    pub fn host(&self) -> &str {
        self.authorities.first().map_or("", |(host, _)| host)
    }

    /// Whether its host is loopback on every machine, so that nobody else can be sent there.
    pub fn is_loopback(&self) -> bool {
        is_loopback_host(self.host())
    }

    /// The path within the API, where the request is for this provider; case does not matter.
    pub(crate) fn path_within(&self, authority: Option<&Authority>, path: &str) -> Option<String> {
        let authority = authority?;
        let host = authority.host().to_ascii_lowercase();
        let port = authority.port_u16().unwrap_or(self.default_port);
        self.authorities.iter().find(|(ours, our_port)| *ours == host && *our_port == port)?;
        let path = path.to_ascii_lowercase();
        let within = path.strip_prefix(&self.path)?;
        (within.is_empty() || within.starts_with('/')).then(|| within.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(url: &str, authority: &str, path: &str) -> Option<String> {
        PublicUrl::parse(url).unwrap().path_within(authority.parse().ok().as_ref(), path)
    }

    #[test]
    fn a_request_is_for_the_provider_by_authority_and_path() {
        assert_eq!(reached("https://localhost:8443", "localhost:8443", "/Certs").as_deref(), Some("/certs"));
        assert_eq!(reached("https://localhost:8443/", "127.0.0.1:8443", "/certs").as_deref(), Some("/certs"));
        assert_eq!(reached("https://a.example/p/x", "A.EXAMPLE:443", "/p/x/certs").as_deref(), Some("/certs"));
        assert_eq!(reached("https://a.example/p/x", "a.example", "/p/xy/certs"), None);
        assert_eq!(reached("https://a.example", "b.example", "/certs"), None);
        assert_eq!(reached("https://localhost:8443", "localhost", "/certs"), None);
        assert_eq!(PublicUrl::parse("https://localhost").unwrap().path_within(None, "/certs"), None);
    }

    #[test]
    fn a_provider_has_a_name_in_a_domain() {
        let domain = ProviderDomain::parse("attest.example").unwrap();
        for (url, expected, authority) in [
            ("https://a.example", "https://one.attest.example", "ONE.attest.example"),
            ("https://a.example:8443", "https://one.attest.example:8443", "one.attest.example:8443"),
            ("http://a.example", "http://one.attest.example", "one.attest.example:80"),
        ] {
            let url = PublicUrl::parse(url).unwrap();
            let one = url.in_domain("one", &domain);
            assert_eq!(one.as_str(), expected);
            let authority: Authority = authority.parse().unwrap();
            assert_eq!(url.name_in_domain(Some(&authority), &domain).as_deref(), Some("one"));
            assert_eq!(one.path_within(Some(&authority), "/certs").as_deref(), Some("/certs"));
        }
        let url = PublicUrl::parse("https://a.example").unwrap();
        for other in ["attest.example", ".attest.example", "oneattest.example", "one.attest.example:8443", "a.example"]
        {
            let found = other.parse().ok().and_then(|other| url.name_in_domain(Some(&other), &domain));
            assert_eq!(found, None, "{other}");
        }
        for wrong in ["", ".", "a..b", "*.example", "A.example", "a.example/", "a.example:1"] {
            assert!(ProviderDomain::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_hosts_that_are_loopback_everywhere_are_loopback() {
        let is_loopback = |host: &str| PublicUrl::parse(&format!("https://{host}:8443/p")).unwrap().is_loopback();
        for host in
            ["localhost", "a.localhost", "a.b.localhost", "127.0.0.1", "127.9.8.7", "[::1]", "[0:0:0:0:0:0:0:1]"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.evil.com",
            "127.0.0.1.nip.io",
            "evil-localhost",
            "xlocalhost",
            "localhost.",
            ".localhost",
            "localhost.localdomain",
            "attest.example",
            "0.0.0.0",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::7f00:1]",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.1",
            "127.0.0.01",
            "127.0.0.1.",
            "128.0.0.1",
            "10.0.0.1",
            "169.254.1.1",
        ] {
            // What the parser refuses is no address of a service at all.
            let url = PublicUrl::parse(&format!("https://{host}:8443/p"));
            assert!(!url.is_ok_and(|url| url.is_loopback()), "{host}");
        }
        let is_loopback = |domain: &str| ProviderDomain::parse(domain).unwrap().is_loopback();
        assert!(is_loopback("localhost") && is_loopback("attest.localhost"));
        for domain in ["localhost.evil.com", "notlocalhost", "attest.example", "127.0.0.1", "localhost.localdomain"] {
            assert!(!is_loopback(domain), "{domain}");
        }
    }

    #[test]
    fn rejects_what_cannot_be_an_issuer() {
        for text in ["", "localhost", "ftp://a", "https://a?x", "https://a#x", "https://u@a", "https://A.example"] {
            assert!(PublicUrl::parse(text).is_err(), "{text}");
        }
    }
}
