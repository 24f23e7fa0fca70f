//! Why a caller is not let in.

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
    /// Client id and secret do not belong together.
    #[error("client is unknown, its secret is wrong, or it has expired")]
    ClientRefused,
    /// Too many were refused that came from the same address.
    #[error("too many requests with wrong credentials came from this address")]
    TooManyFailures {
        /// Seconds until the next one is heard.
        retry_after: i64,
    },
    /// The store could not be asked.
    #[error("store cannot be asked")]
    Store(#[from] StoreError),
}

impl AccessError {
    /// A stable name of the fault.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "bearer_token_missing",
            Self::TokenRefused(_) => "bearer_token_refused",
            Self::ClientRefused => "client_refused",
            Self::TooManyFailures { .. } => "too_many_failures",
            Self::Store(_) => "store_failed",
        }
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::NoToken | Self::TokenRefused(_) => {
                "send an access token from /oauth2/token, or the administrator's, which lies in the file admin-token of the \
                 data directory"
            }
            Self::ClientRefused => "make a client with `veritee token create`",
            Self::TooManyFailures { .. } => "wait, and send credentials that are good",
            Self::Store(_) => "try again; the service's log says what is wrong",
        }
    }
}
