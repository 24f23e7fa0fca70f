//! Why a caller is not let in.

use std::borrow::Cow;

use oidc::BearerError;
use problem::Problem;
use store::StoreError;

use crate::vault::VaultError;

/// Why nobody can be let in.
#[derive(Debug, thiserror::Error)]
pub enum OpenAccessError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key of access tokens does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The system gives no randomness.
    #[error("system gives no randomness")]
    Random,
}

impl Problem for OpenAccessError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Store(_) => "access_store_failed".into(),
            Self::Random => "randomness_unavailable".into(),
            Self::Vault(error) => error.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Store(_) => "check that the database can be reached and written".into(),
            Self::Random => "the cryptographic library gives no random numbers; start the service again".into(),
            Self::Vault(error) => error.help(),
        }
    }
}

/// Why a caller is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// There is no bearer token, or more than one.
    #[error("request carries no bearer token")]
    NoToken,
    /// The token is none of ours, or good no more.
    #[error("bearer token is refused: {0}")]
    TokenRefused(&'static str),
    /// The token is not one that a trusted issuer made for us, or good no more.
    #[error("bearer token is refused")]
    BearerRefused(#[from] BearerError),
    /// The token may be good, but there are no keys to verify it with.
    #[error("keys of `{issuer}` cannot be fetched")]
    IssuerUnreachable {
        /// Who issued the token, as it says.
        issuer: String,
    },
    /// The token is good, and gives no role here.
    #[error("{name} has no role here")]
    NoRole {
        /// Whose token it is.
        name: String,
    },
    /// Client id and secret do not belong together.
    #[error("client is unknown, its secret is wrong, or it has expired")]
    ClientRefused,
    /// Too many were refused that came from the same address.
    #[error("too many requests with wrong credentials came from this address")]
    TooManyFailures {
        /// Seconds until the next one is heard.
        retry_after: i64,
    },
    /// The system gives no randomness.
    #[error("system gives no randomness")]
    Random,
    /// The store could not be asked.
    #[error("store cannot be asked")]
    Store(#[from] StoreError),
}

impl Problem for AccessError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::NoToken => "bearer_token_missing",
            Self::TokenRefused(_) | Self::BearerRefused(_) => "bearer_token_refused",
            Self::IssuerUnreachable { .. } => "issuer_unreachable",
            Self::NoRole { .. } => "role_insufficient",
            Self::ClientRefused => "client_refused",
            Self::TooManyFailures { .. } => "too_many_failures",
            Self::Random => "randomness_unavailable",
            Self::Store(_) => "store_failed",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::NoToken | Self::TokenRefused(_) => {
                "send an access token from /oauth2/token or of an issuer that the service trusts, or the administrator's, which \
                 lies in the file admin-token of the data directory"
            }
            Self::BearerRefused(error) => return error.help(),
            Self::IssuerUnreachable { .. } => "try again; the service's log says what is wrong",
            Self::NoRole { .. } => {
                "ask the owner of the service for a rule that gives your tokens a role, or your issuer for its claim"
            }
            Self::ClientRefused => "make a client with `veritee token create`",
            Self::TooManyFailures { .. } => "wait, and send credentials that are good",
            Self::Random => "see why /dev/urandom of the service's machine does not work",
            Self::Store(_) => "try again; the service's log says what is wrong",
        };
        text.into()
    }
}
