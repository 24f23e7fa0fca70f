//! Text: PEM, saved responses, tokens.

use dcap::pem;

use crate::recognition::bytes;
use crate::recognition::kind::FileKind;
use crate::recognition::token::is_token;

/// Text that is neither JSON nor an encoding of bytes.
pub(super) fn recognise(text: &[u8]) -> Option<FileKind> {
    if text.starts_with(b"HTTP/") {
        return Some(FileKind::HttpResponse);
    }
    if text.starts_with(b"-----BEGIN X509 CRL-----") {
        return Some(FileKind::Crl);
    }
    if text.starts_with(b"-----BEGIN CERTIFICATE-----") {
        return Some(certificates(text));
    }
    is_token(str::from_utf8(text).ok()?).then_some(FileKind::Token)
}

/// A chain is one of DICE layers if a certificate of it is.
fn certificates(text: &[u8]) -> FileKind {
    let blocks = pem::blocks(text, "CERTIFICATE").unwrap_or_default();
    let is_dice = blocks.iter().any(|der| bytes::der(der) == Some(FileKind::DiceCertificates));
    if is_dice { FileKind::DiceCertificates } else { FileKind::Certificates }
}
