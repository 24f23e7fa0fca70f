//! Signing policies: what we sign reads, and another library verifies it.

use attestation::policy_jws::{PolicyJws, PolicyKeyError, PolicySigningKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jose::Algorithm;
use jsonwebtoken::{Algorithm as Theirs, DecodingKey};
use problem::Problem;
use rcgen::PublicKeyData;
use serde_json::{Value, json};

use crate::policy_fixture::{Signer, TEXT, chain, p256, rsa};

fn header(jws: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(jws.split('.').next().unwrap()).unwrap()).unwrap()
}

#[test]
fn signed_policies_and_resets_read_as_what_they_are() {
    for (signer, algorithm) in [(rsa(), Algorithm::Rs256), (p256(), Algorithm::Es256)] {
        for text in [Some(TEXT), Some("version=1.0; // Grüße"), None] {
            let jws = signer.signing_key().sign(text, None, None).unwrap();
            let read = PolicyJws::read(&jws).unwrap();
            assert_eq!((read.text(), read.signer().unwrap().algorithm()), (text, algorithm));
        }
    }
}

#[test]
fn header_and_payload_are_exactly_these() {
    let certificate = STANDARD.encode(p256().certificate.der());
    let jws = p256().signing_key().sign(Some(TEXT), Some(Algorithm::Es256), None).unwrap();
    assert_eq!(header(&jws), format!(r#"{{"alg":"ES256","x5c":["{certificate}"]}}"#));
    let json = String::from_utf8(URL_SAFE_NO_PAD.decode(jws.split('.').nth(1).unwrap()).unwrap()).unwrap();
    let text = URL_SAFE_NO_PAD.encode(TEXT);
    let id = json.strip_prefix(&format!(r#"{{"AttestationPolicy":"{text}","jti":""#)).unwrap().strip_suffix(r#""}"#);
    assert_eq!(URL_SAFE_NO_PAD.decode(id.unwrap()).unwrap().len(), 16, "{json}");
    let signature = URL_SAFE_NO_PAD.decode(jws.split('.').nth(2).unwrap()).unwrap();
    assert_eq!(signature.len(), 64, "r‖s");
    let reset = p256().signing_key().sign(None, None, None).unwrap();
    assert_eq!(reset.split('.').nth(1), Some(""));
    let id = header(&reset).split('"').nth(7).unwrap().to_owned();
    assert_eq!(header(&reset), format!(r#"{{"alg":"ES256","kid":"{id}","x5c":["{certificate}"]}}"#));
    assert_eq!(URL_SAFE_NO_PAD.decode(id).unwrap().len(), 16);
}

#[test]
fn what_is_signed_again_is_another_jws_over_other_bytes() {
    for signer in [rsa(), p256()] {
        for text in [Some(TEXT), None] {
            let [one, other] = [(); 2].map(|()| signer.signing_key().sign(text, None, None).unwrap());
            let input = |jws: &str| jws.rsplit_once('.').unwrap().0.to_owned();
            assert_ne!(input(&one), input(&other));
        }
    }
}

/// jsonwebtoken's view of the signer's key.
fn their_key(signer: &Signer, algorithm: Theirs) -> DecodingKey {
    let raw = signer.key.der_bytes();
    match algorithm {
        Theirs::RS256 => DecodingKey::from_rsa_der(raw),
        _ => DecodingKey::from_ec_der(raw),
    }
}

#[test]
fn another_library_verifies_what_we_sign() {
    for (signer, other, algorithm) in [(rsa(), p256(), Theirs::RS256), (p256(), rsa(), Theirs::ES256)] {
        for text in [Some(TEXT), None] {
            let jws = signer.signing_key().sign(text, None, None).unwrap();
            let (input, signature) = jws.rsplit_once('.').unwrap();
            let key = their_key(signer, algorithm);
            assert!(jsonwebtoken::crypto::verify(signature, input.as_bytes(), &key, algorithm).unwrap());
            assert!(!jsonwebtoken::crypto::verify(signature, b"else", &key, algorithm).unwrap());
            let read = PolicyJws::read(&jws).unwrap();
            assert_ne!(read.signer().unwrap().certificates()[0].der(), &**other.certificate.der());
        }
    }
}

#[test]
fn the_whole_chain_goes_along_leaf_first_however_it_was_given() {
    let (key, [leaf, middle, root]) = chain();
    let der = |pem: &str| json!(STANDARD.encode(pem::parse(pem).unwrap().contents()));
    let expected = json!([der(&leaf), der(&middle), der(&root)]);
    for given in [
        [&leaf, &middle, &root].as_slice(),
        &[&root, &middle, &leaf],
        &[&middle, &leaf, &root],
        &[&leaf, &root, &leaf, &middle],
    ] {
        let file: String = given.iter().map(|pem| pem.as_str()).collect();
        let key = PolicySigningKey::from_pem(key.serialize_pem().as_bytes(), file.as_bytes()).unwrap();
        let header: Value = serde_json::from_str(&header(&key.sign(Some(TEXT), None, None).unwrap())).unwrap();
        assert_eq!(header["x5c"], expected);
    }
    // Without its root a chain is one all the same.
    let key = PolicySigningKey::from_pem(key.serialize_pem().as_bytes(), format!("{middle}{leaf}").as_bytes()).unwrap();
    assert!(key.certificates()[1].signed(&key.certificates()[0]));
}

#[test]
fn refuses_algorithms_that_the_key_does_not_have() {
    for (signer, algorithm, kind) in
        [(rsa(), Algorithm::Es256, "RSA"), (p256(), Algorithm::Rs256, "P-256"), (rsa(), Algorithm::Ps256, "RSA")]
    {
        let error = signer.signing_key().sign(Some(TEXT), Some(algorithm), None).unwrap_err();
        assert!(matches!(error, PolicyKeyError::AlgorithmOfOtherKeys { key, .. } if key == kind));
        assert_eq!(error.code(), "policy_key_algorithm");
    }
}

#[test]
fn debug_shows_no_secret() {
    let key = p256().signing_key();
    let shown = format!("{key:?}");
    assert!(shown.starts_with("PolicySigningKey { chain: [SignerCertificate { subject: "), "{shown}");
    assert!(shown.ends_with(".. }], .. }"), "{shown}");
}
