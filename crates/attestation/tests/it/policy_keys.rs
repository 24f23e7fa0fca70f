//! A signer's files in PEM: every form of key, and one file for each refusal.

use attestation::policy_jws::{MAX_KEY_FILE, PolicyJws, PolicyKeyError, PolicySigningKey};
use problem::Problem;
use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize};

use crate::policy_fixture::{Signer, TEXT, chain, curve_key, p256, parameters, rsa};

fn refusal(key: &str, certificates: &str) -> PolicyKeyError {
    let error = PolicySigningKey::from_pem(key.as_bytes(), certificates.as_bytes()).unwrap_err();
    assert!(error.code().starts_with("policy_") && !error.help().is_empty());
    error
}

fn refusal_of_key(key: &str) -> PolicyKeyError {
    refusal(key, &p256().certificate.pem())
}

fn refusal_of_certificates(certificates: &str) -> PolicyKeyError {
    refusal(&p256().key.serialize_pem(), certificates)
}

fn block(label: &str, contents: &[u8]) -> String {
    pem::encode(&pem::Pem::new(label, contents))
}

/// What is inside the PKCS#8 of a key: PKCS#1 or SEC 1.
fn inner(signer: &Signer) -> Vec<u8> {
    use der::Reader;
    let pkcs8 = signer.key.serialize_der();
    let mut reader = der::SliceReader::new(&pkcs8).unwrap();
    reader
        .sequence(|fields: &mut der::SliceReader<'_>| {
            let _version: u8 = fields.decode()?;
            let _algorithm: der::AnyRef<'_> = fields.decode()?;
            let key: &der::asn1::OctetStringRef = fields.decode()?;
            let key = key.as_bytes().to_vec();
            while !fields.is_finished() {
                fields.tlv_bytes()?;
            }
            Ok::<_, der::Error>(key)
        })
        .unwrap()
}

#[test]
fn keys_are_read_in_pkcs8_pkcs1_and_sec1() {
    let curve = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    for (signer, keys) in [
        (rsa(), [rsa().key.serialize_pem(), block("RSA PRIVATE KEY", &inner(rsa()))]),
        (p256(), [p256().key.serialize_pem(), curve.to_owned() + &block("EC PRIVATE KEY", &inner(p256()))]),
    ] {
        let certificate = signer.certificate.pem();
        for key in keys {
            let around = format!("Bag Attributes\n    friendlyName: x\n{key}\n{certificate}");
            for file in [key, around] {
                let key = PolicySigningKey::from_pem(file.as_bytes(), certificate.as_bytes()).unwrap();
                assert!(PolicyJws::read(&key.sign(Some(TEXT), None, None).unwrap()).unwrap().signer().is_some());
            }
        }
    }
}

#[test]
fn larger_rsa_keys_sign_too() {
    let key = rcgen::KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_3072).unwrap();
    let jws = Signer::of(key, "RSA signer").signing_key().sign(None, None, None).unwrap();
    assert!(PolicyJws::read(&jws).unwrap().signer().is_some());
}

#[test]
fn refuses_files_that_are_too_long() {
    let long = "a".repeat(MAX_KEY_FILE + 1);
    assert!(matches!(refusal_of_key(&long), PolicyKeyError::TooLong { file: "key", .. }));
    assert!(matches!(refusal_of_certificates(&long), PolicyKeyError::TooLong { file: "certificates", .. }));
}

#[test]
fn refuses_broken_pem() {
    let broken = "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n";
    assert!(matches!(refusal_of_key(broken), PolicyKeyError::Pem { file: "key", .. }));
    let broken = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    assert!(matches!(refusal_of_certificates(broken), PolicyKeyError::Pem { file: "certificates", .. }));
}

#[test]
fn refuses_files_without_key() {
    let public = block("PUBLIC KEY", &[1]);
    let openssh = block("OPENSSH PRIVATE KEY", &[1]);
    for file in ["", "no PEM at all", public.as_str(), openssh.as_str()] {
        assert!(matches!(refusal_of_key(file), PolicyKeyError::NoKey), "{file}");
    }
}

#[test]
fn refuses_a_certificate_in_place_of_a_key() {
    assert!(matches!(refusal_of_key(&p256().certificate.pem()), PolicyKeyError::CertificateInsteadOfKey));
}

#[test]
fn refuses_several_keys() {
    let both = p256().key.serialize_pem() + &rsa().key.serialize_pem();
    assert!(matches!(refusal_of_key(&both), PolicyKeyError::SeveralKeys { count: 2 }));
}

#[test]
fn refuses_encrypted_keys_of_both_forms() {
    let of_today = block("ENCRYPTED PRIVATE KEY", &[1]);
    let of_old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n\
                  -----END RSA PRIVATE KEY-----\n";
    for file in [of_today.as_str(), of_old] {
        assert!(matches!(refusal_of_key(file), PolicyKeyError::EncryptedKey), "{file}");
    }
}

#[test]
fn refuses_other_kinds_of_key() {
    for algorithm in [&PKCS_ED25519, &PKCS_ECDSA_P384_SHA384] {
        let signer = Signer::of(curve_key(algorithm), "signer");
        let error = refusal(&signer.key.serialize_pem(), &signer.certificate.pem());
        assert!(matches!(error, PolicyKeyError::UnusableKey(_)));
    }
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
        assert!(matches!(refusal_of_key(&block(label, &[0x30, 0])), PolicyKeyError::UnusableKey(_)), "{label}");
    }
}

#[test]
fn refuses_files_without_certificate() {
    for file in [String::new(), "no PEM at all".to_owned(), p256().key.serialize_pem()] {
        assert!(matches!(refusal_of_certificates(&file), PolicyKeyError::NoCertificate), "{file}");
    }
}

#[test]
fn refuses_more_than_five_certificates() {
    let mut file = p256().certificate.pem();
    for number in 0..5 {
        file += &Signer::of(curve_key(&PKCS_ECDSA_P256_SHA256), &number.to_string()).certificate.pem();
    }
    assert!(matches!(refusal_of_certificates(&file), PolicyKeyError::TooManyCertificates { count: 6 }));
}

#[test]
fn refuses_malformed_certificates() {
    let file = p256().certificate.pem() + &block("CERTIFICATE", &[0x30, 0]);
    assert!(matches!(refusal_of_certificates(&file), PolicyKeyError::Certificate { number: 2, .. }));
}

#[test]
fn refuses_a_key_that_belongs_to_no_certificate() {
    for certificate in [rsa().certificate.pem(), chain().1.concat()] {
        assert!(matches!(refusal_of_certificates(&certificate), PolicyKeyError::KeyWithoutCertificate));
    }
}

#[test]
fn refuses_certificates_outside_the_chain() {
    let file = p256().certificate.pem() + &rsa().certificate.pem();
    let error = refusal_of_certificates(&file);
    assert!(
        matches!(&error, PolicyKeyError::StrayCertificate { subject } if subject.contains("RSA signer")),
        "{error}"
    );
    // The issuer's name alone does not make an issuer.
    let (key, [leaf, ..]) = chain();
    let impostor = parameters("middle", true).self_signed(&p256().key).unwrap().pem();
    let error = refusal(&key.serialize_pem(), &(leaf + &impostor));
    assert!(matches!(&error, PolicyKeyError::StrayCertificate { subject } if subject.contains("middle")), "{error}");
}
