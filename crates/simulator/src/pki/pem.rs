//! PEM, in the variants that evidence carries.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Label of certificates.
pub const CERTIFICATE: &str = "CERTIFICATE";
/// Label of CRLs.
pub const CRL: &str = "X509 CRL";

/// How a chain is written as PEM. The default is plain: LF, a line end after each block, nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PemStyle {
    /// What ends a line: `"\n"` or `"\r\n"`.
    pub line_end: &'static str,
    /// Whether a line end follows the last block.
    pub final_line_end: bool,
    /// Whether a NUL byte closes the text, as in the quotes of Intel's quoting enclave.
    pub nul: bool,
}

impl Default for PemStyle {
    fn default() -> Self {
        Self { line_end: "\n", final_line_end: true, nul: false }
    }
}

impl PemStyle {
    /// Blocks of that label, 64 columns.
    pub fn encode<'a>(self, blocks: impl IntoIterator<Item = &'a [u8]>, label: &str) -> String {
        let mut text = String::new();
        for der in blocks {
            text.push_str(&format!("-----BEGIN {label}-----{}", self.line_end));
            for line in STANDARD.encode(der).as_bytes().chunks(64) {
                text.extend(line.iter().map(|&byte| char::from(byte)));
                text.push_str(self.line_end);
            }
            text.push_str(&format!("-----END {label}-----{}", self.line_end));
        }
        if !self.final_line_end {
            text.truncate(text.trim_end_matches(self.line_end).len());
        }
        if self.nul {
            text.push('\0');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_64_columns_wide() {
        let text = PemStyle::default().encode([&[0; 49][..]], CERTIFICATE);
        let a = "A".repeat(64);
        assert_eq!(text, format!("-----BEGIN CERTIFICATE-----\n{a}\nAA==\n-----END CERTIFICATE-----\n"));
    }

    #[test]
    fn every_style_is_as_it_says() {
        let style = PemStyle { line_end: "\r\n", final_line_end: false, nul: true };
        let text = style.encode([&[1][..], &[2]], CRL);
        assert!(text.ends_with("-----END X509 CRL-----\0"));
        assert_eq!(text.matches("\r\n").count(), 5);
        assert_eq!(text.matches('\n').count(), 5);
    }
}
