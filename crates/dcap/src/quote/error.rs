//! Why bytes are no quote that this crate can judge.

use std::borrow::Cow;

use problem::Problem;

use crate::quote::tee::Tee;

/// More bytes than any quote in use has (about 5,000, and 8,000 with padding).
pub const MAX_QUOTE: usize = 64 << 10;
/// More authentication data than any quoting enclave adds (32 bytes).
pub const MAX_AUTH_DATA: usize = 1024;

/// Why bytes are no quote that this crate can judge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// Longer than [`MAX_QUOTE`].
    #[error("quote of {0} bytes is longer than {MAX_QUOTE}")]
    TooLong(usize),
    /// It ends inside the named part.
    #[error("quote ends inside its {0}")]
    Truncated(&'static str),
    /// A quote of the EPID scheme, versions 1 and 2, or a later version with an EPID key.
    #[error("quote is of the EPID scheme")]
    Epid,
    /// A version that is not known.
    #[error("quote has version {0}, not 3, 4 or 5")]
    Version(u16),
    /// A P-384 attestation key.
    #[error("quote has a P-384 attestation key (key type 3)")]
    P384Key,
    /// An attestation key that is not known.
    #[error("quote has attestation key type {0}, not 2 (ECDSA P-256)")]
    KeyType(u16),
    /// A TEE that is not known, or not in this version.
    #[error("quote of version {version} has TEE type {tee_type:#x}")]
    TeeType {
        /// Version of the quote.
        version: u16,
        /// TEE type in the header.
        tee_type: u32,
    },
    /// Not Intel's quoting enclave.
    #[error("quote's QE vendor id is not Intel's")]
    VendorId,
    /// Version 5: a body that is not known or does not belong to the TEE.
    #[error("quote has body type {body_type} for {tee}")]
    BodyType {
        /// Body type in the descriptor.
        body_type: u16,
        /// TEE in the header.
        tee: Tee,
    },
    /// Version 5: a body of another size than its type has.
    #[error("quote's body of type {body_type} claims {claimed} bytes")]
    BodySize {
        /// Body type in the descriptor.
        body_type: u16,
        /// Size in the descriptor.
        claimed: u32,
    },
    /// Versions 4 and 5: the outer certification data is not a QE report.
    #[error("quote's outer certification data has type {0}, not 6 (QE report)")]
    OuterCertification(u16),
    /// Certification data of an unknown type, or type 6 within itself.
    #[error("quote's certification data has type {0}, not 1 to 5")]
    Certification(u16),
    /// A part claims another length than it has.
    #[error("quote's {0} has a length that does not fit")]
    Length(&'static str),
    /// More authentication data than [`MAX_AUTH_DATA`].
    #[error("quote has {0} bytes of authentication data, more than {MAX_AUTH_DATA}")]
    AuthDataTooLong(usize),
    /// Something other than zero padding after the quote.
    #[error("quote is followed by {count} bytes, {not_zero} of them not zero; only zero padding may follow")]
    TrailingBytes {
        /// How many bytes follow.
        count: usize,
        /// How many of them are not zero.
        not_zero: usize,
    },
}

impl Problem for QuoteError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::TooLong(_) => "quote_too_long",
            Self::Truncated(_) => "quote_truncated",
            Self::Epid => "quote_is_epid",
            Self::Version(_) => "quote_version_unknown",
            Self::P384Key => "quote_key_p384_unsupported",
            Self::KeyType(_) => "quote_key_type_unknown",
            Self::TeeType { .. } => "quote_tee_type_unknown",
            Self::VendorId => "quote_vendor_unknown",
            Self::BodyType { .. } => "quote_body_type_unknown",
            Self::BodySize { .. } => "quote_body_size_wrong",
            Self::OuterCertification(_) | Self::Certification(_) => "quote_certification_type_unknown",
            Self::Length(_) => "quote_length_wrong",
            Self::AuthDataTooLong(_) => "quote_auth_data_too_long",
            Self::TrailingBytes { .. } => "quote_trailing_bytes",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Epid => {
                "Intel closed the EPID attestation service in 2025 and only it could verify such quotes; \
                 make an ECDSA quote on a platform with flexible launch control"
            }
            Self::AuthDataTooLong(_) => "Intel's quoting enclaves add 32 bytes; the quote is not from one of them",
            Self::P384Key => "no quoting enclave makes such quotes yet; use ECDSA P-256",
            Self::Truncated(_) | Self::Length(_) | Self::TrailingBytes { .. } | Self::TooLong(_) => {
                "pass the quote exactly as the quoting library returned it, in binary, hex or base64"
            }
            _ => "`veritee inspect` shows what the file is",
        };
        text.into()
    }
}
