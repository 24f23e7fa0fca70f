//! What a simulated service is asked, and what it answers: HTTP without any.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::build_error::BuildError;
use crate::key::random;
use crate::pki::{CERTIFICATE, PemStyle};

/// What a chain in a header has besides letters and digits, as Intel's service sends it.
const IN_HEADERS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// Without the query, such as `/sgx/certification/v4/tcb`.
    pub path: &'a str,
    /// Names and values, decoded.
    pub query: Vec<(String, String)>,
    /// Whether there is a subscription key in the header.
    pub has_subscription_key: bool,
    /// At most [`Request::MAX_BODY`] bytes.
    pub body: &'a [u8],
}

impl Request<'_> {
    /// More bytes than any manifest has in hexadecimal.
    pub const MAX_BODY: usize = 256 << 10;

    /// The value of a parameter that stands there once.
    pub(super) fn parameter(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.query.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Refusal::Syntax),
        }
    }

    /// The value of a parameter that has to be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.parameter(name)?.ok_or(Refusal::Syntax)
    }

    /// The bytes of a parameter in hexadecimal.
    pub(super) fn bytes<const N: usize>(&self, name: &str) -> Result<[u8; N], Refusal> {
        let mut bytes = [0; N];
        hex::decode_to_slice(self.required(name)?, &mut bytes).map_err(|_| Refusal::Syntax)?;
        Ok(bytes)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Of HTTP.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// What was asked for.
    pub body: Vec<u8>,
    /// How long the service takes to give it.
    pub delay: Duration,
}

impl Answer {
    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type", content_type.to_owned())];
        Self { status, headers, body: body.into(), delay: Duration::ZERO }
    }

    pub(super) fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "application/json", body)
    }

    pub(super) fn pem(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "application/x-pem-file", body)
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a chain in a header, escaped.
    pub(super) fn with_chain(self, name: &'static str, chain: &str) -> Self {
        self.with(name, escape(chain))
    }

    /// With an id of its own.
    pub(super) fn named(self) -> Result<Self, BuildError> {
        let id: [u8; 16] = random()?;
        Ok(self.with("Request-ID", hex::encode(id)))
    }
}

/// Certificates as headers and lists carry them.
pub(super) fn escape(pem: &str) -> String {
    utf8_percent_encode(pem, IN_HEADERS).to_string()
}

/// Certificates in PEM.
pub(super) fn pem<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> String {
    PemStyle::default().encode(certificates, CERTIFICATE)
}

/// Why a request is refused, in Intel's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Syntax,
    Manifest,
    Revoked,
    PackageNotFound,
    Unauthorized,
    NotFound,
    Gone,
}

impl Refusal {
    pub(super) fn answer(self) -> Answer {
        let bad = |code: &str, message: &str| {
            Answer::new(400, "text/plain", "").with("Error-Code", code).with("Error-Message", message)
        };
        match self {
            Self::Syntax => bad("InvalidRequestSyntax", "Invalid request parameters."),
            Self::Manifest => bad("InvalidPlatformManifest", "Platform manifest could not be read."),
            Self::Revoked => bad("InvalidOrRevokedPackage", "The platform's package is revoked."),
            Self::PackageNotFound => bad("PackageNotFound", "The package is not known."),
            Self::Unauthorized => Answer::new(401, "text/plain", ""),
            Self::NotFound => Answer::new(404, "text/plain", ""),
            Self::Gone => Answer::new(410, "text/plain", ""),
        }
    }
}
