//! Signed requests, which a provider uses once.

use aws_lc_rs::digest::{SHA256, digest};
use unix_time::UnixTime;

/// A signed request about to be used. A provider uses each once for a purpose, also if it was deleted and created again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    /// What it changes: an attestation type, or `certificates`.
    pub purpose: String,
    /// The request: its [`signing_input_sha256`].
    pub signing_input: [u8; 32],
    /// What it is used for, such as `add`.
    pub action: String,
    /// SHA-256 of the policy signer that it was accepted under: the provider must still have it.
    pub signer: [u8; 32],
    /// When.
    pub used_at: UnixTime,
    /// The number of requests that its provider may have used for this purpose, including this one.
    pub limit: i64,
}

/// SHA-256 of the signing input of a compact JWS: header, dot and payload, exactly as they were signed.
///
/// Two JWSs with one signing input are one request. Their signatures may differ: ECDSA has many for the same bytes.
pub fn signing_input_sha256(jws: &str) -> [u8; 32] {
    let second_dot = jws.match_indices('.').nth(1).map(|(at, _)| at);
    let signing_input = second_dot.and_then(|at| jws.get(..at)).unwrap_or(jws);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, signing_input.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::signing_input_sha256;

    #[test]
    fn the_signature_is_left_out_and_nothing_else() {
        let hash = signing_input_sha256("header.payload");
        for jws in ["header.payload.", "header.payload.signature", "header.payload.other"] {
            assert_eq!(signing_input_sha256(jws), hash, "{jws}");
        }
        for jws in ["header.payload=.signature", "header.payloa.dsignature", "header", "header..", "other.payload.", ""]
        {
            assert_ne!(signing_input_sha256(jws), hash, "{jws}");
        }
    }
}
