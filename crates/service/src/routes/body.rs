//! Bodies of requests, as they come.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;

use crate::administration::AdministrationError;
use crate::response::ApiError;

/// Bytes of a request body. A quote with its certificates has about 5,000.
pub const MAX_BODY: usize = 2 << 20;
/// Bytes beyond that which are read and thrown away before the connection is closed.
const MAX_THROWN_AWAY: usize = 16 << 20;
/// The deepest wrapper of a JWS.
const MAX_DEPTH: usize = 4;

/// Reads at most [`MAX_BODY`] bytes. Compressed bodies are refused: a small one can become large.
///
/// What is too long is read on for a while and thrown away: a client that is still sending would not hear the answer.
pub(super) async fn read(headers: &HeaderMap, mut body: Body) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    let mut thrown_away: usize = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            let (message, help) = ("request body broke off", "send the whole body");
            ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameter", "body_incomplete", message, help)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if thrown_away == 0 && bytes.len().saturating_add(data.len()) <= MAX_BODY {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
            thrown_away = thrown_away.saturating_add(data.len());
        }
        if thrown_away > MAX_THROWN_AWAY {
            break;
        }
    }
    if thrown_away > 0 {
        let message = format!("request body is longer than {MAX_BODY} bytes");
        let help = "a quote with its certificates has about 5,000 bytes";
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "InvalidParameter", "body_too_long", message, help));
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "InvalidParameter",
            "body_compressed",
            "request body is compressed",
            "send the body without Content-Encoding",
        ));
    }
    Ok(bytes)
}

/// A field of a form; one that is there twice is none (RFC 6749, section 3.2).
pub(super) fn field(form: &[u8], name: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(form).filter(|(key, _)| key == name).map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none()).map(std::borrow::Cow::into_owned)
}

/// The JWS in a body: as it is, in the quotes of JSON, or as the one member of an object. Which of them the first byte tells.
pub(super) async fn jws(headers: &HeaderMap, body: Body) -> Result<String, ApiError> {
    let refused = || ApiError::from(AdministrationError::Body);
    let text = String::from_utf8(read(headers, body).await?).map_err(|_| refused())?;
    let text = text.trim();
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
