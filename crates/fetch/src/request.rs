//! One request and its answer.

use http::header::CONTENT_ENCODING;
use http::{HeaderMap, StatusCode};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use crate::address::Address;
use crate::error::FetchError;
use crate::excerpt;

/// A request that was not sent yet. A header or body that HTTP does not allow becomes an error of [`Request::send`].
#[must_use]
#[derive(Debug)]
pub struct Request {
    request: RequestBuilder,
    address: Address,
}

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body as it was sent.
    pub body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(request: RequestBuilder, address: Address) -> Self {
        Self { request, address }
    }

    /// Adds a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Authenticates with a bearer token.
    pub fn bearer_auth(self, token: &str) -> Self {
        Self { request: self.request.bearer_auth(token), ..self }
    }

    /// Authenticates with a name and a secret (RFC 7617).
    pub fn basic_auth(self, name: &str, secret: &str) -> Self {
        Self { request: self.request.basic_auth(name, Some(secret)), ..self }
    }

    /// Sends this JSON.
    pub fn json(self, body: &Value) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    /// Sends this text.
    pub fn body(self, body: String) -> Self {
        Self { request: self.request.body(body), ..self }
    }

    /// Sends the request and reads an answer whose body has at most `limit` bytes.
    ///
    /// # Errors
    /// [`FetchError::Transport`], [`FetchError::Encoded`] and [`FetchError::TooLong`].
    pub async fn send(self, limit: usize) -> Result<Answer, FetchError> {
        let Self { request, address } = self;
        let response = request.send().await.map_err(|source| failed(&address, source))?;
        let status = response.status();
        Ok(Answer { status, body: read_body(response, &address, limit).await? })
    }

    /// Sends the request and reads the body of an answer whose status is 200. Redirects are not followed, so they are an error.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn send_for_ok(self, limit: usize) -> Result<Vec<u8>, FetchError> {
        let Self { request, address } = self;
        let response = request.send().await.map_err(|source| failed(&address, source))?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status { url: address.to_string(), status: response.status().as_u16() });
        }
        read_body(response, &address, limit).await
    }
}

fn failed(address: &Address, source: reqwest::Error) -> FetchError {
    FetchError::Transport { url: address.to_string(), source: source.without_url() }
}

/// Reads a body, and stops as soon as it exceeds the limit.
async fn read_body(mut response: Response, address: &Address, limit: usize) -> Result<Vec<u8>, FetchError> {
    if let Some(encoding) = content_encoding(response.headers()) {
        return Err(FetchError::Encoded { url: address.to_string(), encoding });
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|source| failed(address, source))? {
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(FetchError::TooLong { url: address.to_string(), limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Returns the first content coding that is not `identity`.
fn content_encoding(headers: &HeaderMap) -> Option<String> {
    let encodings = headers.get_all(CONTENT_ENCODING).iter();
    let mut others = encodings.filter(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    others.next().map(|encoding| excerpt(&String::from_utf8_lossy(encoding.as_bytes())))
}
