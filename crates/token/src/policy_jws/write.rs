//! Writing the parts of a policy JWS.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// The unsecured JWS of a policy: `eyJhbGciOiJub25lIn0.<payload>.`
pub fn unsecured(text: &str) -> String {
    format!("{}.{}.", unsecured_header(), payload(text, None))
}

/// The unsecured JWS that resets a policy: `eyJhbGciOiJub25lIn0..`
pub fn unsecured_reset() -> String {
    format!("{}..", unsecured_header())
}

fn unsecured_header() -> String {
    URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#)
}

/// The payload segment: base64url of `{"AttestationPolicy":"<base64url of the text>"}`, with `aud` where there is one.
pub(super) fn payload(text: &str, audience: Option<&str>) -> String {
    let policy = format!(r#""AttestationPolicy":"{}""#, URL_SAFE_NO_PAD.encode(text));
    URL_SAFE_NO_PAD.encode(format!("{{{policy}{}}}", audience_member(audience)))
}

/// The payload segment with a certificate, as a JWK, that is to be added or removed.
pub(super) fn certificate_payload(jwk: &Value, audience: Option<&str>) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"policyCertificate":{jwk}{}}}"#, audience_member(audience)))
}

fn audience_member(audience: Option<&str>) -> String {
    audience.map(|audience| format!(",\"aud\":{}", Value::from(audience))).unwrap_or_default()
}
