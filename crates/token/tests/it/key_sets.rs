//! Key sets and metadata as documents.

use jose::{Jwks, JwksError, MAX_KEYS};
use serde_json::json;
use token::OpenIdMetadata;

use crate::fixture::{ISS, certificate, key, keys};

#[test]
fn key_set_has_x5c_kid_kty_in_this_order() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let x5c = STANDARD.encode(certificate());
    let expected = format!(r#"{{"keys":[{{"x5c":["{x5c}"],"kid":"{}","kty":"RSA"}}]}}"#, key().kid());
    assert_eq!(serde_json::to_string(&keys()).unwrap(), expected);
    assert_eq!(Jwks::parse(expected.as_bytes()).unwrap(), keys());
}

#[test]
fn unknown_members_of_a_key_set_are_ignored() {
    let text = json!({"keys": [{"x5c": ["AA=="], "kid": "k", "kty": "RSA", "n": "AQ", "use": "sig"}], "next": {}});
    let keys = Jwks::parse(text.to_string().as_bytes()).unwrap();
    assert_eq!((keys.keys()[0].kid(), keys.keys()[0].kty(), keys.keys()[0].x5c().len()), ("k", "RSA", 1));
}

#[test]
fn refuses_malformed_key_sets() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[{"x5c":[],"kid":"k","kid":"l","kty":"RSA"}]}"#,
    ] {
        assert!(matches!(Jwks::parse(text.as_bytes()), Err(JwksError::Json(_))), "{text}");
    }
    for text in [r#"{"keys":[{"kid":"k","kty":"RSA"}]}"#, r#"{"keys":[{"x5c":[],"kty":"RSA"}]}"#] {
        assert!(matches!(Jwks::parse(text.as_bytes()), Err(JwksError::NoCertifiedKey(_))), "{text}");
    }
}

#[test]
fn refuses_key_sets_that_are_too_long_or_too_many() {
    let entry = json!({"x5c": [], "kid": "k", "kty": "RSA"});
    let text = json!({"keys": vec![entry; MAX_KEYS + 1]}).to_string();
    assert!(matches!(Jwks::parse(text.as_bytes()), Err(JwksError::TooManyKeys { count }) if count == MAX_KEYS + 1));
    assert!(matches!(Jwks::parse(&vec![b' '; (1 << 20) + 1]), Err(JwksError::TooLong { .. })));
}

#[test]
fn metadata_is_azures_document() {
    let text = serde_json::to_string(&OpenIdMetadata::new(ISS, token::TokenAlgorithm::Rs256)).unwrap();
    let beginning = format!(
        concat!(
            r#"{{"response_types_supported":["token","none"],"id_token_signing_alg_values_supported":["RS256"],"#,
            r#""revocation_endpoint":"{iss}/revoke","issuer":"{iss}","jwks_uri":"{iss}/certs","claims_supported":["cnf","nonce","#
        ),
        iss = ISS
    );
    assert!(text.starts_with(&beginning), "{text}");
    assert!(text.ends_with(r#""product-id","svn","tee"]}"#), "{text}");
}
