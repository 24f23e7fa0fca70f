//! Evidence from a file, in whichever encoding it is.

use std::borrow::Cow;

use abi::open_enclave;
use dcap::Tee;
use problem::Problem;

use crate::recognition::bytes;
use crate::recognition::encoding;
use crate::recognition::kind::Format;

/// Evidence from a file, in its binary form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceFile {
    bytes: Vec<u8>,
    format: Format,
}

impl EvidenceFile {
    /// Reads the contents of a file: raw, hexadecimal, base64 or base64url. Bytes of no known format are taken for a quote of an
    /// enclave, so that the reader of quotes says what is wrong with them.
    ///
    /// # Errors
    /// [`FileError`], if the file is empty or in no known encoding.
    pub fn read(contents: &[u8]) -> Result<Self, FileError> {
        if contents.is_empty() {
            return Err(FileError::Empty);
        }
        let bytes = encoding::decode(contents).ok_or(FileError::Encoding)?.into_owned();
        match bytes::format(&bytes) {
            Some(format) => Ok(Self { bytes, format }),
            None if encoding::is_raw(contents) && !encoding::is_like_a_quote(contents) => Err(FileError::Encoding),
            None => Ok(Self { bytes, format: Format::Quote(Tee::Sgx) }),
        }
    }

    /// Returns the evidence in its binary form, framing included.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the format of the evidence.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Returns the quote, without Open Enclave's framing.
    ///
    /// # Errors
    /// [`FileError`], if the framing is wrong, or the evidence is of a kind without quotes.
    pub fn quote(&self) -> Result<&[u8], FileError> {
        match self.format {
            // EPID quotes too: the reader of quotes refuses them with the reason.
            Format::Quote(_) | Format::EpidQuote => Ok(&self.bytes),
            Format::OpenEnclaveReport => Ok(open_enclave::quote_in(&self.bytes)?),
            other => Err(FileError::NoQuote(other)),
        }
    }
}

/// Why a file holds no evidence that can be appraised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The file is empty.
    #[error("evidence is empty")]
    Empty,
    /// The file is in no known encoding.
    #[error("evidence is neither a raw quote nor hexadecimal nor base64")]
    Encoding,
    /// The framing of an Open Enclave report is wrong.
    #[error(transparent)]
    Framing(#[from] open_enclave::FramingError),
    /// The evidence is of another kind.
    #[error("evidence is a {0}, which this version cannot verify")]
    NoQuote(Format),
}

impl Problem for FileError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Empty => "evidence_empty",
            Self::Encoding => "evidence_unreadable",
            Self::Framing(_) => "open_enclave_report_malformed",
            Self::NoQuote(_) => "evidence_unsupported",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Empty => "pass a quote or an Open Enclave report",
            Self::Encoding => "`veritee inspect` shows what the file is",
            Self::Framing(_) => "pass the report as Open Enclave made it",
            Self::NoQuote(_) => "pass a DCAP quote of an SGX enclave or a TDX trust domain",
        };
        text.into()
    }
}
