//! JSON objects, told apart by the names of their members.

use serde_json::{Map, Value};

use crate::recognition::kind::FileKind;
use crate::recognition::token::is_token;

/// What a bundle of collateral says it is, in its first member `format`.
pub const BUNDLE_FORMAT: &str = "veritee-collateral-bundle";
/// The deepest JSON that is recognised: documents of collateral, within two objects more.
const MAX_DEPTH: usize = 34;

pub(super) fn recognise(text: &[u8]) -> Option<FileKind> {
    let members: Map<String, Value> = strict_json::from_slice(text, MAX_DEPTH).ok()?;
    let has_any = |names: &[&str]| names.iter().any(|name| members.contains_key(*name));
    if has_any(&["tcb_info_signature", "qe_identity_signature"]) {
        Some(FileKind::QvlCollateral)
    } else if has_any(&["tcb_info", "qe_identity", "root_ca_crl", "pck_crl"]) {
        Some(FileKind::ReferenceCollateral)
    } else if has_any(&["tcbInfo"]) {
        Some(FileKind::TcbInfo)
    } else if has_any(&["enclaveIdentity"]) {
        Some(FileKind::EnclaveIdentity)
    } else if members.get("token").and_then(Value::as_str).is_some_and(is_token) {
        Some(FileKind::Token)
    } else if members.get("keys").is_some_and(Value::is_array) {
        Some(FileKind::KeySet)
    } else {
        None
    }
}

/// Returns whether the bytes begin as a bundle of collateral does. Its first member tells it, so that nothing else that long has to be
/// read.
pub fn is_bundle(bytes: &[u8]) -> bool {
    let format = format!("\"{BUNDLE_FORMAT}\"");
    let tokens: [&[u8]; 4] = [b"{", b"\"format\"", b":", format.as_bytes()];
    let mut rest = bytes;
    tokens.iter().all(|token| {
        let after = rest.trim_ascii_start().strip_prefix(*token);
        rest = after.unwrap_or_default();
        after.is_some()
    })
}
