//! Writing the parts of a policy JWS.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jose::jws;
use serde_json::Value;

use super::certificate_jws::{ACTION, CertificateAction};

const UNSECURED_HEADER: &str = r#"{"alg":"none"}"#;

/// Returns the unsecured JWS of a policy: `eyJhbGciOiJub25lIn0.<payload>.`
pub fn unsecured(text: &str) -> String {
    jws::unsecured(UNSECURED_HEADER, payload(text, "").as_bytes())
}

/// Returns the unsecured JWS that resets a policy: `eyJhbGciOiJub25lIn0..`
pub fn unsecured_reset() -> String {
    jws::unsecured(UNSECURED_HEADER, b"")
}

fn payload(text: &str, more: &str) -> String {
    format!(r#"{{"AttestationPolicy":"{}"{more}}}"#, URL_SAFE_NO_PAD.encode(text))
}

/// Returns the payload `{"AttestationPolicy":"<base64url of the text>","aud":…,"jti":…}`.
pub(super) fn signed_payload(text: &str, audience: Option<&str>, id: &str) -> String {
    payload(text, &members(audience, id))
}

/// Returns the payload of a request to add or remove a certificate, which is a JWK.
pub(super) fn certificate_payload(action: CertificateAction, jwk: &Value, audience: Option<&str>, id: &str) -> String {
    let (members, action) = (members(audience, id), action.as_str());
    format!(r#"{{"policyCertificate":{jwk}{members},"{ACTION}":"{action}"}}"#)
}

/// Returns the members `aud`, if given, and `jti`.
fn members(audience: Option<&str>, id: &str) -> String {
    let audience = audience.map(|audience| format!(r#","aud":{}"#, Value::from(audience))).unwrap_or_default();
    format!(r#"{audience},"jti":"{id}""#)
}
