//! Tokens: JWS in compact serialization.

use serde_json::{Map, Value};

use crate::recognition::encoding::decode_text;

/// Deeper than any JOSE header is.
const MAX_DEPTH: usize = 8;

/// Three parts in base64url, the first of them a JOSE header.
pub(super) fn is_token(text: &str) -> bool {
    let mut parts = text.split('.');
    let (Some(header), Some(_), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let header: Option<Map<String, Value>> =
        decode_text(header.as_bytes()).and_then(|header| strict_json::from_slice(&header, MAX_DEPTH).ok());
    header.is_some_and(|header| header.get("alg").is_some_and(Value::is_string))
}
