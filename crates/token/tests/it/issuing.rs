//! The exact form of issued tokens, and jsonwebtoken as an oracle.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use der::Decode;
use jsonwebtoken::{DecodingKey, Validation, decode};
use serde_json::{Map, Value, json};
use token::{
    ADMINISTRATION_LIFETIME, ATTESTATION_LIFETIME, IssueError, RESERVED_CLAIMS, issue, issue_administration,
    issue_unsecured,
};

use crate::fixture::{ISS, NOW, at, certificate, key, object, service_claims, token};

fn segment(token: &str, position: usize) -> String {
    let segment = token.split('.').nth(position).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(segment).unwrap()).unwrap()
}

#[test]
fn header_is_alg_jku_kid_typ_in_this_order() {
    let expected = format!(r#"{{"alg":"RS256","jku":"{ISS}/certs","kid":"{}","typ":"JWT"}}"#, key().kid());
    assert_eq!(segment(&token(), 0), expected);
}

#[test]
fn claims_are_compact_and_sorted_by_name() {
    // serde_json's maps are sorted unless some crate switches on its feature `preserve_order`.
    let claims = object(json!({"z": {"b": 1, "a": 2}, "b": [true, null], "zz": "x", "a": 0}));
    let payload = segment(&issue(key(), ISS, claims, at(NOW), ATTESTATION_LIFETIME).unwrap(), 1);
    let jti = serde_json::from_str::<Value>(&payload).unwrap()["jti"].as_str().unwrap().to_owned();
    let expected = format!(
        r#"{{"a":0,"b":[true,null],"exp":{},"iat":{NOW},"iss":"{ISS}","jti":"{jti}","nbf":{NOW},"x-ms-ver":"1.0","z":{{"a":2,"b":1}},"zz":"x"}}"#,
        NOW + 28_800
    );
    assert_eq!(payload, expected);
}

#[test]
fn token_id_is_64_lowercase_hex_digits_and_new_each_time() {
    let id = || {
        let claims: Map<String, Value> = serde_json::from_str(&segment(&token(), 1)).unwrap();
        claims["jti"].as_str().unwrap().to_owned()
    };
    let (one, other) = (id(), id());
    assert_eq!(one.len(), 64);
    assert!(one.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    assert_ne!(one, other);
}

#[test]
fn draft_token_has_no_signature_but_names_the_key() {
    let token = issue_unsecured(key(), ISS, service_claims(), at(NOW), ATTESTATION_LIFETIME).unwrap();
    let expected = format!(r#"{{"alg":"none","jku":"{ISS}/certs","kid":"{}","typ":"JWT"}}"#, key().kid());
    assert_eq!(segment(&token, 0), expected);
    assert_eq!(token.split('.').count(), 3);
    assert!(token.ends_with('.'));
}

#[test]
fn administration_token_has_neither_id_nor_version() {
    let claims = object(json!({"x-ms-policy-result": "Removed"}));
    let token = issue_administration(key(), ISS, claims, at(NOW), ADMINISTRATION_LIFETIME).unwrap();
    let expected =
        format!(r#"{{"exp":{},"iat":{NOW},"iss":"{ISS}","nbf":{NOW},"x-ms-policy-result":"Removed"}}"#, NOW + 3_600);
    assert_eq!(segment(&token, 1), expected);
}

#[test]
fn refuses_to_overwrite_reserved_claims() {
    for name in RESERVED_CLAIMS {
        let claims = object(json!({name: "mine"}));
        match issue(key(), ISS, claims, at(NOW), ATTESTATION_LIFETIME) {
            Err(IssueError::ReservedClaim { name: refused }) => assert_eq!(refused, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn refuses_empty_or_endless_lifetime() {
    for (iat, lifetime) in [(NOW, 0), (NOW, -1), (NOW, i64::MAX), (i64::MAX, 1)] {
        let result = issue(key(), ISS, service_claims(), at(iat), lifetime);
        assert!(matches!(result, Err(IssueError::Lifetime { .. })), "{iat} {lifetime}");
    }
}

#[test]
fn jsonwebtoken_accepts_our_tokens() {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let token = issue(key(), ISS, service_claims(), at(now), ATTESTATION_LIFETIME).unwrap();
    let certificate = x509_cert::Certificate::from_der(&certificate()).unwrap();
    let spki = certificate.tbs_certificate().subject_public_key_info();
    let public = DecodingKey::from_rsa_der(spki.subject_public_key.as_bytes().unwrap());
    let mut validation = Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_issuer(&[ISS]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss"]);
    validation.validate_nbf = true;
    validation.leeway = 0;
    let read = decode::<Map<String, Value>>(&token, &public, &validation).unwrap();
    assert_eq!(read.header.kid.as_deref(), Some(key().kid()));
    assert_eq!(read.claims["x-ms-sgx-svn"], 3);
}
