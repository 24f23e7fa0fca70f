//! Errors of fetching an issuer's keys.

use std::borrow::Cow;

use fetch::FetchError;
use jose::JwksError;
use problem::Problem;

/// Why the keys of an issuer could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// The address is invalid, or its answer cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The metadata is not strict JSON with `issuer` and `jwks_uri`.
    #[error("the metadata at `{url}` is malformed")]
    Metadata {
        /// The address.
        url: String,
        /// What is wrong with it.
        source: strict_json::Error,
    },
    /// The metadata names another issuer.
    #[error("the metadata names the issuer `{found}`, expected `{expected}`")]
    Issuer {
        /// The metadata's `issuer`.
        found: String,
        /// The issuer asked for.
        expected: String,
    },
    /// `jwks_uri` has another scheme, host or port than the issuer.
    #[error("the metadata has the `jwks_uri` `{url}`, which does not have the issuer's scheme, host and port")]
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
                "check the issuer's address"
            }
            Self::Fetch(error) => return error.help(),
            Self::Issuer { .. } => "spell the issuer exactly as its tokens do in `iss`",
            Self::ForeignKeys { .. } => {
                "ask the issuer's operator to publish the keys at the issuer's own address, or configure the address of the keys where there is a setting for it"
            }
        }
        .into()
    }
}
