//! What is accepted, and what a verified token then says.

use jose::{Jwk, Jwks};
use serde_json::json;
use token::relying_party::MAX_TOLERANCE_SECONDS;
use token::{
    ADMINISTRATION_LIFETIME, Binding, Expectations, SigningKey, TokenAlgorithm, TokenError, VerifiedToken, Verifier,
    issue,
};

use crate::fixture::{
    ISS, NOW, at, certificate, certified, key, keys, other_key, service_claims, token, verifier, with_claim,
    with_parameter,
};

fn accept(token: &str, expectations: &Expectations) -> VerifiedToken {
    verifier().verify(token, at(NOW + 1), expectations).unwrap()
}

fn fresh() -> Expectations {
    Expectations::new(Binding::Nonce("f00d".into()))
}

#[test]
fn verified_token_gives_typed_claims() {
    let token = accept(&token(), &fresh());
    assert_eq!((token.issuer(), token.kid(), token.attestation_type()), (ISS, key().kid(), "sgx"));
    assert_eq!((token.issued_at(), token.not_before(), token.expires_at()), (at(NOW), at(NOW), at(NOW + 28_800)));
    assert_eq!((token.mrenclave(), token.mrsigner()), (Some([0x11; 32]), Some([0x22; 32])));
    assert_eq!((token.product_id(), token.svn(), token.is_debuggable()), (Some(7), Some(3), Some(false)));
    assert_eq!(token.policy_hash(), Some("z0FRjKS0ssQTNur1V6BV8WIrh9M3fzgTo0EfHRvapWU"));
    assert_eq!(token.runtime_data().as_deref(), Some(b"runtime data".as_slice()));
    assert_eq!(token.runtime_json(), Some(&json!({"keys": [1, 2]})));
    assert_eq!((token.nonce(), token.is_simulated()), (Some("f00d"), false));
    assert_eq!(token.token_id().map(str::len), Some(64));
    assert_eq!(token.claims()["x-ms-ver"], "1.0");
}

#[test]
fn tokens_signed_with_es256_verify() {
    let key = SigningKey::generate(TokenAlgorithm::Es256).unwrap();
    let keys = Jwks::new(vec![Jwk::new(key.kid(), &certified(&key, ISS, NOW, NOW + 1, None))]);
    let token = issue(&key, ISS, service_claims(), at(NOW), 60).unwrap();
    let verified = Verifier::new(ISS, keys).verify(&token, at(NOW), &fresh()).unwrap();
    assert_eq!((verified.kid(), verified.svn()), (key.kid(), Some(3)));
}

#[test]
fn malformed_claims_are_none_to_typed_getters() {
    for (claim, value) in [("x-ms-sgx-mrenclave", json!("11")), ("x-ms-sgx-mrenclave", json!("zz".repeat(32)))] {
        assert_eq!(accept(&with_claim(claim, Some(value)), &fresh()).mrenclave(), None);
    }
    for value in [json!(-1), json!(65_536), json!(1.5), json!("3")] {
        assert_eq!(accept(&with_claim("x-ms-sgx-svn", Some(value)), &fresh()).svn(), None);
    }
    assert_eq!(accept(&with_claim("x-ms-sgx-is-debuggable", Some(json!("false"))), &fresh()).is_debuggable(), None);
    assert_eq!(accept(&with_claim("x-ms-sgx-ehd", Some(json!("=="))), &fresh()).runtime_data(), None);
}

#[test]
fn every_binding_can_be_met() {
    let bindings = [
        Binding::Nonce("f00d".into()),
        Binding::RuntimeData(b"runtime data".to_vec()),
        Binding::RuntimeJson(json!({"keys": [1, 2]})),
        Binding::WithoutFreshness,
    ];
    for binding in bindings {
        accept(&token(), &Expectations::new(binding));
    }
}

#[test]
fn header_without_jku_is_accepted() {
    accept(&with_parameter("jku", None), &fresh());
}

#[test]
fn attestation_token_may_carry_the_claims_its_policy_issued() {
    accept(&with_claim("x-ms-policy", Some(json!({"tee": "sgx"}))), &fresh());
}

#[test]
fn other_keys_of_the_issuer_do_not_matter() {
    let mut set = keys().keys().to_vec();
    set.insert(0, Jwk::new(other_key().kid(), b"not even a certificate"));
    Verifier::new(ISS, Jwks::new(set)).verify(&token(), at(NOW), &fresh()).unwrap();
}

#[test]
fn names_in_the_certificate_of_the_key_set_do_not_matter() {
    let other = certified(key(), "https://elsewhere.example", NOW, NOW + 1, None);
    assert_ne!(other, certificate());
    let verifier = Verifier::new(ISS, Jwks::new(vec![Jwk::new(key().kid(), &other)]));
    verifier.verify(&token(), at(NOW), &fresh()).unwrap();
}

#[test]
fn tolerance_is_exact_at_both_ends() {
    let verify = |time, seconds| verifier().verify(&token(), at(time), &fresh().tolerance_seconds(seconds));
    let end = NOW + 28_800;
    verify(NOW, 0).unwrap();
    verify(end - 1, 0).unwrap();
    assert!(matches!(verify(end, 0), Err(TokenError::Expired { .. })));
    assert!(matches!(verify(NOW - 1, 0), Err(TokenError::NotYetValid { .. })));
    verify(NOW - 60, 60).unwrap();
    verify(end + 59, 60).unwrap();
    assert!(matches!(verify(end + 60, 60), Err(TokenError::Expired { .. })));
    assert!(matches!(verify(NOW - 61, 60), Err(TokenError::NotYetValid { .. })));
}

#[test]
fn tolerance_has_an_upper_bound() {
    let expectations = fresh().tolerance_seconds(u32::MAX);
    assert_eq!(expectations, fresh().tolerance_seconds(MAX_TOLERANCE_SECONDS));
    let late = NOW + 28_800 + i64::from(MAX_TOLERANCE_SECONDS);
    assert!(matches!(verifier().verify(&token(), at(late), &expectations), Err(TokenError::Expired { .. })));
}

#[test]
fn extreme_times_are_plain_errors() {
    for time in [i64::MIN, i64::MAX] {
        verifier().verify(&token(), at(time), &fresh()).unwrap_err();
    }
}

#[test]
fn simulated_evidence_is_accepted_only_explicitly_and_stays_marked() {
    let simulated = with_claim("x-veritee-simulated", Some(json!(true)));
    assert!(accept(&simulated, &fresh().accept_simulated()).is_simulated());
    assert!(!accept(&token(), &fresh().accept_simulated()).is_simulated());
    assert!(!accept(&with_claim("x-veritee-simulated", Some(json!(false))), &fresh()).is_simulated());
}

#[test]
fn real_administration_token_is_refused_as_one() {
    let claims = crate::fixture::object(json!({"x-ms-policy": "eyJhbGciOiJub25lIn0.."}));
    let token = token::issue_administration(key(), ISS, claims, at(NOW), ADMINISTRATION_LIFETIME).unwrap();
    let result = verifier().verify(&token, at(NOW), &Expectations::new(Binding::WithoutFreshness));
    assert!(matches!(result, Err(TokenError::Administration { claim: "x-ms-policy" })));
}
