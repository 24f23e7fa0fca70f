//! Why the metadata service gave no answer.

use std::borrow::Cow;

use fetch::{ClientError, FetchError};
use problem::Problem;

/// The longest answer that is read, in bytes.
pub const MAX_ANSWER: usize = 1 << 20;

/// Why there is no client of the metadata service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataClientError {
    /// The base address is invalid.
    #[error("the metadata service's address is no HTTP address without user, query and fragment")]
    Address(#[source] FetchError),
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl Problem for MetadataClientError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Address(_) => "metadata_address".into(),
            Self::Client(error) => error.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Address(_) => "give the base address alone, such as `http://169.254.169.254`".into(),
            Self::Client(error) => error.help(),
        }
    }
}

/// Why the metadata service gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// It did not answer, or the answer broke off or was compressed.
    #[error("the metadata service gave no answer")]
    Fetch(#[source] FetchError),
    /// It answered with another status than 200.
    #[error("the metadata service answered with status {0}")]
    Status(u16),
    /// Its answer is too long.
    #[error("the metadata service's answer has more than {MAX_ANSWER} bytes")]
    TooLong,
    /// Its answer is not the JSON that was asked for.
    #[error("the metadata service's answer is not what was asked for")]
    Json(#[source] strict_json::Error),
    /// The quote is not base64.
    #[error("the quote in the metadata service's answer is not base64")]
    Base64(#[source] base64::DecodeError),
    /// The quote is empty.
    #[error("the metadata service's answer carries no quote")]
    NoQuote,
}

impl Problem for MetadataError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Fetch(_) => "metadata_unreachable",
            Self::Status(_) => "metadata_status",
            Self::TooLong => "metadata_too_long",
            Self::Json(_) => "metadata_json",
            Self::Base64(_) => "metadata_quote_base64",
            Self::NoQuote => "metadata_no_quote",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Fetch(_) => {
                "check that this is a machine in Azure, and that its firewall lets it reach 169.254.169.254"
            }
            Self::Status(_) => {
                "check that this machine is a confidential one; try again later if the status is 429 or 5xx"
            }
            Self::TooLong | Self::Json(_) | Self::Base64(_) | Self::NoQuote => {
                "check that what answers there is Azure's metadata service, and not a proxy"
            }
        }
        .into()
    }
}
