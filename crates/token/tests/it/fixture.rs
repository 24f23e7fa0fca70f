//! Keys and tokens for the other modules.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jose::{Jwk, Jwks};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, PublicKeyData, SerialNumber};
use serde_json::{Map, Value, json};
use token::{ATTESTATION_LIFETIME, SigningKey, TokenAlgorithm, Verifier, issue};
use unix_time::UnixTime;

pub const ISS: &str = "https://attest.example";
pub const NOW: i64 = 1_800_000_000;

/// That time.
pub fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

/// Lets rcgen sign with a key.
struct Signer<'a> {
    key: &'a SigningKey,
    public: Vec<u8>,
}

impl PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        match self.key.algorithm() {
            TokenAlgorithm::Rs256 => &rcgen::PKCS_RSA_SHA256,
            TokenAlgorithm::Es256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        }
    }
}

impl rcgen::SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.key.pair().sign_certificate(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

/// A certificate of that key for an issuer, with an Open Enclave report or without, as services make them.
pub fn certified(key: &SigningKey, iss: &str, from: i64, until: i64, report: Option<&[u8]>) -> Vec<u8> {
    let moment = |seconds| time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
    let mut parameters = CertificateParams::default();
    (parameters.not_before, parameters.not_after) = (moment(from), moment(until));
    parameters.serial_number = Some(SerialNumber::from(vec![1]));
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, iss);
    let extension = |report: &[u8]| CustomExtension::from_oid_content(&token::REPORT_EXTENSION, report.to_vec());
    parameters.custom_extensions.extend(report.map(extension));
    let signer = Signer { key, public: key.pair().public_key().as_bytes().to_vec() };
    parameters.self_signed(&signer).unwrap().der().to_vec()
}

/// The issuer's key.
pub fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(TokenAlgorithm::Rs256).unwrap())
}

/// Somebody else's key.
pub fn other_key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(TokenAlgorithm::Rs256).unwrap())
}

pub fn certificate() -> Vec<u8> {
    certified(key(), ISS, NOW - 86_400, NOW + 365 * 86_400, None)
}

pub fn keys() -> Jwks {
    Jwks::new(vec![Jwk::new(key().kid(), &certificate())])
}

pub fn verifier() -> Verifier {
    Verifier::new(ISS, keys())
}

pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

/// What a service would say about an SGX enclave.
pub fn service_claims() -> Map<String, Value> {
    object(json!({
        "nonce": "f00d",
        "x-ms-attestation-type": "sgx",
        "x-ms-policy-hash": "z0FRjKS0ssQTNur1V6BV8WIrh9M3fzgTo0EfHRvapWU",
        "x-ms-runtime": {"keys": [1, 2]},
        "x-ms-sgx-ehd": URL_SAFE_NO_PAD.encode("runtime data"),
        "x-ms-sgx-is-debuggable": false,
        "x-ms-sgx-mrenclave": "11".repeat(32),
        "x-ms-sgx-mrsigner": "22".repeat(32),
        "x-ms-sgx-product-id": 7,
        "x-ms-sgx-svn": 3,
    }))
}

pub fn token() -> String {
    issue(key(), ISS, service_claims(), at(NOW), ATTESTATION_LIFETIME).unwrap()
}

/// The header of [`token`].
pub fn header() -> Map<String, Value> {
    object(json!({"alg": "RS256", "jku": format!("{ISS}/certs"), "kid": key().kid(), "typ": "JWT"}))
}

/// The claims of [`token`].
pub fn claims() -> Map<String, Value> {
    let token = token();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// A token of any header and payload, signed with `key`.
pub fn sign(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()).unwrap());
    format!("{input}.{signature}")
}

fn changed(mut members: Map<String, Value>, name: &str, value: Option<Value>) -> String {
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
    Value::Object(members).to_string()
}

/// [`token`] with one header parameter replaced or removed, signed again.
pub fn with_parameter(name: &str, value: Option<Value>) -> String {
    sign(key(), &changed(header(), name, value), &Value::Object(claims()).to_string())
}

/// [`token`] with one claim replaced or removed, signed again.
pub fn with_claim(name: &str, value: Option<Value>) -> String {
    sign(key(), &Value::Object(header()).to_string(), &changed(claims(), name, value))
}
