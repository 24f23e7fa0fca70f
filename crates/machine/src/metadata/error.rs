//! Why the metadata service gave no answer.

use std::borrow::Cow;

use problem::Problem;

/// The longest answer that is read, in bytes.
pub const MAX_ANSWER: usize = 1 << 20;

/// Why there is no client of the metadata service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataClientError {
    /// The base address is none.
    #[error("the metadata service's address is no HTTP address without user, query and fragment")]
    Address,
    /// The process has not chosen a rustls provider.
    #[error("no cryptographic provider for TLS is installed in this process")]
    NoProvider,
    /// The HTTP library could not be set up.
    #[error("the HTTP client cannot be made")]
    Build(#[source] reqwest::Error),
}

impl Problem for MetadataClientError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Address => "metadata_address",
            Self::NoProvider => "metadata_no_tls_provider",
            Self::Build(_) => "metadata_client",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Address => "give the base address alone, such as `http://169.254.169.254`",
            Self::NoProvider => "install a rustls provider when the program starts",
            Self::Build(_) => "check that the machine has root certificates",
        })
    }
}

/// Why the metadata service gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// It was not reached, or the connection broke.
    #[error("the metadata service was not reached")]
    Transport(#[source] reqwest::Error),
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
        Cow::Borrowed(match self {
            Self::Transport(_) => "metadata_unreachable",
            Self::Status(_) => "metadata_status",
            Self::TooLong => "metadata_too_long",
            Self::Json(_) => "metadata_malformed",
            Self::Base64(_) => "metadata_quote_not_base64",
            Self::NoQuote => "metadata_no_quote",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Transport(_) => {
                "check that this is a machine in Azure, and that its firewall lets it reach 169.254.169.254"
            }
            Self::Status(_) => {
                "check that this machine is a confidential one; try again later if the status is 429 or 5xx"
            }
            Self::TooLong | Self::Json(_) | Self::Base64(_) | Self::NoQuote => {
                "check that what answers there is Azure's metadata service, and not a proxy"
            }
        })
    }
}
