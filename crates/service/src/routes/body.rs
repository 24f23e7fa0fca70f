//! Bodies of requests.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use web::{BodyError, Connection, Received};

use crate::response::ApiError;
use attestation::AdministrationError;

/// Bytes of a request body. A quote with its certificates has about 5,000.
pub const MAX_BODY: usize = 2 << 20;
/// Bytes beyond that which are read and thrown away before the connection is closed.
const MAX_THROWN_AWAY: usize = 16 << 20;
/// The deepest wrapper of a JWS.
const MAX_DEPTH: usize = 4;

/// Reads at most [`MAX_BODY`] bytes. Compressed bodies are refused: a small one can become large.
pub(super) async fn read(connection: &Connection, headers: &HeaderMap, body: Body) -> Result<Received, ApiError> {
    let received = connection.receive(body, MAX_BODY, MAX_THROWN_AWAY).await?;
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "InvalidParameter",
            "body_compressed",
            "request body is compressed",
            "send the body without Content-Encoding",
        ));
    }
    Ok(received)
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        let (status, code) = match error {
            BodyError::BrokeOff => (StatusCode::BAD_REQUEST, "InvalidParameter"),
            BodyError::TooLong(_) => (StatusCode::PAYLOAD_TOO_LARGE, "InvalidParameter"),
            BodyError::TooSlow { .. } => (StatusCode::REQUEST_TIMEOUT, "InvalidOperation"),
            BodyError::Exhausted(_) => (StatusCode::SERVICE_UNAVAILABLE, "ServerBusy"),
        };
        let refusal = Self::of(status, code, &error).retry_if_unavailable();
        match error {
            BodyError::TooLong(_) => refusal.with_help("a quote with its certificates has about 5,000 bytes"),
            _ => refusal,
        }
    }
}

/// A field of a form; one that is there twice is none (RFC 6749, section 3.2).
pub(super) fn field(form: &[u8], name: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(form).filter(|(key, _)| key == name).map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none()).map(std::borrow::Cow::into_owned)
}

/// The JWS in a body: as it is, in the quotes of JSON, or as the one member of an object. Which of them the first byte tells.
pub(super) fn jws(body: &[u8]) -> Result<String, ApiError> {
    let refused = || ApiError::from(AdministrationError::Body);
    let text = std::str::from_utf8(body).map_err(|_| refused())?.trim();
    let json = || strict_json::from_slice::<Value>(text.as_bytes(), MAX_DEPTH).map_err(|_| refused());
    match text.as_bytes().first() {
        Some(b'"') => match json()? {
            Value::String(jws) => Ok(jws),
            _ => Err(refused()),
        },
        Some(b'{') => match json()? {
            Value::Object(members) if members.len() == 1 => match members.into_iter().next() {
                Some((_, Value::String(jws))) => Ok(jws),
                _ => Err(refused()),
            },
            _ => Err(refused()),
        },
        _ => Ok(text.to_owned()),
    }
}
