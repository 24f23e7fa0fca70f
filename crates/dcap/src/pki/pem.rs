//! PEM as quotes and collateral carry it: CERTIFICATE and X509 CRL blocks, one after the other.
//!
//! Strict where a byte could be changed without changing what is decoded: between blocks only line ends, after the last
//! one line ends and NUL bytes. Lenient where real evidence differs: CRLF, line width, a missing final line end. A lone CR
//! is no line end.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use problem::Problem;

/// More bytes than any chain or CRL in use, and few enough to hold in memory many times.
pub const MAX_PEM: usize = 1 << 20;

/// Label of certificates.
pub(crate) const CERTIFICATE: &str = "CERTIFICATE";
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Why text is not a sequence of PEM blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// Longer than [`MAX_PEM`].
    #[error("PEM text is longer than {MAX_PEM} bytes")]
    TooLong,
    /// Not ASCII.
    #[error("PEM text has a byte that is not ASCII")]
    NotAscii,
    /// Something other than a `BEGIN` line of the expected label.
    #[error("PEM text has something other than a block where block {0} should begin")]
    NoBegin(usize),
    /// No matching `END` line.
    #[error("PEM block {0} has no end line of its label")]
    NoEnd(usize),
    /// The contents are no base64.
    #[error("PEM block {0} holds something other than base64")]
    NotBase64(usize),
    /// No block at all.
    #[error("PEM text has no block")]
    Empty,
}

impl Problem for PemError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::TooLong => "pem_too_long",
            Self::NotAscii => "pem_not_ascii",
            Self::NoBegin(_) => "pem_without_begin",
            Self::NoEnd(_) => "pem_without_end",
            Self::NotBase64(_) => "pem_not_base64",
            Self::Empty => "pem_empty",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        "pass the PEM text exactly as it was issued, with nothing before, between and after its blocks".into()
    }
}

/// The contents of every block with that label, in order. No other label may stand among them.
///
/// # Errors
/// Where the text is anything but such blocks; the number is that of the block, from 0.
pub fn blocks(text: &[u8], label: &str) -> Result<Vec<Vec<u8>>, PemError> {
    let blocks = Blocks::of(text, label)?.collect::<Result<Vec<_>, _>>()?;
    if blocks.is_empty() { Err(PemError::Empty) } else { Ok(blocks) }
}

/// Block after block; nothing follows a fault.
#[derive(Clone)]
pub(crate) struct Blocks<'t> {
    rest: &'t str,
    label: &'t str,
    number: usize,
}

impl<'t> Blocks<'t> {
    pub(crate) fn of(text: &'t [u8], label: &'t str) -> Result<Self, PemError> {
        if text.len() > MAX_PEM {
            return Err(PemError::TooLong);
        }
        let text = str::from_utf8(text).ok().filter(|text| text.is_ascii()).ok_or(PemError::NotAscii)?;
        Ok(Self { rest: without_line_ends(text.trim_end_matches('\0')), label, number: 0 })
    }

    /// The base64 of the next block, and the blocks after it.
    pub(crate) fn split_first(self) -> Result<(&'t str, Self), PemError> {
        if self.rest.is_empty() {
            return Err(PemError::Empty);
        }
        let (contents, after) = split_block(self.rest, self.label, self.number)?;
        Ok((
            contents,
            Self { rest: without_line_ends(after), label: self.label, number: self.number.saturating_add(1) },
        ))
    }

    /// The text of the blocks that are left, without line ends before and after.
    pub(crate) const fn text(&self) -> &'t str {
        self.rest
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Vec<u8>, PemError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let block = split_block(self.rest, self.label, self.number);
        let decoded = block.and_then(|(contents, _)| decode(contents, self.number));
        self.rest = block.map_or("", |(_, after)| without_line_ends(after));
        self.number = self.number.saturating_add(1);
        Some(decoded)
    }
}

/// The text without the line ends, LF or CRLF, that it begins and ends with.
fn without_line_ends(mut text: &str) -> &str {
    while let Some(rest) = text.strip_prefix('\n').or_else(|| text.strip_prefix("\r\n")) {
        text = rest;
    }
    while let Some(rest) = text.strip_suffix('\n') {
        text = rest.strip_suffix('\r').unwrap_or(rest);
    }
    text
}

/// Base64 in lines that end with LF or CRLF, of the block with that number.
pub(crate) fn decode(contents: &str, number: usize) -> Result<Vec<u8>, PemError> {
    let mut base64 = Vec::with_capacity(contents.len());
    let mut rest = contents;
    while let Some((line, after)) = rest.split_once('\n') {
        base64.extend_from_slice(line.strip_suffix('\r').unwrap_or(line).as_bytes());
        rest = after;
    }
    base64.extend_from_slice(rest.as_bytes());
    STANDARD.decode(base64).map_err(|_| PemError::NotBase64(number))
}

fn split_block<'t>(text: &'t str, label: &str, number: usize) -> Result<(&'t str, &'t str), PemError> {
    let contents = text
        .strip_prefix(BEGIN)
        .and_then(|text| text.strip_prefix(label))
        .and_then(|text| text.strip_prefix(DASHES))
        .ok_or(PemError::NoBegin(number))?;
    // Base64 has no dashes.
    let end = contents.find('-').ok_or(PemError::NoEnd(number))?;
    let (contents, after) = contents.split_at_checked(end).ok_or(PemError::NoEnd(number))?;
    let after = after.strip_prefix(END).ok_or(PemError::NoEnd(number))?;
    let after = after.strip_prefix(label).and_then(|text| text.strip_prefix(DASHES)).ok_or(PemError::NoEnd(number))?;
    Ok((contents, after))
}

/// Writes one block, 64 columns, LF, a line end after the last line.
pub fn encode(der: &[u8], label: &str) -> String {
    let base64 = STANDARD.encode(der);
    let mut text = format!("{BEGIN}{label}{DASHES}\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("{END}{label}{DASHES}\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> String {
        encode(&[1; 100], "CERTIFICATE") + &encode(&[2; 3], "CERTIFICATE")
    }

    #[test]
    fn blocks_come_back_in_order() {
        assert_eq!(blocks(two().as_bytes(), "CERTIFICATE"), Ok(vec![vec![1; 100], vec![2; 3]]));
    }

    #[test]
    fn line_ends_of_other_systems_and_a_closing_nul_are_accepted() {
        let crlf = two().replace('\n', "\r\n") + "\0";
        assert_eq!(blocks(crlf.as_bytes(), "CERTIFICATE").unwrap().len(), 2);
        assert_eq!(blocks(two().trim_end().as_bytes(), "CERTIFICATE").unwrap().len(), 2);
    }

    #[test]
    fn rejects_anything_between_and_after_blocks() {
        for garbage in [" ", "x", "\u{b}", "\t", "\r"] {
            let text = encode(&[1], "CERTIFICATE") + garbage + &encode(&[2], "CERTIFICATE");
            assert_eq!(blocks(text.as_bytes(), "CERTIFICATE"), Err(PemError::NoBegin(1)));
            assert!(blocks((two() + garbage).as_bytes(), "CERTIFICATE").is_err());
        }
        assert!(blocks((two() + "\0x").as_bytes(), "CERTIFICATE").is_err());
    }

    #[test]
    fn rejects_a_missing_or_foreign_end_line_and_loose_base64() {
        assert_eq!(blocks(b"-----BEGIN CERTIFICATE-----\nAQ==\n", "CERTIFICATE"), Err(PemError::NoEnd(0)));
        assert_eq!(
            blocks(b"-----BEGIN CERTIFICATE-----\nAQ==\n-----END X509 CRL-----", "CERTIFICATE"),
            Err(PemError::NoEnd(0))
        );
        assert_eq!(
            blocks(b"-----BEGIN CERTIFICATE-----\nAR==\n-----END CERTIFICATE-----", "CERTIFICATE"),
            Err(PemError::NotBase64(0))
        );
        assert_eq!(blocks(b"\n\0", "CERTIFICATE"), Err(PemError::Empty));
    }
}
