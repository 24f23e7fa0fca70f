//! Answers in the shape of the Azure Attestation API.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use crate::administration::AdministrationError;
use crate::attest::AttestError;
use crate::request::BadRequest;

/// A refusal: status, Azure's code, our finer code, a message, and help.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        detail: &str,
        message: impl Into<String>,
        help: &'static str,
    ) -> Self {
        Self { status, code, detail: detail.to_owned(), message: message.into(), help }
    }
}

/// What the request log says of a refusal; the body is not read for it.
#[derive(Clone, Debug)]
pub(crate) struct Refused(pub(crate) String);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let message = format!("{}; {}", self.message, self.help);
        let body = json!({"error": {
            "code": self.code,
            "message": message,
            "innererror": {"code": self.detail, "message": message},
        }});
        let mut response = (self.status, json_body(&body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(Refused(self.detail));
        response
    }
}

impl From<BadRequest> for ApiError {
    fn from(error: BadRequest) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidParameter", "request_malformed", error.to_string(), error.help())
    }
}

impl From<AttestError> for ApiError {
    fn from(error: AttestError) -> Self {
        if let AttestError::Issue(source) = &error {
            // Nothing of the inside leaves: the log has it.
            tracing::error!(error = %source, "token could not be issued");
        }
        let status = match error {
            AttestError::Issue(_) | AttestError::Interrupted => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.azure_code(), &error.code(), error.to_string(), error.help())
    }
}

impl From<AdministrationError> for ApiError {
    fn from(error: AdministrationError) -> Self {
        let status = match &error {
            AdministrationError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            AdministrationError::Issue(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        if status.is_server_error() {
            // Nothing of the inside leaves: the log has it.
            let source = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, source, "administration failed");
        }
        Self::new(status, error.azure_code(), error.code(), error.to_string(), error.help())
    }
}

/// A JSON body with the content type that Azure's service has.
pub(crate) fn json_body(body: &impl Serialize) -> Response {
    let content_type = HeaderValue::from_static("application/json; charset=utf-8");
    match serde_json::to_vec(body) {
        Ok(bytes) => ([(header::CONTENT_TYPE, content_type)], bytes).into_response(),
        Err(error) => {
            tracing::error!(%error, "answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
