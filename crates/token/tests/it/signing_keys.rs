//! Signing keys.

use jose::{Jwk, KeyError};
use token::{SigningKey, TokenAlgorithm};

use crate::fixture::{ISS, NOW, certified, key};

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
    let der = certified(&key, ISS, NOW, NOW + 1, None);
    assert!(key.is_in_certificate(&der) && !crate::fixture::key().is_in_certificate(&der));
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
