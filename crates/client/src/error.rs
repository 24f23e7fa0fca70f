//! Why a service did not do what it was asked.

use std::borrow::Cow;
use std::error::Error;

use fetch::{ClientError, FetchError};
use http::StatusCode;
use oidc::discovery::DiscoveryError;
use problem::Problem;
use token::{RevocationError, TokenError};

/// Why a service did not do what it was asked. Texts that the service wrote are not sanitized: print them with `problem::untrusted`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The service's URL, or a path below it, is not an address that requests may be sent to.
    #[error(transparent)]
    Address(FetchError),
    /// The HTTPS client cannot be made, for example because the CA certificate cannot be read.
    #[error(transparent)]
    Setup(ClientError),
    /// The service did not answer, or not completely, or not in time.
    #[error("cannot reach `{url}`")]
    Unreachable {
        /// The address.
        url: String,
        /// What happened.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The answer is not one of an attestation service.
    #[error("`{url}` does not answer as an attestation service: {what}")]
    NotUnderstood {
        /// The address.
        url: String,
        /// What is wrong with the answer.
        what: String,
    },
    /// The service refused the request.
    #[error(transparent)]
    Refused(Refusal),
    /// The service gave no access token to a client of its own issuer.
    #[error("no access token: {}", .reason.as_deref().unwrap_or("the service does not say why"))]
    NoAccessToken {
        /// What the service says.
        reason: Option<String>,
    },
    /// The issuer's keys, or its list of revoked tokens, cannot be fetched.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// The list of revoked tokens is malformed, or another issuer's.
    #[error("invalid list of revoked tokens at `{url}`")]
    Revoked {
        /// The address.
        url: String,
        /// What is wrong with it.
        source: RevocationError,
    },
    /// The token is not one that the relying party accepts.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// A refusal by the service, as its answer states it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("service refused with {status} {code}: {message}")]
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    /// The code of the error.
    pub code: String,
    /// The code of the inner error, which says more; the code of the error if there is none.
    pub detail: String,
    /// The message of the error.
    pub message: String,
    /// Whether it judges what was sent. Otherwise the service, the way to it or the token is the cause.
    pub is_verdict: bool,
}

impl Problem for Refusal {
    /// Returns the service's own code.
    fn code(&self) -> Cow<'static, str> {
        self.detail.clone().into()
    }

    fn help(&self) -> Cow<'_, str> {
        if self.is_verdict { "" } else { "check the URL, the token and the state of the service" }.into()
    }
}

impl Problem for ServiceError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Address(error) => return error.code(),
            Self::Setup(error) => return error.code(),
            Self::Unreachable { .. } => "service_unreachable",
            Self::NotUnderstood { .. } => "service_not_understood",
            Self::Refused(refusal) => return refusal.code(),
            Self::NoAccessToken { .. } => "client_refused",
            Self::Discovery(error) => return error.code(),
            Self::Revoked { .. } => "fetch_revoked",
            Self::Token(error) => return error.code(),
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Address(error) => return error.help(),
            Self::Setup(error) => return error.help(),
            Self::Unreachable { .. } => "check that the service runs, and that the CA of its certificate is trusted",
            Self::NotUnderstood { .. } => "check the URL",
            Self::Refused(refusal) => return refusal.help(),
            Self::NoAccessToken { .. } => "make a client with `veritee token create`",
            Self::Discovery(error) => return error.help(),
            Self::Revoked { source, .. } => return source.help(),
            Self::Token(error) => return error.help(),
        }
        .into()
    }
}
