//! Why a request is refused.

use crate::error_code::ErrorCode;
use crate::quoting_enclave::QuoteError;

/// Why a request is refused: with which code, and the cause for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: ErrorCode,
    pub cause: String,
}

impl Refusal {
    pub const fn new(code: ErrorCode, cause: String) -> Self {
        Self { code, cause }
    }

    pub fn parameter(cause: impl Into<String>) -> Self {
        Self::new(ErrorCode::Parameter, cause.into())
    }

    /// Where the quote is longer than the buffer that the client has for it.
    pub fn too_small(room: u32, needed: impl std::fmt::Display) -> Self {
        Self::parameter(format!("buffer for the quote has {room} bytes, and {needed} are needed"))
    }
}

impl From<QuoteError> for Refusal {
    fn from(error: QuoteError) -> Self {
        Self::new(error.error_code(), format!("{error} ({:#06x})", error.quote3_error()))
    }
}
