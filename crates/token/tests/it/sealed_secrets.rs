//! Secrets that are sealed to the key in a verified token.

use problem::Problem;
use serde_json::{Map, Value, json};
use token::{
    ATTESTATION_LIFETIME, Binding, Expectations, RecipientKey, SealedSecret, SealedSecretError, VerifiedToken, issue,
};

use crate::fixture::{ISS, NOW, at, key, service_claims, verifier};

/// A verified token with that runtime data, or with none.
fn attested(runtime_data: Option<Value>) -> VerifiedToken {
    let mut claims: Map<String, Value> = service_claims();
    claims.remove("x-ms-runtime");
    claims.extend(runtime_data.map(|data| ("x-ms-runtime".to_owned(), data)));
    let token = issue(key(), ISS, claims, at(NOW), ATTESTATION_LIFETIME).unwrap();
    verifier().verify(&token, at(NOW + 1), &Expectations::new(Binding::Nonce("f00d".into()))).unwrap()
}

fn refused(runtime_data: Option<Value>) -> SealedSecretError {
    SealedSecret::seal(&attested(runtime_data), b"secret").unwrap_err()
}

#[test]
fn only_the_key_it_was_sealed_to_opens_a_secret() {
    let (key, other) = (RecipientKey::generate(), RecipientKey::generate());
    let token = attested(Some(key.runtime_data()));
    let sealed = SealedSecret::seal(&token, b"secret").unwrap();
    let received = SealedSecret::from_bytes(&sealed.to_bytes()).unwrap();
    assert_eq!(received, sealed);
    assert_eq!(*key.open(&received).unwrap(), b"secret");
    assert_eq!(other.open(&received), Err(SealedSecretError::NotForThisKey));
    assert_ne!(SealedSecret::seal(&token, b"secret").unwrap(), sealed, "another each time");
}

#[test]
fn an_empty_secret_is_one_too() {
    let key = RecipientKey::generate();
    let sealed = SealedSecret::seal(&attested(Some(key.runtime_data())), b"").unwrap();
    assert!(key.open(&SealedSecret::from_bytes(&sealed.to_bytes()).unwrap()).unwrap().is_empty());
}

#[test]
fn a_secret_that_was_changed_or_cut_does_not_open() {
    let key = RecipientKey::generate();
    let bytes = SealedSecret::seal(&attested(Some(key.runtime_data())), b"secret").unwrap().to_bytes();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let opened = key.open(&SealedSecret::from_bytes(&changed).unwrap());
        assert_eq!(opened, Err(SealedSecretError::NotForThisKey), "byte {at}");
        match SealedSecret::from_bytes(&bytes[..at]) {
            Ok(cut) => assert_eq!(key.open(&cut), Err(SealedSecretError::NotForThisKey), "{at} bytes"),
            Err(error) => assert_eq!(error, SealedSecretError::Incomplete(at)),
        }
    }
    assert!(SealedSecret::from_bytes(&bytes[..47]).is_err() && SealedSecret::from_bytes(&bytes[..48]).is_ok());
}

#[test]
fn nothing_is_sealed_where_no_key_for_encryption_is_attested() {
    let x = "A".repeat(43);
    for runtime_data in [
        None,
        Some(json!({})),
        Some(json!({"keys": {}})),
        Some(json!({"keys": []})),
        Some(json!({"keys": ["X25519"]})),
        Some(json!({"keys": [{"kty": "EC", "crv": "P-256", "x": x}]})),
        Some(json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]})),
        Some(json!({"keys": [{"kty": "OKP", "crv": "X25519", "use": "sig", "x": x}]})),
    ] {
        assert_eq!(refused(runtime_data.clone()).code(), "no_attested_key", "{runtime_data:?}");
    }
}

#[test]
fn nothing_is_sealed_to_a_malformed_key() {
    // The last one is zero: a point of low order, whose shared secret everybody knows.
    for x in [json!(1), json!(""), json!("AA"), json!("A".repeat(44)), json!("+".repeat(43)), json!("A".repeat(43))] {
        let runtime_data = json!({"keys": [{"kty": "OKP", "crv": "X25519", "x": x}]});
        assert_eq!(refused(Some(runtime_data)), SealedSecretError::MalformedKey, "{x}");
    }
}

#[test]
fn keys_of_other_kinds_stand_before_the_one_that_is_used() {
    let key = RecipientKey::generate();
    let mut runtime_data = key.runtime_data();
    runtime_data["keys"].as_array_mut().unwrap().insert(0, json!({"kty": "EC", "crv": "P-256"}));
    let sealed = SealedSecret::seal(&attested(Some(runtime_data)), b"secret").unwrap();
    assert_eq!(*key.open(&sealed).unwrap(), b"secret");
}

#[test]
fn debug_shows_the_public_half_alone() {
    let key = RecipientKey::generate();
    let x = key.runtime_data()["keys"][0]["x"].as_str().unwrap().to_owned();
    assert_eq!(format!("{key:?}"), format!("RecipientKey {{ public: \"{x}\", .. }}"));
}
