//! What a service says that lies: something else than was signed.

use crate::machine::FMSPC;

/// Changes an answer so that it reads well and cannot be right.
pub(super) fn tell(body: &mut Vec<u8>) {
    let fmspc = hex::encode_upper(FMSPC);
    let better = [("\"OutOfDate\"", "\"UpToDate\""), ("Number\":20", "Number\":77"), (&fmspc, "FFFFFFFFFFFF")];
    let text = String::from_utf8_lossy(body).into_owned();
    for (from, to) in better {
        if text.contains(from) {
            *body = text.replace(from, to).into_bytes();
            return;
        }
    }
    // The end of a certificate is its signature. So is the end of a revocation list.
    let end = text.find("-----END").map_or(body.len(), |end| end.saturating_sub(8));
    let Some(byte) = body.get_mut(end.saturating_sub(1)) else { return };
    *byte = if *byte == b'1' { b'0' } else { b'1' };
}
