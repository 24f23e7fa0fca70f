//! A made-up issuer of bearer tokens: its keys, its key set, its tokens.

use std::sync::OnceLock;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKey, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub const ISSUER: &str = "https://login.example/realms/operations";
pub const AUDIENCE: &str = "https://attest.example";
pub const NOW: i64 = 1_800_000_000;

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn rsa() -> &'static RsaKey {
    static KEY: OnceLock<RsaKey> = OnceLock::new();
    KEY.get_or_init(|| RsaKey::generate(KeySize::Rsa2048).unwrap())
}

pub fn p256() -> &'static EcdsaKeyPair {
    static KEY: OnceLock<EcdsaKeyPair> = OnceLock::new();
    KEY.get_or_init(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
}

/// The RSA key of the issuer, as its key set has it.
pub fn rsa_jwk() -> Value {
    let key = rsa().public_key();
    let n = encode(key.modulus().big_endian_without_leading_zero());
    let e = encode(key.exponent().big_endian_without_leading_zero());
    json!({"kty": "RSA", "kid": "rsa", "use": "sig", "n": n, "e": e, "x5c": ["none"], "x5t": "none"})
}

/// Its key on P-256.
pub fn p256_jwk() -> Value {
    let point = p256().public_key().as_ref();
    json!({"kty": "EC", "kid": "p256", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..])})
}

pub fn with(mut object: Value, member: &str, value: Value) -> Value {
    object[member] = value;
    object
}

pub fn without(mut object: Value, member: &str) -> Value {
    object.as_object_mut().unwrap().remove(member).unwrap();
    object
}

pub fn key_set(keys: &[Value]) -> String {
    json!({"keys": keys}).to_string()
}

pub fn header(alg: &str) -> Value {
    json!({"alg": alg, "typ": "at+jwt", "kid": if alg == "ES256" { "p256" } else { "rsa" }})
}

/// Those of a good token, an hour long.
pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": NOW, "nbf": NOW, "exp": NOW + 3_600,
        "realm_access": {"roles": ["reader", "admin"]},
    })
}

fn rsa_signature(encoding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
    let key = aws_lc_rs::signature::RsaKeyPair::from_der(&pkcs1()).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
    signature
}

/// The private RSA key as PKCS#1, which is the text within PKCS#8.
pub fn pkcs1() -> Vec<u8> {
    use der::Decode;
    use der::asn1::{AnyRef, OctetStringRef};
    use der::{Reader, SliceReader};
    let pkcs8 = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(rsa()).unwrap();
    let mut reader = SliceReader::new(AnyRef::from_der(pkcs8.as_ref()).unwrap().value()).unwrap();
    let (_version, _algorithm): (u8, AnyRef<'_>) = (reader.decode().unwrap(), reader.decode().unwrap());
    reader.decode::<&OctetStringRef>().unwrap().as_bytes().to_vec()
}

/// Signs any header and payload with the algorithm that `alg` names and the issuer's key for it.
pub fn sign_texts(alg: &str, header: &str, payload: &str) -> String {
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature = match alg {
        "RS256" => rsa_signature(&RSA_PKCS1_SHA256, input.as_bytes()),
        "PS256" => rsa_signature(&RSA_PSS_SHA256, input.as_bytes()),
        "ES256" => p256().sign(&SystemRandom::new(), input.as_bytes()).unwrap().as_ref().to_vec(),
        other => panic!("{other}"),
    };
    format!("{input}.{}", encode(signature))
}

pub fn sign(alg: &str, header: &Value, claims: &Value) -> String {
    sign_texts(alg, &header.to_string(), &claims.to_string())
}

/// A good token but for one claim.
pub fn with_claim(claim: &str, value: Value) -> String {
    sign("RS256", &header("RS256"), &with(claims(), claim, value))
}

pub fn without_claim(claim: &str) -> String {
    sign("RS256", &header("RS256"), &without(claims(), claim))
}

/// A certificate of a key, valid from a time until another one.
pub fn certified(key: &rcgen::KeyPair, from: i64, until: i64) -> Vec<u8> {
    let moment = |seconds| time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    (parameters.not_before, parameters.not_after) = (moment(from), moment(until));
    parameters.self_signed(key).unwrap().der().to_vec()
}
