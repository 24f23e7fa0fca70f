//! Where a provider is reached, and what its tokens call their issuer.

use axum::http::Uri;
use axum::http::uri::{Authority, Scheme};

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

    /// The URL without a slash at its end: the issuer of tokens.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The host, for a certificate.
    pub fn host(&self) -> &str {
        self.authorities.first().map_or("", |(host, _)| host)
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
    fn rejects_what_cannot_be_an_issuer() {
        for text in ["", "localhost", "ftp://a", "https://a?x", "https://a#x", "https://u@a", "https://A.example"] {
            assert!(PublicUrl::parse(text).is_err(), "{text}");
        }
    }
}
