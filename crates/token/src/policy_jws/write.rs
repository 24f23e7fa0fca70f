//! Writing the parts of a policy JWS.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::certificate_jws::{ACTION, CertificateAction};

/// The unsecured JWS of a policy: `eyJhbGciOiJub25lIn0.<payload>.`
pub fn unsecured(text: &str) -> String {
    format!("{}.{}.", unsecured_header(), payload(text, ""))
}

/// The unsecured JWS that resets a policy: `eyJhbGciOiJub25lIn0..`
pub fn unsecured_reset() -> String {
    format!("{}..", unsecured_header())
}

fn unsecured_header() -> String {
    URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#)
}

fn payload(text: &str, more: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"AttestationPolicy":"{}"{more}}}"#, URL_SAFE_NO_PAD.encode(text)))
}

/// The payload segment: base64url of `{"AttestationPolicy":"<base64url of the text>","aud":…,"jti":…}`.
pub(super) fn signed_payload(text: &str, audience: Option<&str>, id: &str) -> String {
    payload(text, &members(audience, id))
}

/// The payload segment with a certificate, as a JWK, that is to be added or removed.
pub(super) fn certificate_payload(action: CertificateAction, jwk: &Value, audience: Option<&str>, id: &str) -> String {
    let (members, action) = (members(audience, id), action.as_str());
    URL_SAFE_NO_PAD.encode(format!(r#"{{"policyCertificate":{jwk}{members},"{ACTION}":"{action}"}}"#))
}

/// `aud`, where there is one, and `jti`.
fn members(audience: Option<&str>, id: &str) -> String {
    let audience = audience.map(|audience| format!(r#","aud":{}"#, Value::from(audience))).unwrap_or_default();
    format!(r#"{audience},"jti":"{id}""#)
}
