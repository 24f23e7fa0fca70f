//! The JWS that adds or removes a signing certificate.

use attestation::policy_jws::{
    CertificateAction, CertificateJws, CertificateJwsError, PolicyJws, PolicyJwsError, SignerCertificate,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use problem::Problem;
use serde_json::{Value, json};

use crate::policy_fixture::{p256, payload, rsa};

/// A JWS with that payload, signed by the RSA signer.
fn signed(payload: &Value) -> String {
    let header = json!({"alg": "RS256", "x5c": rsa().x5c()});
    rsa().jws(&header, &URL_SAFE_NO_PAD.encode(payload.to_string()))
}

fn refusal(payload: &Value) -> CertificateJwsError {
    let error = CertificateJws::read(&signed(payload)).unwrap_err();
    assert!(!error.code().is_empty() && !error.help().is_empty());
    error
}

fn certificate() -> SignerCertificate {
    SignerCertificate::from_der(p256().certificate.der()).unwrap()
}

#[test]
fn what_we_write_is_read() {
    let jws = rsa()
        .signing_key()
        .sign_certificate(CertificateAction::Add, p256().certificate.der(), Some("https://attest.example"))
        .unwrap();
    let read = CertificateJws::read(&jws).unwrap();
    assert_eq!(read.action(), Some(CertificateAction::Add));
    assert_eq!(*read.certificate(), certificate());
    assert_eq!(read.audience(), Some(&["https://attest.example".to_owned()][..]));
    assert_eq!(read.signer().certificates()[0].der(), &rsa().certificate.der()[..]);
    let remove = |der: &[u8]| rsa().signing_key().sign_certificate(CertificateAction::Remove, der, None);
    let [one, other] = [(); 2].map(|()| remove(p256().certificate.der()).unwrap());
    let read = CertificateJws::read(&one).unwrap();
    assert_eq!((read.audience(), read.action()), (None, Some(CertificateAction::Remove)));
    assert_ne!(one, other, "each request is unique, though RSA signs without chance");
    assert!(remove(b"nothing").is_err());
}

#[test]
fn the_four_names_of_the_certificate_are_read_and_a_jwk_in_text_too() {
    let jwk = json!({"kty": "EC", "x5c": p256().x5c()});
    for name in ["policyCertificate", "maa-policyCertificate", "aas-policyCertificate", "x-ms-policyCertificate"] {
        for jwk in [jwk.clone(), Value::String(jwk.to_string())] {
            let read = CertificateJws::read(&signed(&json!({name: jwk}))).unwrap();
            assert_eq!((read.certificate(), read.action()), (&certificate(), None), "{name}");
        }
    }
}

#[test]
fn refuses_what_names_no_certificate_or_several() {
    let jwk = json!({"x5c": p256().x5c()});
    assert!(matches!(refusal(&json!({})), CertificateJwsError::Members { count: 0 }));
    let two = json!({"policyCertificate": jwk, "maa-policyCertificate": jwk});
    assert!(matches!(refusal(&two), CertificateJwsError::Members { count: 2 }));
    let many = vec![STANDARD.encode(p256().certificate.der()); 6];
    for jwk in [json!(1), json!("text"), json!({}), json!({"x5c": []}), json!({"x5c": "text"}), json!({"x5c": many})] {
        assert!(matches!(refusal(&json!({"policyCertificate": jwk})), CertificateJwsError::Jwk), "{jwk}");
    }
    let refused = refusal(&json!({"policyCertificate": {"x5c": ["MAA="]}}));
    assert!(matches!(refused, CertificateJwsError::Certificate(_)));
    for action in [json!("Add"), json!(""), json!(1), json!(null), json!(["add"])] {
        let refused = refusal(&json!({"policyCertificate": jwk, "x-veritee-action": action}));
        assert!(matches!(refused, CertificateJwsError::Action), "{action}");
    }
    let both = json!({"policyCertificate": jwk, "AttestationPolicy": ""});
    assert!(matches!(refusal(&both), CertificateJwsError::Policy { name: "AttestationPolicy" }));
    let refused = refusal(&json!({"policyCertificate": jwk, "aud": []}));
    assert!(matches!(refused, CertificateJwsError::Jws(PolicyJwsError::Audience)));
}

#[test]
fn refuses_what_nobody_signed_or_is_no_object() {
    let unsecured = format!("eyJhbGciOiJub25lIn0.{}.", URL_SAFE_NO_PAD.encode("{}"));
    assert!(matches!(CertificateJws::read(&unsecured), Err(CertificateJwsError::Unsigned)));
    assert!(matches!(refusal(&json!([])), CertificateJwsError::Payload(_)));
    let mut forged = signed(&json!({"policyCertificate": {"x5c": p256().x5c()}}));
    forged.replace_range(forged.len() - 8..forged.len() - 4, "AAAA");
    assert!(matches!(CertificateJws::read(&forged), Err(CertificateJwsError::Jws(PolicyJwsError::Signature))));
}

#[test]
fn a_policy_says_whom_it_is_meant_for() {
    let policy = |aud: Value| {
        let text = URL_SAFE_NO_PAD.encode(crate::policy_fixture::TEXT);
        PolicyJws::read(&signed(&json!({"AttestationPolicy": text, "aud": aud})))
    };
    let names = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
    assert_eq!(policy(json!("a")).unwrap().audience().map(<[_]>::to_vec), names(&["a"]));
    assert_eq!(policy(json!(["a", "b"])).unwrap().audience().map(<[_]>::to_vec), names(&["a", "b"]));
    let header = json!({"alg": "RS256", "x5c": rsa().x5c()});
    let without = PolicyJws::read(&rsa().jws(&header, &payload(crate::policy_fixture::TEXT))).unwrap();
    assert_eq!(without.audience(), None);
    for refused in [json!([]), json!(vec!["a"; 17]), json!("a".repeat(2049))] {
        assert!(matches!(policy(refused), Err(PolicyJwsError::Audience)));
    }
    assert!(matches!(policy(json!(1)), Err(PolicyJwsError::Payload(_))));
}

#[test]
fn refuses_keys_that_lie_elsewhere() {
    for name in ["jku", "x5u"] {
        let header = json!({"alg": "RS256", "x5c": rsa().x5c(), name: "https://attest.example"});
        let refused = PolicyJws::read(&rsa().jws(&header, &payload(crate::policy_fixture::TEXT)));
        assert!(matches!(refused, Err(PolicyJwsError::Extension { name: found }) if found == name));
    }
}
