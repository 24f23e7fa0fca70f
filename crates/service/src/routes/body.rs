//! Bodies of requests, as they come.

use std::ops::Deref;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::administration::AdministrationError;
use crate::response::ApiError;

/// Bytes of a request body. A quote with its certificates has about 5,000.
pub const MAX_BODY: usize = 2 << 20;
/// Bytes beyond that which are read and thrown away before the connection is closed.
const MAX_THROWN_AWAY: usize = 16 << 20;
/// The deepest wrapper of a JWS.
const MAX_DEPTH: usize = 4;

/// Bytes of all bodies that are in memory at once, in KiB: 32 of the longest, or thousands of the usual ones.
const ROOM_KIB: usize = 64 << 10;

/// One for the process, for it has one memory.
static ROOM: Semaphore = Semaphore::const_new(ROOM_KIB);

/// A body, whose room is free again when it goes.
pub(super) struct Received {
    bytes: Vec<u8>,
    room: Option<SemaphorePermit<'static>>,
}

impl Received {
    const fn new() -> Self {
        Self { bytes: Vec::new(), room: None }
    }

    /// Makes room before bytes are kept. Nobody waits for room: those that wait would hold what the others wait for.
    fn extend(&mut self, data: &[u8]) -> Result<(), ApiError> {
        let length = self.bytes.len().saturating_add(data.len());
        let held = self.room.as_ref().map_or(0, SemaphorePermit::num_permits);
        let more = u32::try_from(length.div_ceil(1024).saturating_sub(held)).unwrap_or(u32::MAX);
        let room = ROOM.try_acquire_many(more).map_err(|_| {
            let message = "too many large requests are being read";
            let help = "try again in a moment";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "ServerBusy", "body_memory_exhausted", message, help)
                .retry_after(1)
        })?;
        match &mut self.room {
            Some(held) => held.merge(room),
            None => self.room = Some(room),
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }
}

impl Deref for Received {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads at most [`MAX_BODY`] bytes. Compressed bodies are refused: a small one can become large.
///
/// What is too long is read on for a while and thrown away: a client that is still sending would not hear the answer.
pub(super) async fn read(headers: &HeaderMap, mut body: Body) -> Result<Received, ApiError> {
    let mut bytes = Received::new();
    let mut thrown_away: usize = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            let (message, help) = ("request body broke off", "send the whole body");
            ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameter", "body_incomplete", message, help)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if thrown_away == 0 && bytes.len().saturating_add(data.len()) <= MAX_BODY {
            bytes.extend(&data)?;
        } else {
            bytes = Received::new();
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
    let body = read(headers, body).await?;
    let text = std::str::from_utf8(&body).map_err(|_| refused())?.trim();
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
