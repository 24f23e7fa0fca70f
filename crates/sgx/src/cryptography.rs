//! The failure of the cryptographic library.

use std::borrow::Cow;

use problem::Problem;

/// The cryptographic library failed: it gave no signature, key or randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cryptographic library failed")]
pub struct CryptographyError;

impl Problem for CryptographyError {
    fn code(&self) -> Cow<'static, str> {
        "cryptography_failed".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "try again; if it persists, the system gives no randomness".into()
    }
}

impl From<aws_lc_rs::error::Unspecified> for CryptographyError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self
    }
}
