//! Evidence in whichever spelling a file has it: raw, hexadecimal, base64, base64url, in Open Enclave's framing or not.

use std::path::Path;

use abi::open_enclave;
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::failure::{self, Failure};

/// Bytes of a file with evidence: the largest quote in hexadecimal, and room for line ends.
const MAX_FILE: u64 = 1 << 20;

/// How the evidence is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A bare quote.
    Quote,
    /// An Open Enclave report: 16 bytes before the quote.
    OpenEnclave,
}

/// A file's evidence.
#[derive(Clone, Debug)]
pub struct Evidence {
    bytes: Vec<u8>,
    /// How it is wrapped.
    pub framing: Framing,
}

impl Evidence {
    /// Reads a file; `-` is standard input.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        Self::from_file_contents(&failure::read_file(path, MAX_FILE)?)
    }

    pub fn from_file_contents(contents: &[u8]) -> Result<Self, Failure> {
        let bytes = decode(contents)?;
        let framing = if open_enclave::looks_framed(&bytes) { Framing::OpenEnclave } else { Framing::Quote };
        Ok(Self { bytes, framing })
    }

    /// The bytes as they were given, framing included.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The quote in them.
    pub fn quote(&self) -> Result<&[u8], Failure> {
        match self.framing {
            Framing::Quote => Ok(&self.bytes),
            Framing::OpenEnclave => open_enclave::quote_in(&self.bytes).map_err(|error| {
                Failure::verdict(
                    "open_enclave_report_malformed",
                    error.to_string(),
                    "pass the report as Open Enclave made it",
                )
            }),
        }
    }
}

/// Raw quotes and reports begin with a small number, which no text begins with.
fn decode(contents: &[u8]) -> Result<Vec<u8>, Failure> {
    match contents.first() {
        None => Err(Failure::verdict("evidence_empty", "evidence is empty", "pass a quote or an Open Enclave report")),
        Some(0..=8) => Ok(contents.to_vec()),
        Some(_) => decode_text(contents).ok_or_else(|| {
            Failure::verdict(
                "evidence_unreadable",
                "evidence is neither a raw quote nor hexadecimal nor base64",
                "`veritee inspect` shows what the file is",
            )
        }),
    }
}

pub fn decode_text(contents: &[u8]) -> Option<Vec<u8>> {
    let text: String = str::from_utf8(contents).ok()?.split_ascii_whitespace().collect();
    if let Ok(bytes) = hex::decode(text.strip_prefix("0x").unwrap_or(&text)) {
        return Some(bytes);
    }
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['+', '/']) { &alphabet::STANDARD } else { &alphabet::URL_SAFE };
    GeneralPurpose::new(alphabet, lenient).decode(text).ok()
}
