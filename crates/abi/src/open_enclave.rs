//! The Open Enclave report: a 16-byte header before a quote.

use std::borrow::Cow;

use problem::Problem;
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// What precedes the quote in an Open Enclave report, 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ReportHeader {
    /// Version of the framing, 1.
    pub version: U32,
    /// 1: local report, 2: remote report, that is, a quote.
    pub report_type: U32,
    /// Bytes that follow.
    pub report_size: U64,
}

impl ReportHeader {
    /// Size in bytes.
    pub const SIZE: usize = 16;
    /// [`ReportHeader::report_type`] of a report that carries a quote.
    pub const REMOTE: u32 = 2;
}

/// Why bytes are not an Open Enclave report with a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// Shorter than the header.
    #[error("open enclave report of {0} bytes is shorter than its header of 16 bytes")]
    Truncated(usize),
    /// Another version than 1.
    #[error("open enclave report has version {0}, not 1")]
    Version(u32),
    /// A local report, or nothing known.
    #[error("open enclave report has type {0}, not 2 (remote)")]
    Type(u32),
    /// The header claims another size than there is.
    #[error("open enclave report claims {claimed} bytes after its header, {actual} are there")]
    Size {
        /// Bytes the header claims.
        claimed: u64,
        /// Bytes that are there.
        actual: usize,
    },
}

impl Problem for FramingError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Truncated(_) => "framing_truncated",
            Self::Version(_) => "framing_version",
            Self::Type(_) => "framing_type",
            Self::Size { .. } => "framing_size",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Truncated(_) | Self::Size { .. } => {
                "send the whole report as oe_get_evidence or oe_get_report gave it"
            }
            Self::Version(_) => "use a report of version 1, or send the quote without a header",
            Self::Type(_) => "use a remote report: a local one convinces only enclaves of the same machine",
        })
    }
}

/// Takes the header off an Open Enclave report and gives the quote in it.
///
/// # Errors
/// Where the header is short, of another version or type, or claims another size than there is.
pub fn quote_in(report: &[u8]) -> Result<&[u8], FramingError> {
    let (header, quote) = ReportHeader::ref_from_prefix(report).map_err(|_| FramingError::Truncated(report.len()))?;
    if header.version.get() != 1 {
        return Err(FramingError::Version(header.version.get()));
    }
    if header.report_type.get() != ReportHeader::REMOTE {
        return Err(FramingError::Type(header.report_type.get()));
    }
    if header.report_size.get() != quote.len() as u64 {
        return Err(FramingError::Size { claimed: header.report_size.get(), actual: quote.len() });
    }
    Ok(quote)
}

/// Puts the header before a quote.
pub fn framed(quote: &[u8]) -> Vec<u8> {
    let header = ReportHeader {
        version: U32::new(1),
        report_type: U32::new(ReportHeader::REMOTE),
        report_size: U64::new(quote.len() as u64),
    };
    [header.as_bytes(), quote].concat()
}

/// Whether the bytes begin as an Open Enclave report does: no quote version is 1 with key type 0 and TEE type 2.
pub fn looks_framed(bytes: &[u8]) -> bool {
    ReportHeader::ref_from_prefix(bytes)
        .is_ok_and(|(header, _)| header.version.get() == 1 && matches!(header.report_type.get(), 1 | 2))
}

/// The header that belongs before a quote of that many bytes.
pub fn header_for(quote_size: usize) -> ReportHeader {
    ReportHeader {
        version: U32::new(1),
        report_type: U32::new(ReportHeader::REMOTE),
        report_size: U64::new(quote_size as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(quote: &[u8]) -> Vec<u8> {
        [header_for(quote.len()).as_bytes(), quote].concat()
    }

    #[test]
    fn a_framed_quote_comes_back_whole() {
        assert_eq!(quote_in(&framed(b"quote")), Ok(&b"quote"[..]));
        assert!(looks_framed(&framed(b"quote")));
    }

    #[test]
    fn rejects_every_truncation() {
        let report = framed(b"quote");
        for cut in 0..report.len() {
            assert!(quote_in(&report[..cut]).is_err(), "{cut} bytes");
        }
    }

    #[test]
    fn rejects_trailing_bytes() {
        let report = [framed(b"quote"), vec![0]].concat();
        assert_eq!(quote_in(&report), Err(FramingError::Size { claimed: 5, actual: 6 }));
    }

    #[test]
    fn rejects_a_local_report_and_an_unknown_version() {
        let mut report = framed(b"quote");
        report[4] = 1;
        assert_eq!(quote_in(&report), Err(FramingError::Type(1)));
        report[0] = 2;
        assert_eq!(quote_in(&report), Err(FramingError::Version(2)));
    }
}
