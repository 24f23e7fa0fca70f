//! What a service answers: bytes, JSON, or a refusal.

use fetch::{Address, FetchError, Request};
use http::StatusCode;
use serde_json::Value;

use crate::error::{Refusal, ServiceError};

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 4 << 20;

/// Sends a request and returns the status and the JSON of the answer. An empty answer is `null`.
pub(crate) async fn json(request: Request, url: &Address) -> Result<(StatusCode, Value), ServiceError> {
    let (status, answer) = bytes(request, url).await?;
    if answer.is_empty() && status.is_success() {
        return Ok((status, Value::Null));
    }
    let answer = serde_json::from_slice(&answer)
        .map_err(|_| not_understood(url.to_string(), &format!("{status} without JSON")))?;
    Ok((status, answer))
}

/// Sends a request and returns the status and the body of the answer.
pub(crate) async fn bytes(request: Request, url: &Address) -> Result<(StatusCode, Vec<u8>), ServiceError> {
    let answer = request.send(MAX_ANSWER).await.map_err(|error| match error {
        FetchError::TooLong { .. } => not_understood(url.to_string(), "its answer is too long"),
        FetchError::Encoded { .. } => not_understood(url.to_string(), "its answer is compressed"),
        // Its own layer only says that this URL cannot be fetched.
        FetchError::Transport { source, .. } => {
            ServiceError::Unreachable { url: url.to_string(), source: source.into() }
        }
        error => ServiceError::Unreachable { url: url.to_string(), source: error.into() },
    })?;
    Ok((answer.status, answer.body))
}

/// The text at a JSON pointer (RFC 6901).
pub(crate) fn text<'a>(answer: &'a Value, pointer: &str) -> Option<&'a str> {
    answer.pointer(pointer).and_then(Value::as_str)
}

pub(crate) fn refused(url: &Address, status: StatusCode, answer: &Value, is_verdict: bool) -> ServiceError {
    let (Some(code), Some(message)) = (text(answer, "/error/code"), text(answer, "/error/message")) else {
        return not_understood(url.to_string(), &format!("{status} without token or error"));
    };
    ServiceError::Refused(Refusal {
        status,
        code: code.to_owned(),
        detail: text(answer, "/error/innererror/code").unwrap_or(code).to_owned(),
        message: message.to_owned(),
        is_verdict,
    })
}

pub(crate) fn not_understood(url: String, what: &str) -> ServiceError {
    ServiceError::NotUnderstood { url, what: what.to_owned() }
}
