//! Recognising files by their structure: evidence of every kind, collateral, certificates, tokens.
//!
//! Nothing recognised is proven, and it may turn out to be damaged when it is read.

mod bytes;
pub(crate) mod encoding;
pub(crate) mod evidence_file;
pub(crate) mod json;
pub(crate) mod kind;
mod text;
mod token;

use crate::recognition::kind::FileKind;

/// Recognises what a file is. Evidence, certificates and revocation lists may be raw, hexadecimal, base64 or base64url.
pub fn recognise(contents: &[u8]) -> Option<FileKind> {
    if json::is_bundle(contents) {
        return Some(FileKind::Bundle);
    }
    let trimmed = contents.trim_ascii();
    if trimmed.starts_with(b"{") {
        return json::recognise(encoding::without_end(trimmed));
    }
    text::recognise(trimmed).or_else(|| bytes::recognise(&encoding::decode(contents)?))
}
