//! Why an issuer's keys cannot be fetched.

use std::borrow::Cow;

use fetch::FetchError;
use jose::JwksError;
use problem::Problem;

/// Why the keys of an issuer could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// The address is not one of an issuer, or what it answers cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The metadata is not strict JSON with `issuer` and `jwks_uri`.
    #[error("the metadata at `{url}` is not that of an issuer")]
    Metadata {
        /// The address.
        url: String,
        /// What is wrong with it.
        source: strict_json::Error,
    },
    /// The metadata is another issuer's.
    #[error("the metadata is that of `{found}` instead of `{expected}`")]
    Issuer {
        /// The metadata's `issuer`.
        found: String,
        /// The issuer asked for.
        expected: String,
    },
    /// The keys are at another scheme, host or port.
    #[error("the metadata points to keys at `{url}`, which is not the issuer's own address")]
    ForeignKeys {
        /// The metadata's `jwks_uri`.
        url: String,
    },
    /// The key set is malformed.
    #[error("the key set at `{url}` is malformed")]
    Keys {
        /// The address.
        url: String,
        /// What is wrong with it.
        source: JwksError,
    },
}

impl Problem for DiscoveryError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Fetch(error) => return error.code(),
            Self::Metadata { .. } => "fetch_metadata",
            Self::Issuer { .. } => "fetch_issuer",
            Self::ForeignKeys { .. } => "fetch_foreign_keys",
            Self::Keys { .. } => "fetch_keys",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Fetch(FetchError::Address { .. }) => {
                "give the issuer's base address, such as `https://attest.example`"
            }
            Self::Fetch(FetchError::TooLong { .. }) | Self::Metadata { .. } | Self::Keys { .. } => {
                "check that the address is that of the issuer"
            }
            Self::Fetch(error) => return error.help(),
            Self::Issuer { .. } => "spell the issuer as its tokens do, in `iss`",
            Self::ForeignKeys { .. } => {
                "ask the issuer's operator to publish the keys at its own address, or name theirs where that can be configured"
            }
        }
        .into()
    }
}
