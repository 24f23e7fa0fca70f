//! Bearer tokens of a made-up issuer: which are taken, and one refusal for each step.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::KeyPair;
use jose::{Jwk, JwksError};
use oidc::{BearerAlgorithm, BearerError, KeySet, UnverifiedToken, VerifiedClaims, Verifier};
use problem::Problem;
use proptest::prelude::{any, prop_assert, proptest};
use serde_json::{Value, json};
use unix_time::UnixTime;

use crate::fixture::{
    AUDIENCE, ISSUER, NOW, certified, claims, encode, header, key_set, p256_jwk, pkcs1, rsa, rsa_jwk, sign, sign_texts,
    with, with_claim, without, without_claim,
};

fn keys_of(keys: &[Value]) -> KeySet {
    KeySet::parse(key_set(keys).as_bytes()).unwrap()
}

fn verify_with(keys: &KeySet, token: &str, at: i64) -> Result<VerifiedClaims, BearerError> {
    let verifier =
        Verifier::new(ISSUER, AUDIENCE, [BearerAlgorithm::RS256, BearerAlgorithm::PS256, BearerAlgorithm::ES256]);
    verifier.verify(UnverifiedToken::decode(token)?, keys, UnixTime::from_seconds(at))
}

fn verify_at(token: &str, at: i64) -> Result<VerifiedClaims, BearerError> {
    verify_with(&keys_of(&[rsa_jwk(), p256_jwk()]), token, at)
}

fn refusal(token: &str) -> BearerError {
    verify_at(token, NOW).unwrap_err()
}

fn with_parameter(name: &str, value: Value) -> String {
    sign("RS256", &with(header("RS256"), name, value), &claims())
}

#[test]
fn tokens_of_every_algorithm_are_taken() {
    for alg in ["RS256", "PS256", "ES256"] {
        let verified =
            verify_at(&sign(alg, &header(alg), &claims()), NOW).unwrap_or_else(|error| panic!("{alg}: {error}"));
        assert_eq!(verified.subject(), "alice");
    }
}

#[test]
fn tokens_that_jsonwebtoken_signs_are_taken() {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    for (algorithm, alg) in [(Algorithm::RS256, "RS256"), (Algorithm::PS256, "PS256")] {
        let mut header = Header::new(algorithm);
        header.kid = Some("rsa".to_owned());
        let token = encode(&header, &claims(), &EncodingKey::from_rsa_der(&pkcs1())).unwrap();
        assert!(verify_at(&token, NOW).is_ok(), "{alg}");
    }
}

#[test]
fn claims_are_found_at_their_paths() {
    let nested = with(claims(), "a.b", json!("top"));
    let verified = verify_at(&sign("RS256", &header("RS256"), &nested), NOW).unwrap();
    let at = |path: &[&str]| verified.at(&path.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).cloned();
    assert_eq!(at(&["realm_access", "roles"]), Some(json!(["reader", "admin"])));
    assert_eq!(at(&["a.b"]), Some(json!("top")));
    for absent in [&[][..], &["a", "b"], &["realm_access", "none"], &["sub", "x"], &["realm_access", "roles", "0"]] {
        assert_eq!(at(absent), None, "{absent:?}");
    }
}

#[test]
fn types_of_access_tokens_are_taken_and_others_refused() {
    for typ in ["JWT", "jwt", "at+jwt", "application/at+jwt"] {
        assert!(verify_at(&with_parameter("typ", json!(typ)), NOW).is_ok(), "{typ}");
    }
    assert!(verify_at(&sign("RS256", &without(header("RS256"), "typ"), &claims()), NOW).is_ok());
    for typ in ["", "logout+jwt", "secevent+jwt", "dpop+jwt", "application/"] {
        assert!(matches!(refusal(&with_parameter("typ", json!(typ))), BearerError::Type { .. }), "{typ}");
    }
}

#[test]
fn refuses_what_is_too_long_or_no_jwt() {
    let long = with_claim("groups", json!("x".repeat(12 << 10)));
    assert!(matches!(refusal(&long), BearerError::TooLong { .. }));
    for text in ["", "guess", "a.b", "a.b.c.d", "e30.e30.", "!.!.!"] {
        assert!(matches!(refusal(text), BearerError::Malformed(_)), "{text}");
    }
    for name in ["crit", "b64"] {
        assert!(matches!(refusal(&with_parameter(name, json!(["exp"]))), BearerError::Malformed(_)), "{name}");
    }
}

#[test]
fn refuses_duplicate_members_in_header_and_claims() {
    let (good_header, good_claims) = (header("RS256").to_string(), claims().to_string());
    let twice = good_header.replacen('{', r#"{"alg":"none","#, 1);
    assert!(matches!(refusal(&sign_texts("RS256", &twice, &good_claims)), BearerError::Malformed(_)));
    let twice = good_claims.replacen('{', r#"{"iss":"https://other.example","#, 1);
    assert!(matches!(refusal(&sign_texts("RS256", &good_header, &twice)), BearerError::Claims(_)));
    for payload in ["", "[]", "\"\"", &"[".repeat(100)] {
        assert!(matches!(refusal(&sign_texts("RS256", &good_header, payload)), BearerError::Claims(_)), "{payload}");
    }
}

#[test]
fn refuses_none_and_shared_secrets_and_algorithms_of_others() {
    let unsigned = |alg: &str| format!("{}.{}.", encode(header(alg).to_string()), encode(claims().to_string()));
    for alg in ["none", "None", "", "rs256", "RS512", "EdDSA"] {
        assert!(matches!(refusal(&unsigned(alg)), BearerError::Algorithm { .. }), "{alg}");
    }
    // The public key as the secret, in every form in which somebody might have it.
    let numbers = rsa().public_key();
    for secret in [
        numbers.as_ref(),
        numbers.modulus().big_endian_without_leading_zero(),
        rsa_jwk()["n"].as_str().unwrap().as_bytes(),
    ] {
        let input = unsigned("HS256").trim_end_matches('.').to_owned();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
        assert!(matches!(refusal(&format!("{input}.{}", encode(tag))), BearerError::Algorithm { .. }));
    }
    let verifier = Verifier::new(ISSUER, AUDIENCE, [BearerAlgorithm::ES256]);
    let token = sign("RS256", &header("RS256"), &claims());
    let refused = verifier
        .verify(UnverifiedToken::decode(&token).unwrap(), &keys_of(&[rsa_jwk()]), UnixTime::from_seconds(NOW))
        .unwrap_err();
    assert!(matches!(refused, BearerError::Algorithm { .. }), "{refused}");
}

#[test]
fn bearer_tokens_allow_rs256_ps256_and_es256() {
    for algorithm in jose::Algorithm::ALL {
        let name = algorithm.name();
        let is_allowed = ["RS256", "PS256", "ES256"].contains(&name);
        let token = with_parameter("alg", json!(name));
        assert_eq!(!matches!(verify_at(&token, NOW), Err(BearerError::Algorithm { .. })), is_allowed, "{name}");
        let named: Result<BearerAlgorithm, _> = serde_json::from_value(json!(name));
        assert_eq!(named.is_ok(), is_allowed, "{name}");
    }
}

#[test]
fn refuses_keys_that_are_unknown_or_unnamed_or_there_twice() {
    assert!(matches!(refusal(&sign("RS256", &without(header("RS256"), "kid"), &claims())), BearerError::NoKeyId));
    assert!(matches!(refusal(&with_parameter("kid", json!("RSA"))), BearerError::UnknownKey { .. }));
    let token = sign("RS256", &header("RS256"), &claims());
    let twice = keys_of(&[rsa_jwk(), with(p256_jwk(), "kid", json!("rsa"))]);
    assert!(matches!(verify_with(&twice, &token, NOW), Err(BearerError::AmbiguousKey { .. })));
}

#[test]
fn refuses_a_key_of_another_kind_or_for_another_algorithm() {
    let token = sign("RS256", &with(header("RS256"), "kid", json!("p256")), &claims());
    assert!(matches!(refusal(&token), BearerError::KeyKind { .. }));
    let token = sign("ES256", &with(header("ES256"), "kid", json!("rsa")), &claims());
    assert!(matches!(refusal(&token), BearerError::KeyKind { .. }));
    let keys = keys_of(&[with(rsa_jwk(), "alg", json!("PS256"))]);
    assert!(verify_with(&keys, &sign("PS256", &header("PS256"), &claims()), NOW).is_ok());
    let other = verify_with(&keys, &sign("RS256", &header("RS256"), &claims()), NOW);
    assert!(matches!(other, Err(BearerError::KeyKind { .. })));
}

#[test]
fn refuses_wrong_signatures_and_keys_of_the_senders_own() {
    let token = sign("RS256", &header("RS256"), &claims());
    let (signed, _) = token.rsplit_once('.').unwrap();
    for signature in [String::new(), encode([0; 256]), encode([0; 64])] {
        assert!(matches!(refusal(&format!("{signed}.{signature}")), BearerError::Signature));
    }
    // A signature of the other padding is none.
    assert!(matches!(refusal(&sign("PS256", &header("RS256"), &claims())), BearerError::Signature));
    let own = with(rsa_jwk(), "kid", json!("own"));
    let header = with(with(header("RS256"), "kid", json!("own")), "jwk", own);
    assert!(matches!(refusal(&sign("RS256", &header, &claims())), BearerError::UnknownKey { .. }));
}

#[test]
fn an_exponent_of_one_verifies_nothing() {
    let keys = keys_of(&[with(rsa_jwk(), "e", json!(encode([1])))]);
    let header = encode(header("RS256").to_string());
    let input = format!("{header}.{}", encode(claims().to_string()));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, input.as_bytes());
    let info = hex::decode("3031300d060960864801650304020105000420").unwrap();
    let tail = [&[0][..], &info, digest.as_ref()].concat();
    let padded = [&[0, 1][..], &vec![0xff; 256 - 2 - tail.len()], &tail].concat();
    let forged = format!("{input}.{}", encode(padded));
    assert!(matches!(verify_with(&keys, &forged, NOW), Err(BearerError::Signature)));
}

#[test]
fn refuses_other_issuers_and_audiences() {
    for issuer in
        [json!("https://login.example/realms/other"), json!(format!("{ISSUER}/")), json!([ISSUER]), json!(null)]
    {
        assert!(matches!(refusal(&with_claim("iss", issuer.clone())), BearerError::Issuer { .. }), "{issuer}");
    }
    assert!(matches!(refusal(&without_claim("iss")), BearerError::Issuer { .. }));
    assert!(verify_at(&with_claim("aud", json!(["account", AUDIENCE])), NOW).is_ok());
    for audience in [
        json!("account"),
        json!([]),
        json!(["account"]),
        json!(format!("{AUDIENCE}/")),
        json!({AUDIENCE: 1}),
        json!([[AUDIENCE]]),
    ] {
        assert!(matches!(refusal(&with_claim("aud", audience.clone())), BearerError::Audience { .. }), "{audience}");
    }
    assert!(matches!(refusal(&without_claim("aud")), BearerError::Audience { .. }));
}

#[test]
fn refuses_tokens_before_and_after_their_time() {
    let token = sign("RS256", &header("RS256"), &claims());
    for at in [NOW - 60, NOW, NOW + 3_659] {
        assert!(verify_at(&token, at).is_ok(), "{at}");
    }
    assert!(matches!(verify_at(&token, NOW + 3_660), Err(BearerError::Expired { .. })));
    assert!(matches!(verify_at(&token, NOW - 61), Err(BearerError::NotYetValid { .. })));
    let from_iat = without_claim("nbf");
    assert!(matches!(verify_at(&from_iat, NOW - 61), Err(BearerError::IssuedInFuture { .. })));
    assert!(verify_at(&without_claim("iat"), NOW).is_ok());
    assert!(matches!(refusal(&without_claim("exp")), BearerError::NoTime { claim: "exp" }));
    for claim in ["exp", "nbf", "iat"] {
        for value in [json!("1800000000"), json!(1.5), json!(null), json!(u64::MAX)] {
            let refused = refusal(&with_claim(claim, value.clone()));
            assert!(matches!(refused, BearerError::NoTime { claim: named } if named == claim), "{claim} {value}");
        }
    }
}

#[test]
fn refuses_tokens_that_live_longer_than_a_day() {
    assert!(verify_at(&with_claim("exp", json!(NOW + 86_400)), NOW).is_ok());
    assert!(matches!(refusal(&with_claim("exp", json!(NOW + 86_401))), BearerError::TooLongLived));
    assert!(matches!(refusal(&with_claim("exp", json!(i64::MAX))), BearerError::TooLongLived));
    let old = with(with(claims(), "iat", json!(NOW - 86_000)), "nbf", json!(NOW - 86_000));
    assert!(matches!(refusal(&sign("RS256", &header("RS256"), &old)), BearerError::TooLongLived), "its last hour");
    let undated = without(with(claims(), "exp", json!(NOW + 90_000)), "iat");
    assert!(matches!(refusal(&sign("RS256", &header("RS256"), &undated)), BearerError::TooLongLived));
}

#[test]
fn refuses_tokens_about_nobody() {
    assert!(verify_at(&with_claim("sub", json!("x".repeat(255))), NOW).is_ok());
    for subject in [json!(""), json!("x".repeat(256)), json!(1), json!(["alice"])] {
        assert!(matches!(refusal(&with_claim("sub", subject.clone())), BearerError::Subject), "{subject}");
    }
    assert!(matches!(refusal(&without_claim("sub")), BearerError::Subject));
}

#[test]
fn keys_that_do_not_sign_as_we_read_are_left_out() {
    let usable = |key: Value| keys_of(&[key]).usable();
    assert_eq!((usable(rsa_jwk()), usable(p256_jwk())), (1, 1));
    assert_eq!(usable(with(rsa_jwk(), "key_ops", json!(["verify"]))), 1);
    for key in [
        with(rsa_jwk(), "use", json!("enc")),
        with(rsa_jwk(), "key_ops", json!(["encrypt"])),
        with(rsa_jwk(), "alg", json!("RSA-OAEP")),
        with(rsa_jwk(), "alg", json!("HS256")),
        with(rsa_jwk(), "kid", json!(7)),
        with(rsa_jwk(), "kid", json!("x".repeat(257))),
        with(rsa_jwk(), "n", json!(encode([0xff; 128]))),
        with(rsa_jwk(), "n", json!(encode([0xff; 1024]))),
        with(rsa_jwk(), "n", json!("not base64!")),
        with(rsa_jwk(), "kty", json!("oct")),
        without(rsa_jwk(), "e"),
        without(rsa_jwk(), "kid"),
        with(p256_jwk(), "crv", json!("P-384")),
        with(p256_jwk(), "x", json!(encode([1; 31]))),
        without(p256_jwk(), "y"),
        json!({"kty": "oct", "kid": "shared", "k": "AAAA"}),
        json!({}),
    ] {
        assert_eq!(usable(key.clone()), 0, "{key}");
    }
}

#[test]
fn refuses_a_key_whose_entry_contradicts_its_use() {
    let token = sign("RS256", &header("RS256"), &claims());
    let code = |key: Value| match verify_with(&keys_of(&[key]), &token, NOW).map(drop) {
        Err(BearerError::UnusableKey { source, .. }) => source.code(),
        other => panic!("{other:?}"),
    };
    assert_eq!(code(with(rsa_jwk(), "use", json!("enc"))), "key_use_purpose");
    assert_eq!(code(with(rsa_jwk(), "use", json!(["sig"]))), "key_use_purpose");
    assert_eq!(code(with(rsa_jwk(), "key_ops", json!(["sign"]))), "key_use_operations");
    assert_eq!(code(with(rsa_jwk(), "key_ops", json!(["verify", "verify"]))), "key_use_operations");
    assert_eq!(code(with(rsa_jwk(), "alg", json!("RSA-OAEP"))), "key_use_algorithm");
    assert_eq!(code(without(rsa_jwk(), "e")), "public_key_entry");
    // Beside one that is usable it does no harm.
    let beside = keys_of(&[with(rsa_jwk(), "use", json!("enc")), rsa_jwk()]);
    verify_with(&beside, &token, NOW).unwrap();
}

#[test]
fn refuses_a_key_that_its_certificate_contradicts() {
    let pkcs8 = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(rsa()).unwrap();
    let issuers = rcgen::KeyPair::try_from(pkcs8.as_ref()).unwrap();
    let x5c = |key: &rcgen::KeyPair, from, until| json!(Jwk::new("rsa", &certified(key, from, until)).x5c());
    let token = sign("RS256", &header("RS256"), &claims());
    let verify = |x5c| verify_with(&keys_of(&[with(rsa_jwk(), "x5c", x5c)]), &token, NOW).map(drop);
    let code = |x5c| match verify(x5c) {
        Err(BearerError::UnusableKey { source, .. }) => source.code(),
        other => panic!("{other:?}"),
    };
    verify(x5c(&issuers, NOW, NOW + 3_600)).unwrap();
    assert_eq!(code(x5c(&issuers, NOW - 7_200, NOW - 3_600)), "public_key_expired");
    assert_eq!(code(x5c(&issuers, NOW + 3_600, NOW + 7_200)), "public_key_not_yet_valid");
    let others = rcgen::KeyPair::generate().unwrap();
    assert_eq!(code(x5c(&others, NOW, NOW + 3_600)), "public_key_other_key");
}

#[test]
fn refuses_what_is_no_key_set() {
    for text in ["", "null", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[],"keys":[]}"#] {
        assert!(matches!(KeySet::parse(text.as_bytes()), Err(JwksError::Json(_))), "{text}");
    }
    let twice = key_set(&[rsa_jwk()]).replacen(r#""kid""#, r#""kid":"other","kid""#, 1);
    assert!(matches!(KeySet::parse(twice.as_bytes()), Err(JwksError::Json(_))));
    let many = key_set(&vec![json!({}); 65]);
    assert!(matches!(KeySet::parse(many.as_bytes()), Err(JwksError::TooManyKeys { count: 65 })));
    let long = " ".repeat((1 << 20) + 1);
    assert!(matches!(KeySet::parse(long.as_bytes()), Err(JwksError::TooLong { .. })));
}

proptest! {
    #[test]
    fn arbitrary_text_is_refused(text in any::<String>()) {
        prop_assert!(verify_at(&text, NOW).is_err());
    }

    #[test]
    fn arbitrary_bytes_are_no_key_set(bytes in any::<Vec<u8>>()) {
        prop_assert!(KeySet::parse(&bytes).is_err());
    }
}
