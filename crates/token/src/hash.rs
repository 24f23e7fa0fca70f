//! The hashes of the Azure Attestation API that are over texts and tokens.
//!
//! Those over quotes and collateral are the service's.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// `x-ms-policy-hash` of a policy text: base64url(SHA-256(base64url(UTF-8 of the text))), without padding.
pub fn policy_hash(text: &str) -> String {
    policy_token_hash(&URL_SAFE_NO_PAD.encode(text))
}

/// `x-ms-policy-token-hash` of a policy JWS exactly as it was submitted: base64url(SHA-256(its ASCII)), without padding.
pub fn policy_token_hash(jws: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(jws.as_bytes()))
}

/// `maa-policyHash` of the API of 2018: SHA-256 of the text in UTF-8, lowercase hex.
pub fn policy_hash_legacy(text: &str) -> String {
    hex::encode(sha256(text.as_bytes()))
}

/// The key id of a token signing key: padded base64 of its [`key_digest`].
pub fn key_id(key_digest: &[u8; 32]) -> String {
    STANDARD.encode(key_digest)
}

/// The report data of evidence about the holder of a key: its [`key_digest`] and zeros.
pub fn report_data(key_digest: &[u8; 32]) -> [u8; 64] {
    let mut report_data = [0; 64];
    for (byte, digest) in report_data.iter_mut().zip(key_digest) {
        *byte = *digest;
    }
    report_data
}

/// SHA-256 over the SubjectPublicKeyInfo as PEM (lines of 64, LF after each) and one NUL byte.
///
/// Azure Attestation puts this digest into the report data of the evidence in its signing certificates.
pub fn key_digest(spki: &[u8]) -> [u8; 32] {
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----");
    for (position, character) in STANDARD.encode(spki).chars().enumerate() {
        if position.is_multiple_of(64) {
            pem.push('\n');
        }
        pem.push(character);
    }
    // The NUL is the terminator of a C string that Azure Attestation hashes along.
    pem.push_str("\n-----END PUBLIC KEY-----\n\0");
    sha256(pem.as_bytes())
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
