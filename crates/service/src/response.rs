//! Answers in the shape of the Azure Attestation API.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use problem::Problem;
use serde::Serialize;
use serde_json::json;
use store::StoreError;
use web::Refusal;

use attestation::AccessError;
use attestation::AdministrationError;
use attestation::AttestError;
use attestation::BadRequest;
use attestation::ControlError;
use attestation::RevocationError;
use problem::chain;

/// A refusal: status, Azure's code, our finer code, a message, and help.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    message: Box<str>,
    help: Cow<'static, str>,
    /// The error with its causes, of what fails inside the service: for the log.
    causes: Option<Box<str>>,
    /// Seconds to wait.
    retry_after: Option<i64>,
    /// Whether the body is the message alone, in the quotes of JSON.
    is_bare: bool,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
        message: impl Into<Box<str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (detail, message, help) = (detail.into(), message.into(), help.into());
        Self { status, code, detail, message, help, causes: None, retry_after: None, is_bare: false }
    }

    /// The refusal that an error of the domain is answered with. The causes of what fails inside the service go to the log alone.
    pub(crate) fn of(status: StatusCode, code: &'static str, error: &dyn Problem) -> Self {
        let causes = chain(error);
        let (message, causes) =
            if status.is_server_error() { (error.to_string(), Some(causes.into())) } else { (causes, None) };
        Self { causes, ..Self::new(status, code, error.code(), message, error.help().into_owned()) }
    }

    /// The same, with other help.
    pub(crate) fn with_help(self, help: &'static str) -> Self {
        Self { help: help.into(), ..self }
    }

    /// The same in the form that it had in the API of 2018.
    pub(crate) fn of_2018(mut self) -> Self {
        self.is_bare = self.status == StatusCode::UNAUTHORIZED;
        self
    }

    /// The same, to be tried again after so many seconds.
    pub(crate) fn retry_after(self, seconds: i64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The same, to be tried again in a second if the service is busy.
    pub(crate) fn retry_if_unavailable(self) -> Self {
        if self.status == StatusCode::SERVICE_UNAVAILABLE { self.retry_after(1) } else { self }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let message = format!("{}; {}", self.message, self.help);
        let body = if self.is_bare {
            json!(message)
        } else {
            json!({"error": {
                "code": self.code,
                "message": message,
                "innererror": {"code": self.detail, "message": message},
            }})
        };
        let mut response = (self.status, json_body(&body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let causes = self.causes.or_else(|| self.status.is_server_error().then_some(self.message));
        // The log's word of it: the body is not read for that.
        response.extensions_mut().insert(Refusal { code: self.detail, causes });
        response
    }
}

impl From<BadRequest> for ApiError {
    fn from(error: BadRequest) -> Self {
        Self::of(StatusCode::BAD_REQUEST, "InvalidParameter", &error)
    }
}

impl From<AttestError> for ApiError {
    fn from(error: AttestError) -> Self {
        let status = match error {
            AttestError::PolicyBusy | AttestError::Stale => StatusCode::SERVICE_UNAVAILABLE,
            AttestError::Keys(_) | AttestError::Issue(_) | AttestError::Interrupted => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            _ => StatusCode::BAD_REQUEST,
        };
        let refusal = Self::of(status, error.azure_code(), &error);
        if matches!(error, AttestError::PolicyBusy) { refusal.retry_after(1) } else { refusal }
    }
}

impl From<AdministrationError> for ApiError {
    fn from(error: AdministrationError) -> Self {
        let status = match &error {
            AdministrationError::NoSuchChange { .. } => StatusCode::NOT_FOUND,
            AdministrationError::Store(error) => status_of(error),
            AdministrationError::Issue(_) | AdministrationError::Keys(_) | AdministrationError::Interrupted => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            AdministrationError::PolicyBusy => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        let refusal = Self::of(status, error.azure_code(), &error);
        if matches!(error, AdministrationError::PolicyBusy) { refusal.retry_after(1) } else { refusal }
    }
}

impl From<ControlError> for ApiError {
    fn from(error: ControlError) -> Self {
        let status = match &error {
            ControlError::Missing(_) | ControlError::UnknownKey(_) => StatusCode::NOT_FOUND,
            ControlError::Exists(_) | ControlError::DefaultStays => StatusCode::CONFLICT,
            ControlError::Store(error) => status_of(error),
            ControlError::Keys(_) | ControlError::Unusable => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::of(status, error.azure_code(), &error)
    }
}

impl From<RevocationError> for ApiError {
    fn from(error: RevocationError) -> Self {
        let (status, code) = match &error {
            RevocationError::Store(error) => (status_of(error), "InternalError"),
            RevocationError::Id => (StatusCode::BAD_REQUEST, "InvalidParameter"),
            RevocationError::TooMany | RevocationError::TooManyByBearers => (StatusCode::CONFLICT, "Conflict"),
        };
        Self::of(status, code, &error)
    }
}

impl ApiError {
    /// Why a caller is not let in to `what`.
    pub(crate) fn of_access(error: &AccessError, what: &str) -> Self {
        let (status, code) = match error {
            AccessError::NoToken
            | AccessError::TokenRefused(_)
            | AccessError::BearerRefused(_)
            | AccessError::ClientRefused => (StatusCode::UNAUTHORIZED, "Unauthorized"),
            AccessError::NoRole { .. } => (StatusCode::FORBIDDEN, "Forbidden"),
            AccessError::TooManyFailures { .. } => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequests"),
            AccessError::Store(_) | AccessError::Random | AccessError::IssuerUnreachable { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "InternalError")
            }
        };
        let message = match error {
            // Azure's words, for they are what people search for.
            AccessError::NoToken => format!("Access to {what} requires a valid JWT bearer token"),
            AccessError::TokenRefused(why) => {
                format!("Access to {what} requires a valid JWT bearer token, and this one is refused: {why}")
            }
            AccessError::BearerRefused(why) => {
                format!("Access to {what} requires a valid JWT bearer token, and this one is refused: {}", chain(why))
            }
            AccessError::NoRole { .. } => format!("{error}, and {what} requires one"),
            other => other.to_string(),
        };
        let refusal = Self { message: message.into(), ..Self::of(status, code, error) };
        match error {
            AccessError::TooManyFailures { retry_after } => refusal.retry_after(*retry_after),
            _ => refusal,
        }
    }
}

/// Who loses to somebody else may try again; a store that fails is not the caller's fault.
pub(crate) fn status_of(error: &StoreError) -> StatusCode {
    match error {
        StoreError::UnknownProvider | StoreError::UnknownSigningKey => StatusCode::NOT_FOUND,
        StoreError::Exists(_) | StoreError::Changed(_) | StoreError::Full(_) => StatusCode::CONFLICT,
        StoreError::Last(_) | StoreError::Used { .. } => StatusCode::BAD_REQUEST,
        StoreError::Newer { .. }
        | StoreError::Scheme
        | StoreError::Parameter
        | StoreError::Url
        | StoreError::Unanswered
        | StoreError::Database(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// A JSON body with the content type that Azure's service has.
pub(crate) fn json_body(body: &impl Serialize) -> Response {
    match serde_json::to_string(body) {
        Ok(text) => json_text(text),
        Err(error) => {
            tracing::error!(%error, "answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The same of a text that is JSON.
pub(crate) fn json_text(text: String) -> Response {
    let content_type = HeaderValue::from_static("application/json; charset=utf-8");
    ([(header::CONTENT_TYPE, content_type)], text.into_bytes()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_whose_policies_are_busy_is_told_when_to_come_again() {
        for refusal in [ApiError::from(AttestError::PolicyBusy), ApiError::from(AdministrationError::PolicyBusy)] {
            let response = refusal.into_response();
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()[header::RETRY_AFTER], "1");
            assert_eq!(response.extensions().get::<Refusal>().unwrap().code, "policy_busy");
        }
    }
}
