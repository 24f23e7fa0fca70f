//! Signing keys and their certificates.

use der::Decode;
use jose::{Jwk, KeyError};
use token::hash::{key_digest, key_id};
use token::{CertificateError, SigningKey, TokenAlgorithm};
use unix_time::ValidityPeriod;
use x509_cert::Certificate;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, SubjectKeyIdentifier};

use crate::fixture::{ISS, NOW, at, key};

#[test]
fn key_survives_pkcs8() {
    let copy = SigningKey::from_pkcs8(&key().to_pkcs8().unwrap()).unwrap();
    assert_eq!(copy.kid(), key().kid());
    assert_eq!(copy.sign(b"message").unwrap(), key().sign(b"message").unwrap());
}

#[test]
fn refuses_what_is_no_key_in_pkcs8() {
    let elliptic = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap().serialize_der();
    let mut cut = key().to_pkcs8().unwrap().to_vec();
    cut.pop();
    for bytes in [b"".as_slice(), b"-----BEGIN PRIVATE KEY-----", &elliptic, &cut] {
        assert!(matches!(SigningKey::from_pkcs8(bytes), Err(KeyError::Pkcs8(_))));
    }
}

#[test]
fn keys_on_p256_are_made_read_and_certified() {
    let key = SigningKey::generate(TokenAlgorithm::Es256).unwrap();
    assert_eq!((key.algorithm(), crate::fixture::key().algorithm()), (TokenAlgorithm::Es256, TokenAlgorithm::Rs256));
    let copy = SigningKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
    assert_eq!(copy.kid(), key.kid());
    assert_eq!(copy.sign(b"message").unwrap().len(), 64);
    let der = key.self_signed(ISS, ValidityPeriod { from: at(NOW), until: at(NOW + 1) }, None).unwrap();
    let certificate = token::policy_jws::SignerCertificate::from_der(&der).unwrap();
    assert!(certificate.signed(&certificate), "it is self-signed");
    let entry = serde_json::to_string(&Jwk::new(key.kid(), &der)).unwrap();
    assert!(
        entry.starts_with("{\"x5c\":[\"")
            && entry.ends_with(&format!("\"],\"kid\":\"{}\",\"kty\":\"EC\"}}", key.kid())),
        "{entry}"
    );
}

#[test]
fn debug_shows_the_key_id_alone() {
    assert_eq!(format!("{:?}", key()), format!("SigningKey {{ kid: {:?}, .. }}", key().kid()));
}

#[test]
fn certificate_is_self_signed_for_the_issuer() {
    let der = key().self_signed(ISS, ValidityPeriod { from: at(NOW), until: at(2_556_143_999) }, None).unwrap();
    let certificate = Certificate::from_der(&der).unwrap();
    let body = certificate.tbs_certificate();
    assert_eq!(body.subject().to_string(), format!("CN={ISS}"));
    assert_eq!(body.subject(), body.issuer());
    assert_eq!(body.serial_number().as_bytes(), [1]);
    assert_eq!(body.signature().oid.to_string(), "1.2.840.113549.1.1.11");
    assert_eq!(body.validity().not_before.to_unix_duration().as_secs(), NOW as u64);
    assert_eq!(body.validity().not_after.to_unix_duration().as_secs(), 2_556_143_999);

    let (_, constraints) = body.get_extension::<BasicConstraints>().unwrap().unwrap();
    assert!(!constraints.ca);
    let (_, subject) = body.get_extension::<SubjectKeyIdentifier>().unwrap().unwrap();
    let (_, authority) = body.get_extension::<AuthorityKeyIdentifier>().unwrap().unwrap();
    assert_eq!(authority.key_identifier.as_ref(), Some(&subject.0));
}

#[test]
fn certificate_holds_and_is_signed_by_the_key() {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use der::Encode;
    let certificate = Certificate::from_der(
        &key().self_signed(ISS, ValidityPeriod { from: at(NOW), until: at(NOW + 1) }, None).unwrap(),
    )
    .unwrap();
    let spki = certificate.tbs_certificate().subject_public_key_info();
    assert_eq!(key_id(&key_digest(&spki.to_der().unwrap())), key().kid());
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki.subject_public_key.raw_bytes());
    let body = certificate.tbs_certificate().to_der().unwrap();
    public.verify(&body, certificate.signature().raw_bytes()).unwrap();
}

#[test]
fn refuses_validity_that_is_empty_or_out_of_range() {
    for (not_before, not_after) in [(NOW, NOW - 1), (-1, NOW), (NOW, i64::MAX), (i64::MIN, i64::MAX)] {
        let result = key().self_signed(ISS, ValidityPeriod { from: at(not_before), until: at(not_after) }, None);
        assert!(matches!(result, Err(CertificateError::Validity { .. })), "{not_before} {not_after}");
    }
}
