//! Why something could not be built.

use std::borrow::Cow;

use problem::Problem;
use unix_time::UnixTime;

/// Why a certificate, CRL, signed document or quote could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// DER could not be written.
    #[error("value cannot be written as DER")]
    Der(#[from] der::Error),
    /// JSON could not be written.
    #[error("document cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// Outside the years 1970 to 9999.
    #[error("time `{0}` lies outside the years 1970 to 9999")]
    Time(UnixTime),
    /// A part of a quote is longer than its length field can say.
    #[error("{0} is longer than its length field can say")]
    TooLong(&'static str),
    /// The cryptographic library gave no key, signature or randomness.
    #[error("cryptographic library failed")]
    Cryptography,
}

impl Problem for BuildError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Der(_) => "build_der",
            Self::Json(_) => "build_json",
            Self::Time(_) => "build_time",
            Self::TooLong(_) => "build_too_long",
            Self::Cryptography => "cryptography_failed",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Der(_) | Self::Json(_) | Self::TooLong(_) => "shorten or correct the field that was changed",
            Self::Time(_) => "give a time from 1970 to 9999",
            Self::Cryptography => "try again; if it persists, the system gives no randomness",
        })
    }
}

impl From<sgx::CryptographyError> for BuildError {
    fn from(_: sgx::CryptographyError) -> Self {
        Self::Cryptography
    }
}

impl From<aws_lc_rs::error::Unspecified> for BuildError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Cryptography
    }
}
