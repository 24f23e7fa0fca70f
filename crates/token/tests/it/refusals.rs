//! One token for each refusal, broken in exactly that place.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jose::{Jwk, Jwks, KeyUseError, PublicKeyError};
use problem::Problem;
use rcgen::{CertificateParams, Issuer, KeyPair, PublicKeyData, SignatureAlgorithm};
use serde_json::{Map, Value, json};
use token::{Binding, Expectations, SigningKey, TokenAlgorithm, TokenError, Verifier, issue_unsecured};

use crate::fixture::{
    ISS, NOW, at, certificate, certified, claims, header, key, keys, other_key, service_claims, sign, token, verifier,
    with_claim, with_parameter,
};

fn refusal_by(verifier: &Verifier, token: &str) -> TokenError {
    verifier.verify(token, at(NOW + 1), &Expectations::new(Binding::Nonce("f00d".into()))).unwrap_err()
}

fn refusal(token: &str) -> TokenError {
    refusal_by(&verifier(), token)
}

fn refusal_under(entry: &Value) -> TokenError {
    let keys = Jwks::parse(json!({"keys": [entry]}).to_string().as_bytes()).unwrap();
    refusal_by(&Verifier::new(ISS, keys), &token())
}

fn text(members: Map<String, Value>) -> String {
    Value::Object(members).to_string()
}

#[test]
fn refuses_too_long_token() {
    let token = "a".repeat(jose::jws::MAX_LENGTH + 1);
    assert!(matches!(refusal(&token), TokenError::TooLong { .. }));
}

#[test]
fn refuses_malformed_token() {
    for token in ["", "a.b", "a.b.c", &format!("{}=", token()), &format!(" {}", token()), &format!("{}.", token())] {
        assert!(matches!(refusal(token), TokenError::Malformed(_)), "{token}");
    }
    assert!(matches!(refusal(&with_parameter("crit", Some(json!(["exp"])))), TokenError::Malformed(_)));
}

#[test]
fn refuses_draft_policy_token() {
    let token = issue_unsecured(key(), ISS, service_claims(), at(NOW), 28_800).unwrap();
    assert!(matches!(refusal(&token), TokenError::DraftPolicy));
}

#[test]
fn refuses_token_whose_algorithm_was_changed_to_none() {
    let mut unsigned = header();
    unsigned.insert("alg".to_owned(), json!("none"));
    let token = token();
    let rest = token.split_once('.').unwrap().1;
    assert!(matches!(refusal(&format!("{}.{rest}", URL_SAFE_NO_PAD.encode(text(unsigned)))), TokenError::DraftPolicy));
}

#[test]
fn refuses_other_algorithms() {
    for alg in ["ES384", "HS256", "RS512", "PS256", "None", "rs256", ""] {
        let error = refusal(&with_parameter("alg", Some(json!(alg))));
        assert!(matches!(error, TokenError::Algorithm { alg: named } if named == alg), "{alg}");
    }
}

#[test]
fn refuses_other_types() {
    for typ in [None, Some(json!("jwt")), Some(json!("at+jwt"))] {
        assert!(matches!(refusal(&with_parameter("typ", typ)), TokenError::Type { .. }));
    }
}

#[test]
fn refuses_token_without_key_id() {
    assert!(matches!(refusal(&with_parameter("kid", None)), TokenError::NoKeyId));
}

#[test]
fn refuses_unknown_key_id() {
    let token = sign(other_key(), &text(header()).replace(key().kid(), other_key().kid()), &text(claims()));
    assert!(matches!(refusal(&token), TokenError::UnknownKey { kid } if kid == other_key().kid()));
}

#[test]
fn refuses_key_id_that_is_there_twice() {
    let twice = [keys().keys(), keys().keys()].concat();
    let error = refusal_by(&Verifier::new(ISS, Jwks::new(twice)), &token());
    assert!(matches!(error, TokenError::AmbiguousKey { .. }));
}

#[test]
fn refuses_key_of_another_kind() {
    let entry = json!({"x5c": keys().keys()[0].x5c(), "kid": key().kid(), "kty": "EC"});
    assert!(matches!(refusal_under(&entry), TokenError::KeyType { kty, .. } if kty == "EC"));
}

/// A public key that rcgen writes into a certificate without looking at it.
struct AnyKey(Vec<u8>);

impl PublicKeyData for AnyKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

/// RSAPublicKey of a modulus of so many bits, exponent 65537.
fn rsa_public_key(bits: usize) -> Vec<u8> {
    use der::Encode;
    use der::asn1::Uint;
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    if !bits.is_multiple_of(8) {
        modulus[0] >>= 8 - bits % 8;
    }
    vec![Uint::new(&modulus).unwrap(), Uint::new(&[1, 0, 1]).unwrap()].to_der().unwrap()
}

fn refusal_of_certificate(certificate: &[u8]) -> PublicKeyError {
    // Whatever kind of key is in it, the set says RSA.
    let entry = json!({"x5c": [STANDARD.encode(certificate)], "kid": key().kid(), "kty": "RSA"});
    match refusal_under(&entry) {
        TokenError::Key { source, .. } => source,
        other => panic!("{other:?}"),
    }
}

fn refusal_of_key(public_key: Vec<u8>) -> PublicKeyError {
    let parameters = CertificateParams::default();
    let issuer = Issuer::new(CertificateParams::default(), KeyPair::generate().unwrap());
    refusal_of_certificate(parameters.signed_by(&AnyKey(public_key), &issuer).unwrap().der())
}

#[test]
fn refuses_key_without_certificate() {
    let entry = json!({"x5c": [], "kid": key().kid(), "kty": "RSA"});
    assert!(matches!(refusal_under(&entry), TokenError::Key { source: PublicKeyError::NoCertificate, .. }));
}

/// The entry of [`key`], with other members.
fn entry_with(members: &Value) -> Value {
    let mut entry = json!({"x5c": keys().keys()[0].x5c(), "kid": key().kid(), "kty": "RSA"});
    for (name, value) in members.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry
}

fn is_taken(keys: &[Value]) -> bool {
    let keys = Jwks::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap();
    let expectations = Expectations::new(Binding::Nonce("f00d".into()));
    Verifier::new(ISS, keys).verify(&token(), at(NOW + 1), &expectations).is_ok()
}

fn refusal_of_entry(members: &Value) -> PublicKeyError {
    match refusal_under(&entry_with(members)) {
        TokenError::Key { source, .. } => source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn refuses_a_key_whose_entry_contradicts_its_use() {
    for members in [
        json!({}),
        json!({"use": "sig", "key_ops": ["verify"], "alg": "RS256"}),
        json!({"key_ops": ["sign", "verify"], "unknown": 1}),
        json!({"use": null, "key_ops": null, "alg": null}),
    ] {
        assert!(is_taken(&[entry_with(&members)]), "{members}");
    }
    for purpose in [json!("enc"), json!("SIG"), json!(""), json!(["sig"])] {
        let error = refusal_of_entry(&json!({"use": purpose}));
        assert!(matches!(error, PublicKeyError::Use(KeyUseError::Purpose { .. })), "{purpose}: {error}");
        assert_eq!(error.code(), "key_use_purpose");
    }
    let many = json!(vec!["verify"; 2]);
    for operations in [json!([]), json!(["sign"]), json!("verify"), json!(["Verify"]), json!(["verify", 1]), many] {
        let error = refusal_of_entry(&json!({"key_ops": operations}));
        assert!(matches!(error, PublicKeyError::Use(KeyUseError::Operations { .. })), "{operations}: {error}");
        assert_eq!(error.code(), "key_use_operations");
    }
    for alg in [json!("ES256"), json!("RSA-OAEP"), json!("rs256"), json!("PS256"), json!(256)] {
        let error = refusal_of_entry(&json!({"alg": alg}));
        assert!(matches!(error, PublicKeyError::Use(KeyUseError::Algorithm { .. })), "{alg}: {error}");
        assert_eq!(error.code(), "key_use_algorithm");
    }
}

#[test]
fn refuses_a_key_whose_numbers_are_not_those_of_its_certificate() {
    for members in [json!({"n": "AQAB"}), json!({"e": "Aw"}), json!({"n": 1}), json!({"e": "not base64!"})] {
        let error = refusal_of_entry(&members);
        assert!(matches!(error, PublicKeyError::OtherKey { .. }), "{members}: {error}");
        assert_eq!(error.code(), "public_key_other_key");
    }
    assert!(is_taken(&[entry_with(&json!({"e": "AQAB"}))]));
}

#[test]
fn refuses_a_key_outside_the_validity_of_its_certificate() {
    let refusal = |from, until| {
        let certificate = certified(key(), ISS, from, until, None);
        match refusal_by(&Verifier::new(ISS, Jwks::new(vec![Jwk::new(key().kid(), &certificate)])), &token()) {
            TokenError::Key { source, .. } => source,
            other => panic!("{other:?}"),
        }
    };
    let early = refusal(NOW + 3_600, NOW + 7_200);
    assert!(matches!(early, PublicKeyError::NotYetValid { .. }), "{early}");
    assert_eq!(early.code(), "public_key_not_yet_valid");
    let late = refusal(NOW - 7_200, NOW - 3_600);
    assert!(matches!(late, PublicKeyError::Expired { .. }), "{late}");
    assert_eq!(late.code(), "public_key_expired");
}

#[test]
fn an_entry_for_something_else_keeps_no_other_from_its_use() {
    let good = entry_with(&json!({}));
    // Of the same id: one that is for encryption, and one that cannot be read.
    for other in [entry_with(&json!({"use": "enc"})), json!({"kid": key().kid(), "kty": "oct"}), json!({"kty": 1})] {
        assert!(is_taken(&[other.clone(), good.clone()]) && is_taken(&[good.clone(), other.clone()]), "{other}");
    }
    assert!(!is_taken(&[good.clone(), good]));
    let unreadable = json!({"keys": [{"kid": key().kid(), "kty": "oct"}, {"x5c": [], "kid": "k", "kty": "RSA"}]});
    let keys = Jwks::parse(unreadable.to_string().as_bytes()).unwrap();
    let error = refusal_by(&Verifier::new(ISS, keys), &token());
    assert!(matches!(error, TokenError::Key { source: PublicKeyError::Entry(_), .. }), "{error}");
}

#[test]
fn refuses_certificate_that_is_no_base64() {
    let certificate = STANDARD.encode(certificate());
    for x5c in [format!("{certificate}\n"), certificate.replace('/', "_").replace('+', "-"), "é".to_owned()] {
        let entry = json!({"x5c": [x5c], "kid": key().kid(), "kty": "RSA"});
        assert!(matches!(refusal_under(&entry), TokenError::Key { source: PublicKeyError::Base64(_), .. }));
    }
}

#[test]
fn refuses_certificate_that_is_no_x509() {
    let mut longer = certificate();
    longer.push(0);
    for certificate in [b"".as_slice(), b"\x30\x00", &longer] {
        assert!(matches!(refusal_of_certificate(certificate), PublicKeyError::Certificate(_)));
    }
}

#[test]
fn refuses_the_algorithm_of_another_kind_of_key() {
    let es256 = with_parameter("alg", Some(json!("ES256")));
    assert!(matches!(refusal(&es256), TokenError::KeyType { alg: "ES256", .. }), "over an RSA key");
    let curve = SigningKey::generate(TokenAlgorithm::Es256).unwrap();
    let keys = Jwks::new(vec![Jwk::new(key().kid(), &certified(&curve, ISS, NOW, NOW + 1, None))]);
    let rs256 = refusal_by(&Verifier::new(ISS, keys), &token());
    assert!(matches!(rs256, TokenError::KeyType { alg: "RS256", .. }), "over a key on a curve");
    // An RSA key that the set calls one on a curve.
    let entry = json!({"x5c": [STANDARD.encode(certificate())], "kid": key().kid(), "kty": "EC"});
    let verifier = Verifier::new(ISS, Jwks::parse(json!({"keys": [entry]}).to_string().as_bytes()).unwrap());
    let refused = refusal_by(&verifier, &es256);
    assert!(matches!(refused, TokenError::Key { source: PublicKeyError::Kind { .. }, .. }));
}

#[test]
fn refuses_es256_signatures_that_are_wrong_or_in_der() {
    let curve = SigningKey::generate(TokenAlgorithm::Es256).unwrap();
    let keys = Jwks::new(vec![Jwk::new(curve.kid(), &certified(&curve, ISS, NOW, NOW + 1, None))]);
    let token = token::issue(&curve, ISS, service_claims(), at(NOW), 60).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let number = |half: &[u8]| [&[0x02, 0x21, 0x00][..], half].concat();
    let der = [&[0x30, 0x46][..], &number(&raw[..32]), &number(&raw[32..])].concat();
    for wrong in [vec![], vec![0; 64], raw[..63].to_vec(), der] {
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(wrong));
        assert!(matches!(refusal_by(&Verifier::new(ISS, keys.clone()), &token), TokenError::Signature));
    }
}

#[test]
fn refuses_certificate_with_an_elliptic_key() {
    let elliptic = CertificateParams::default().self_signed(&KeyPair::generate().unwrap()).unwrap();
    assert!(matches!(refusal_of_certificate(elliptic.der()), PublicKeyError::Kind { .. }));
}

#[test]
fn refuses_certificate_with_a_malformed_rsa_key() {
    for malformed in [b"".to_vec(), b"garbage".to_vec(), [rsa_public_key(2048), vec![0]].concat()] {
        assert!(matches!(refusal_of_key(malformed), PublicKeyError::Malformed(_)));
    }
}

#[test]
fn refuses_rsa_keys_that_are_too_short_or_too_long() {
    for length in [1024, 2047, 4097, 8192] {
        let error = refusal_of_key(rsa_public_key(length));
        assert!(matches!(error, PublicKeyError::Size { bits } if bits == length), "{length}");
    }
}

#[test]
fn refuses_key_url_that_is_not_the_issuers() {
    for jku in ["https://evil.example/certs", "https://attest.example/certs/", "https://attest.example", ""] {
        let error = refusal(&with_parameter("jku", Some(json!(jku))));
        assert!(matches!(error, TokenError::KeyUrl { jku: named } if named == jku), "{jku}");
    }
}

#[test]
fn refuses_signature_of_another_key() {
    let token = sign(other_key(), &text(header()), &text(claims()));
    assert!(matches!(refusal(&token), TokenError::Signature));
}

#[test]
fn refuses_changed_claims_and_changed_or_missing_signature() {
    let token = token();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = input.split_once('.').unwrap();
    let mut debuggable = claims();
    debuggable.insert("x-ms-sgx-is-debuggable".to_owned(), json!(true));
    let forged = URL_SAFE_NO_PAD.encode(text(debuggable));
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[17] ^= 1;
    let flipped = URL_SAFE_NO_PAD.encode(bytes);
    for token in [
        format!("{header}.{forged}.{signature}"),
        format!("{input}.{flipped}"),
        format!("{input}."),
        format!("{input}.{}", URL_SAFE_NO_PAD.encode([0; 256])),
    ] {
        assert!(matches!(refusal(&token), TokenError::Signature));
    }
}

#[test]
fn refuses_claims_that_are_no_strict_json_object() {
    let whole = text(claims());
    let duplicate = whole.replacen('{', r#"{"iss":"https://evil.example","#, 1);
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    for payload in ["", "[]", "null", &duplicate, &deep, &whole[1..]] {
        assert!(matches!(refusal(&sign(key(), &text(header()), payload)), TokenError::Claims(_)), "{payload}");
    }
}

#[test]
fn refuses_token_without_issuer() {
    for iss in [None, Some(json!(null)), Some(json!([ISS]))] {
        assert!(matches!(refusal(&with_claim("iss", iss)), TokenError::NoIssuer));
    }
}

#[test]
fn refuses_other_issuers() {
    for iss in ["https://attest.example/", "https://ATTEST.example", "http://attest.example", ""] {
        let error = refusal(&with_claim("iss", Some(json!(iss))));
        assert!(matches!(error, TokenError::Issuer { found, .. } if found == iss));
    }
}

#[test]
fn refuses_token_without_whole_times() {
    for name in ["exp", "nbf", "iat"] {
        for value in [None, Some(json!(null)), Some(json!("1800000000")), Some(json!(1.8e9)), Some(json!(u64::MAX))] {
            assert!(matches!(refusal(&with_claim(name, value)), TokenError::NoTime { claim } if claim == name));
        }
    }
}

#[test]
fn refuses_token_that_ends_before_it_begins() {
    assert!(matches!(refusal(&with_claim("nbf", Some(json!(NOW + 28_801)))), TokenError::Window { .. }));
}

#[test]
fn refuses_expired_token() {
    let error = verifier().verify(&token(), at(NOW + 30_000), &Expectations::new(Binding::Nonce("f00d".into())));
    assert!(matches!(error, Err(TokenError::Expired { .. })));
}

#[test]
fn refuses_token_that_is_not_valid_yet() {
    assert!(matches!(refusal(&with_claim("nbf", Some(json!(NOW + 100)))), TokenError::NotYetValid { .. }));
}

#[test]
fn refuses_token_issued_in_the_future() {
    assert!(matches!(refusal(&with_claim("iat", Some(json!(NOW + 100)))), TokenError::IssuedInFuture { .. }));
}

#[test]
fn refuses_answers_to_administrators() {
    for (claim, value) in [
        ("x-ms-policy", json!("eyJhbGciOiJub25lIn0..")),
        ("x-ms-policy-result", json!("Updated")),
        ("x-ms-policy-certificates", json!({"keys": []})),
        ("x-ms-certificate-thumbprint", json!("00")),
        ("x-ms-policycertificates-result", json!("IsPresent")),
        ("x-ms-certificate-result", json!("IsPresent")),
    ] {
        let error = refusal(&with_claim(claim, Some(value)));
        assert!(matches!(error, TokenError::Administration { claim: named } if named == claim), "{claim}");
    }
}

#[test]
fn refuses_token_that_attests_nothing() {
    for claim in ["x-ms-attestation-type", "x-ms-ver"] {
        for value in [None, Some(json!(1))] {
            let error = refusal(&with_claim(claim, value));
            assert!(matches!(error, TokenError::NotAttestation { claim: named } if named == claim), "{claim}");
        }
    }
}

fn bindings() -> [(&'static str, Binding, Binding); 3] {
    [
        ("nonce", Binding::Nonce("f00d".into()), Binding::Nonce("f00e".into())),
        ("x-ms-sgx-ehd", Binding::RuntimeData(b"runtime data".to_vec()), Binding::RuntimeData(b"runtime".to_vec())),
        ("x-ms-runtime", Binding::RuntimeJson(json!({"keys": [1, 2]})), Binding::RuntimeJson(json!({"keys": [1]}))),
    ]
}

#[test]
fn refuses_token_that_lacks_the_demanded_binding() {
    for (name, binding, _) in bindings() {
        let error = verifier().verify(&with_claim(name, None), at(NOW), &Expectations::new(binding)).unwrap_err();
        assert!(matches!(error, TokenError::Unbound { claim } if claim == name));
    }
}

#[test]
fn refuses_token_bound_to_something_else() {
    for (name, binding, other) in bindings() {
        let error = verifier().verify(&token(), at(NOW), &Expectations::new(other)).unwrap_err();
        assert!(matches!(error, TokenError::Binding { claim } if claim == name));
        let odd = with_claim(name, Some(json!(5)));
        let error = verifier().verify(&odd, at(NOW), &Expectations::new(binding)).unwrap_err();
        assert!(matches!(error, TokenError::Binding { claim } if claim == name));
    }
}

#[test]
fn refuses_simulated_evidence_however_it_is_marked() {
    for mark in [json!(true), json!("true"), json!({"root": "00"}), json!(null), json!(0)] {
        assert!(matches!(refusal(&with_claim("x-veritee-simulated", Some(mark))), TokenError::Simulated));
    }
}

#[test]
fn messages_repeat_only_the_beginning_of_a_strangers_text_and_no_control_characters() {
    let message = refusal(&with_claim("iss", Some(json!(format!("\u{1b}[2J{}", "x".repeat(10_000)))))).to_string();
    assert!(message.starts_with(r"token was issued by `\u{1b}[2Jxxx"), "{message}");
    assert!(message.len() < 400 && !message.contains(char::is_control));
}
