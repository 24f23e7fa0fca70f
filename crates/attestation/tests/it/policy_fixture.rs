//! Signers of policies, made anew in each run, and policy JWSs of any shape.

use std::sync::OnceLock;

use attestation::policy_jws::PolicySigningKey;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_RSA_SHA256, RsaKeySize, SignatureAlgorithm, SigningKey as _,
};
use serde_json::{Value, json};

pub const TEXT: &str = "version=1.0; authorizationrules{=> permit();}; issuancerules{};";

/// A key and its self-signed certificate.
pub struct Signer {
    pub key: KeyPair,
    pub certificate: rcgen::Certificate,
}

impl Signer {
    pub fn of(key: KeyPair, name: &str) -> Self {
        let certificate = parameters(name, false).self_signed(&key).unwrap();
        Self { key, certificate }
    }

    pub fn x5c(&self) -> Value {
        json!([STANDARD.encode(self.certificate.der())])
    }

    pub fn signing_key(&self) -> PolicySigningKey {
        PolicySigningKey::from_pem(self.key.serialize_pem().as_bytes(), self.certificate.pem().as_bytes()).unwrap()
    }

    /// A JWS of any header and payload segment.
    pub fn jws(&self, header: &Value, payload: &str) -> String {
        let input = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(header.to_string()));
        let signature = self.key.sign(input.as_bytes()).unwrap();
        let signature = if self.key.algorithm() == &PKCS_ECDSA_P256_SHA256 {
            fixed(&signature, 32)
        } else if self.key.algorithm() == &PKCS_ECDSA_P384_SHA384 {
            fixed(&signature, 48)
        } else {
            signature
        };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// r and s of so many bytes each, out of their DER.
fn fixed(der: &[u8], length: usize) -> Vec<u8> {
    let mut rest = &der[2..];
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let (number, after) = rest[2..].split_at(usize::from(rest[1]));
        let number = &number[number.len().saturating_sub(length)..];
        numbers.extend(vec![0; length - number.len()]);
        numbers.extend(number);
        rest = after;
    }
    numbers
}

/// r and s in DER.
pub fn der(fixed: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for half in fixed.chunks(fixed.len() / 2) {
        let mut number: Vec<u8> = half.iter().copied().skip_while(|byte| *byte == 0).collect();
        if number[0] & 0x80 != 0 {
            number.insert(0, 0);
        }
        body.extend([2, u8::try_from(number.len()).unwrap()]);
        body.extend(number);
    }
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}

pub fn parameters(name: &str, is_ca: bool) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    if is_ca {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    parameters
}

pub fn rsa_key() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

pub fn curve_key(algorithm: &'static SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(algorithm).unwrap()
}

pub fn rsa() -> &'static Signer {
    static SIGNER: OnceLock<Signer> = OnceLock::new();
    SIGNER.get_or_init(|| Signer::of(rsa_key(), "RSA signer"))
}

pub fn p256() -> &'static Signer {
    static SIGNER: OnceLock<Signer> = OnceLock::new();
    SIGNER.get_or_init(|| Signer::of(curve_key(&PKCS_ECDSA_P256_SHA256), "P-256 signer"))
}

/// A leaf's key, and the certificates in PEM: leaf, intermediate, root.
pub fn chain() -> (KeyPair, [String; 3]) {
    let [root, middle, leaf] = [(); 3].map(|()| curve_key(&PKCS_ECDSA_P256_SHA256));
    let root_pem = parameters("root", true).self_signed(&root).unwrap().pem();
    let root = Issuer::new(parameters("root", true), root);
    let middle_pem = parameters("middle", true).signed_by(&middle, &root).unwrap().pem();
    let middle = Issuer::new(parameters("middle", true), middle);
    let leaf_pem = parameters("leaf", false).signed_by(&leaf, &middle).unwrap().pem();
    (leaf, [leaf_pem, middle_pem, root_pem])
}

/// The payload segment of a policy's text.
pub fn payload(text: &str) -> String {
    payload_of(&json!({"AttestationPolicy": URL_SAFE_NO_PAD.encode(text)}).to_string())
}

pub fn payload_of(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

/// An unsecured JWS of any payload.
pub fn unsecured_of(json: &str) -> String {
    format!("eyJhbGciOiJub25lIn0.{}.", payload_of(json))
}
