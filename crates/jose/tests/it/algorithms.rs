//! One table, and lists of what is allowed that know nothing of each other.

use jose::{Algorithm, AllowList, KeyPair};

const ONE: AllowList = AllowList::new(&[Algorithm::Rs256]);
const WIDER: AllowList = AllowList::new(&[Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384]);

#[test]
fn a_list_allows_what_is_in_it_and_a_wider_one_changes_nothing_for_another() {
    for algorithm in Algorithm::ALL {
        let name = algorithm.name();
        assert_eq!(ONE.find(name).ok(), (algorithm == Algorithm::Rs256).then_some(algorithm), "{name}");
        assert_eq!(WIDER.find(name).is_ok(), ["RS256", "ES256", "ES384"].contains(&name), "{name}");
    }
    assert_eq!((ONE.to_string(), WIDER.to_string()), ("RS256".to_owned(), "RS256, ES256 or ES384".to_owned()));
}

#[test]
fn names_are_exact_and_none_and_shared_secrets_are_not_in_the_table() {
    let all = AllowList::new(&Algorithm::ALL);
    for name in ["none", "None", "NONE", "rs256", "HS256", "RSA256", "EdDSA", "PS384", "", " RS256", "RS256 "] {
        let refused = all.find(name).unwrap_err();
        assert_eq!(refused.to_string(), format!("signature algorithm `{name}` is not supported"));
    }
}

#[test]
fn a_signature_verifies_with_its_own_algorithm_alone() {
    for key in [KeyPair::generate_rsa().unwrap(), KeyPair::generate_p256().unwrap()] {
        let (signature, public) = (key.sign(b"message").unwrap(), key.public_key());
        for algorithm in Algorithm::ALL {
            let is_own = algorithm == key.algorithm();
            assert_eq!(public.verifies(algorithm, b"message", &signature), is_own, "{algorithm}");
            assert!(!public.verifies(algorithm, b"massage", &signature), "{algorithm}");
            assert!(!public.verifies(algorithm, b"message", b""), "{algorithm}");
        }
    }
}

#[test]
fn signatures_of_certificates_are_in_der_and_those_of_jws_are_not() {
    let key = KeyPair::generate_p256().unwrap();
    let (public, fixed) = (key.public_key(), key.sign(b"body").unwrap());
    let der = key.sign_certificate(b"body").unwrap();
    assert!(public.verifies_der(Algorithm::Es256, b"body", &der) && !public.verifies(Algorithm::Es256, b"body", &der));
    assert!(!public.verifies_der(Algorithm::Es256, b"body", &fixed));
    assert!(!public.verifies_der(Algorithm::Es384, b"body", &der));
}

#[test]
fn a_key_survives_pkcs8_and_shows_nothing() {
    for key in [KeyPair::generate_rsa().unwrap(), KeyPair::generate_p256().unwrap()] {
        let copy = KeyPair::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
        assert_eq!(copy.public_key(), key.public_key());
        assert_eq!(format!("{key:?}"), format!("KeyPair {{ algorithm: {:?}, .. }}", key.algorithm()));
    }
}
