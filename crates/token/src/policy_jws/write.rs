//! Writing the parts of a policy JWS.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The unsecured JWS of a policy: `eyJhbGciOiJub25lIn0.<payload>.`
pub fn unsecured(text: &str) -> String {
    format!("{}.{}.", unsecured_header(), payload(text))
}

/// The unsecured JWS that resets a policy: `eyJhbGciOiJub25lIn0..`
pub fn unsecured_reset() -> String {
    format!("{}..", unsecured_header())
}

fn unsecured_header() -> String {
    URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#)
}

/// The payload segment: base64url of `{"AttestationPolicy":"<base64url of the text>"}`.
pub(super) fn payload(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"AttestationPolicy":"{}"}}"#, URL_SAFE_NO_PAD.encode(text)))
}
