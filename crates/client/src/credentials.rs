//! What a client authenticates with.

use std::fmt;

use serde_json::Value;
use zeroize::Zeroizing;

/// What a client authenticates with: a bearer token, or a client of the service's own issuer.
#[derive(Clone)]
pub struct Credentials(pub(crate) Kind);

#[derive(Clone)]
pub(crate) enum Kind {
    Bearer(Zeroizing<String>),
    Client { id: String, secret: Zeroizing<String> },
}

impl Credentials {
    /// Reads the contents of a token file: a bearer token, or JSON with `clientId` and `clientSecret`. Returns none if they are
    /// neither.
    pub fn parse(contents: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(contents).unwrap_or_default().trim();
        if !text.starts_with('{') {
            let is_token = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            return is_token.then(|| Self(Kind::Bearer(Zeroizing::new(text.to_owned()))));
        }
        let mut client: Value = serde_json::from_str(text).ok()?;
        let mut take = |member: &str| match client.get_mut(member).map(Value::take) {
            Some(Value::String(text)) => Some(Zeroizing::new(text)),
            _ => None,
        };
        let (id, secret) = (take("clientId"), take("clientSecret"));
        Some(Self(Kind::Client { id: id?.as_str().to_owned(), secret: secret? }))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_file_holds_a_bearer_token_or_a_client() {
        let kind = |contents: &[u8]| match Credentials::parse(contents)?.0 {
            Kind::Bearer(token) => Some(format!("bearer {}", *token)),
            Kind::Client { id, secret } => Some(format!("client {id} {}", *secret)),
        };
        assert_eq!(kind(b" abc.def \n").as_deref(), Some("bearer abc.def"));
        assert_eq!(kind(br#"{"clientId": "a", "clientSecret": "b"}"#).as_deref(), Some("client a b"));
        let neither: [&[u8]; 7] = [
            b"",
            b" \n",
            b"two words",
            b"\xff",
            b"{",
            br#"{"clientId": "a"}"#,
            br#"{"clientId": 1, "clientSecret": "b"}"#,
        ];
        for contents in neither {
            assert_eq!(kind(contents), None, "{contents:?}");
        }
    }

    #[test]
    fn no_secret_is_printed() {
        let printed = |contents: &[u8]| format!("{:?}", Credentials::parse(contents).unwrap());
        assert_eq!(printed(b"topsecret"), "Credentials(..)");
        assert_eq!(printed(br#"{"clientId": "a", "clientSecret": "topsecret"}"#), "Credentials(..)");
    }
}
