//! Bytes as files have them: raw, hexadecimal, base64, base64url.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// The bytes of a file with evidence, a certificate or a revocation list.
pub(super) fn decode(contents: &[u8]) -> Option<Cow<'_, [u8]>> {
    if is_raw(contents) { Some(Cow::Borrowed(contents)) } else { decode_text(contents).map(Cow::Owned) }
}

/// Raw evidence begins with a small number, raw DER with a SEQUENCE that is no digit of text, and neither is all text.
pub(super) fn is_raw(contents: &[u8]) -> bool {
    is_like_a_quote(contents) || contents.contains(&0) || str::from_utf8(contents).is_err()
}

/// Every version of a quote is a small number, which no text begins with.
pub(super) const fn is_like_a_quote(contents: &[u8]) -> bool {
    matches!(contents, [0..=8, ..])
}

/// Decodes hexadecimal, with or without `0x`, base64 or base64url, each with or without padding and white space.
pub fn decode_text(contents: &[u8]) -> Option<Vec<u8>> {
    let text: String = str::from_utf8(contents).ok()?.split_ascii_whitespace().collect();
    if let Ok(bytes) = hex::decode(text.strip_prefix("0x").unwrap_or(&text)) {
        return Some(bytes);
    }
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['+', '/']) { &alphabet::STANDARD } else { &alphabet::URL_SAFE };
    GeneralPurpose::new(alphabet, lenient).decode(text).ok()
}

/// Text without the white space and the NUL bytes that C strings end with.
pub(super) fn without_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., last] = bytes
        && (*last == 0 || last.is_ascii_whitespace())
    {
        bytes = rest;
    }
    bytes
}
