//! Tokens and key sets.

use evidence::decode_text;
use serde_json::Value;

use super::description::{Description, Fields, KeyDescription};

/// A token: three base64url parts, the first two JSON.
pub fn token(contents: &[u8]) -> Option<Description> {
    let text = str::from_utf8(contents).ok()?.trim();
    // As the service answers it, or bare.
    let answer: Option<Value> = serde_json::from_str(text).ok();
    let text = answer.as_ref().and_then(|answer| answer.get("token")).and_then(Value::as_str).unwrap_or(text);
    let mut parts = text.split('.');
    let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let part = |part: &str| serde_json::from_slice::<Value>(&decode_text(part.as_bytes())?).ok();
    let header = part(header)?;
    header.get("alg")?;
    let payload = if payload.is_empty() { Value::Null } else { part(payload)? };
    let is = if header["alg"] == "none" { "unsecured token (JWS without signature)" } else { "token (JWS)" };
    Some(Description::new(is, Fields::Token { header, claims: payload }))
}

pub fn key_set(contents: &[u8]) -> Option<Description> {
    let set: Value = serde_json::from_slice(contents).ok()?;
    let keys = set.get("keys")?.as_array()?;
    let describe = |key: &Value| KeyDescription {
        kid: key["kid"].clone(),
        kty: key["kty"].clone(),
        alg: key["alg"].clone(),
        certificates: key["x5c"].as_array().map_or(0, Vec::len),
    };
    Some(Description::new("JSON Web Key Set", Fields::KeySet { keys: keys.iter().map(describe).collect() }))
}
