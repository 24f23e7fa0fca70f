//! A signer's key and certificates in PKCS#12, as OpenSSL makes such files, today's and older ones.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use attestation::policy_jws::PolicyJws;
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

use super::*;

const PASSWORD: &str = "Pässwörd 1";
const LEGACY: [&str; 7] = ["-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-3DES", "-macalg", "SHA1"];

const TEXT: &str = "version=1.0; authorizationrules{=> permit();}; issuancerules{};";

/// A key and its self-signed certificate.
struct Signer {
    key: KeyPair,
    certificate: rcgen::Certificate,
}

impl Signer {
    fn of(key: KeyPair, name: &str) -> Self {
        let certificate = parameters(name, false).self_signed(&key).unwrap();
        Self { key, certificate }
    }
}

fn parameters(name: &str, is_ca: bool) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    if is_ca {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    parameters
}

fn rsa() -> &'static Signer {
    static SIGNER: OnceLock<Signer> = OnceLock::new();
    let key = || KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    SIGNER.get_or_init(|| Signer::of(key(), "RSA signer"))
}

fn p256() -> &'static Signer {
    static SIGNER: OnceLock<Signer> = OnceLock::new();
    SIGNER.get_or_init(|| Signer::of(KeyPair::generate().unwrap(), "P-256 signer"))
}

/// A leaf's key, and the certificates in PEM: leaf, intermediate, root.
fn chain() -> (KeyPair, [String; 3]) {
    let [root, middle, leaf] = [(); 3].map(|()| KeyPair::generate().unwrap());
    let root_pem = parameters("root", true).self_signed(&root).unwrap().pem();
    let root = Issuer::new(parameters("root", true), root);
    let middle_pem = parameters("middle", true).signed_by(&middle, &root).unwrap().pem();
    let middle = Issuer::new(parameters("middle", true), middle);
    let leaf_pem = parameters("leaf", false).signed_by(&leaf, &middle).unwrap().pem();
    (leaf, [leaf_pem, middle_pem, root_pem])
}

/// `openssl pkcs12 -export` of these PEM files; nothing where OpenSSL is not on this machine.
fn pkcs12(key: Option<&str>, certificates: &str, password: &str, options: &[&str]) -> Option<Vec<u8>> {
    if !test_support::runs("openssl", &["version"]) {
        return None;
    }
    let directory = tempfile::TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("certificates.pem"), certificates).unwrap();
    fs::write(path("password"), format!("{password}\n")).unwrap();
    let mut command = Command::new("openssl");
    command.args(["pkcs12", "-export", "-in"]).arg(path("certificates.pem"));
    match key {
        Some(key) => {
            fs::write(path("key.pem"), key).unwrap();
            command.arg("-inkey").arg(path("key.pem"));
        }
        None => {
            command.arg("-nokeys");
        }
    }
    command.arg("-passout").arg(format!("file:{}", path("password").display()));
    let output = command.args(options).arg("-out").arg(path("out.p12")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(fs::read(path("out.p12")).unwrap())
}

fn refusal(file: &[u8], password: &str) -> Pkcs12Error {
    let error = signing_key(file, password).unwrap_err();
    assert!(!error.code().is_empty() && !error.help().is_empty());
    error
}

#[test]
fn todays_and_older_files_open_and_sign() {
    for signer in [rsa(), p256()] {
        for options in [[].as_slice(), &LEGACY, &["-nomac"]] {
            for password in [PASSWORD, ""] {
                let (key, certificate) = (signer.key.serialize_pem(), signer.certificate.pem());
                let Some(file) = pkcs12(Some(&key), &certificate, password, options) else { return };
                let key = signing_key(&file, password)
                    .unwrap_or_else(|error| panic!("{options:?} {password}: {error} {error:?}"));
                let read = PolicyJws::read(&key.sign(Some(TEXT), None, None).unwrap()).unwrap();
                assert_eq!(read.signer().unwrap().certificates()[0].der(), &**signer.certificate.der());
            }
        }
    }
}

#[test]
fn the_chain_in_a_file_goes_along_in_order() {
    let (key, [leaf, middle, root]) = chain();
    let Some(file) = pkcs12(Some(&key.serialize_pem()), &(leaf + &root + &middle), PASSWORD, &[]) else { return };
    let key = signing_key(&file, PASSWORD).unwrap();
    let names: Vec<String> = key.certificates().iter().map(|certificate| certificate.subject()).collect();
    assert!(names[0].contains("leaf") && names[1].contains("middle") && names[2].contains("root"), "{names:?}");
}

#[test]
fn refuses_wrong_passwords() {
    for options in [[].as_slice(), &LEGACY, &["-nomac"]] {
        let (key, certificate) = (p256().key.serialize_pem(), p256().certificate.pem());
        let Some(file) = pkcs12(Some(&key), &certificate, PASSWORD, options) else { return };
        for password in ["", "password", "Pässwörd 1\n"] {
            let error = refusal(&file, password);
            // Without a MAC what a wrong password makes of the file may also be malformed.
            let is_expected = matches!(error, Pkcs12Error::WrongPassword)
                || options == ["-nomac"] && matches!(error, Pkcs12Error::Malformed(_));
            assert!(is_expected, "{options:?}: {error:?}");
        }
    }
}

#[test]
fn refuses_a_file_without_key() {
    let Some(file) = pkcs12(None, &p256().certificate.pem(), PASSWORD, &[]) else { return };
    assert!(matches!(refusal(&file, PASSWORD), Pkcs12Error::NoKey));
}

#[test]
fn refuses_a_file_without_certificate() {
    let Some(file) = pkcs12(Some(&p256().key.serialize_pem()), "", PASSWORD, &["-nocerts"]) else { return };
    assert!(matches!(refusal(&file, PASSWORD), Pkcs12Error::NoCertificate));
}

/// A file of these keys, each with these certificates, as OpenSSL makes none.
fn keystore(keys: &[&Signer], certificates: &[&Signer]) -> Vec<u8> {
    let mut store = KeyStore::new();
    for (number, signer) in (0_u8..).zip(keys) {
        let key = PrivateKey::from_der(&signer.key.serialize_der()).unwrap();
        let certificates = certificates.iter().map(|of| Certificate::from_der(of.certificate.der()).unwrap());
        let chain = PrivateKeyChain::new(vec![number], key, certificates);
        store.add_entry(&number.to_string(), KeyStoreEntry::PrivateKeyChain(chain));
    }
    store.writer(PASSWORD).write().unwrap()
}

#[test]
fn refuses_several_keys() {
    let file = keystore(&[rsa(), p256()], &[p256()]);
    assert!(matches!(refusal(&file, PASSWORD), Pkcs12Error::Key(PolicyKeyError::SeveralKeys { count: 2 })));
}

#[test]
fn refuses_more_than_five_certificates() {
    assert!(signing_key(&keystore(&[p256()], &[p256(); 5]), PASSWORD).is_ok());
    let file = keystore(&[p256()], &[p256(); 6]);
    assert!(matches!(refusal(&file, PASSWORD), Pkcs12Error::Key(PolicyKeyError::TooManyCertificates { count: 6 })));
}

#[test]
fn refuses_a_key_that_belongs_to_no_certificate() {
    let file = keystore(&[p256()], &[rsa()]);
    assert!(matches!(refusal(&file, PASSWORD), Pkcs12Error::Key(PolicyKeyError::KeyWithoutCertificate)));
}

#[test]
fn refuses_protections_that_are_not_supported() {
    let (key, certificate) = (p256().key.serialize_pem(), p256().certificate.pem());
    let rc4 = ["-legacy", "-keypbe", "PBE-SHA1-RC4-128", "-certpbe", "PBE-SHA1-RC4-128"];
    let Some(file) = pkcs12(Some(&key), &certificate, PASSWORD, &rc4) else { return };
    assert!(matches!(refusal(&file, PASSWORD), Pkcs12Error::Protection(_)));
}

#[test]
fn refuses_what_is_no_pkcs12_file() {
    for bytes in [b"".as_slice(), b"text", &[0x30, 0], &[0xff; 4096], p256().certificate.pem().as_bytes()] {
        assert!(matches!(refusal(bytes, PASSWORD), Pkcs12Error::Malformed(_)));
    }
    let long = vec![0; MAX_KEY_FILE + 1];
    assert!(matches!(refusal(&long, PASSWORD), Pkcs12Error::Key(PolicyKeyError::TooLong { file: "PKCS#12 file", .. })));
}

#[test]
fn no_damage_makes_opening_panic() {
    let (key, certificate) = (p256().key.serialize_pem(), p256().certificate.pem());
    let Some(file) = pkcs12(Some(&key), &certificate, PASSWORD, &["-iter", "1"]) else { return };
    for position in 0..file.len() {
        let mut damaged = file.clone();
        damaged[position] ^= 0x80;
        let _ = signing_key(&damaged, PASSWORD);
        let _ = signing_key(&file[..position], PASSWORD);
    }
}
