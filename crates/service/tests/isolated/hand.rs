//! JWSs made by hand: any header and payload, and the same signature in other spellings.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize, SigningKey as _};
use serde_json::{Value, json};

/// The order of P-256.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// A signer who writes each JWS by hand, as some client of Microsoft does: without anything that makes it unique.
pub struct Hand {
    key: KeyPair,
    pub der: Vec<u8>,
    is_rsa: bool,
}

impl Hand {
    pub fn rsa() -> Self {
        Self::of(KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap(), true)
    }

    pub fn p256() -> Self {
        Self::of(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(), false)
    }

    fn of(key: KeyPair, is_rsa: bool) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "by hand");
        let der = parameters.self_signed(&key).unwrap().der().to_vec();
        Self { key, der, is_rsa }
    }

    pub fn is_rsa(&self) -> bool {
        self.is_rsa
    }

    pub fn jwk(&self) -> Value {
        jwk(&self.der)
    }

    /// The JWS of that payload; an empty one resets.
    pub fn sign(&self, payload: &str) -> String {
        let alg = if self.is_rsa { "RS256" } else { "ES256" };
        let header = json!({"alg": alg, "x5c": [STANDARD.encode(&self.der)]}).to_string();
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = self.key.sign(input.as_bytes()).unwrap();
        let signature = if self.is_rsa { signature } else { fixed(&signature) };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub fn policy(&self, text: &str) -> String {
        self.sign(&json!({"AttestationPolicy": URL_SAFE_NO_PAD.encode(text)}).to_string())
    }

    pub fn reset(&self) -> String {
        self.sign("")
    }

    /// The wish to add or remove a certificate, as Microsoft's clients write it for both.
    pub fn certificate(&self, der: &[u8]) -> String {
        self.sign(&json!({"policyCertificate": jwk(der)}).to_string())
    }

    /// Other spellings of the signature of a JWS of this signer, each with its name.
    pub fn spellings(&self, jws: &str) -> Vec<(&'static str, String)> {
        let (input, signature) = jws.rsplit_once('.').unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let last = signature.len() - 1;
        let stray = URL_SAFE_NO_PAD_ALPHABET[index_of(signature.as_bytes()[last]) + 1];
        let mut spelled = vec![
            ("padding", URL_SAFE.encode(&bytes)),
            ("half of the padding", format!("{signature}=")),
            ("padding in the other alphabet", STANDARD.encode(&bytes)),
            ("stray bits at the end", format!("{}{}", &signature[..last], char::from(stray))),
            ("a zero byte in front", URL_SAFE_NO_PAD.encode([&[0], &bytes[..]].concat())),
            ("a zero byte at the end", URL_SAFE_NO_PAD.encode([&bytes[..], &[0]].concat())),
        ];
        if signature.contains(['-', '_']) {
            spelled.push(("the other alphabet", STANDARD_NO_PAD.encode(&bytes)));
        }
        if self.is_rsa {
            spelled.extend(sum(&bytes, &modulus(&self.key)).map(|sum| ("s + n", URL_SAFE_NO_PAD.encode(sum))));
        } else {
            spelled.push(("DER", URL_SAFE_NO_PAD.encode(der(&bytes))));
            spelled.push(("n - s", URL_SAFE_NO_PAD.encode(negated(&bytes))));
            let (r, s) = bytes.split_at(32);
            let beyond = [sum(r, &ORDER).unwrap_or_default(), s.to_vec()].concat();
            spelled.push(("r + n", URL_SAFE_NO_PAD.encode(beyond)));
        }
        spelled.retain(|(_, other)| other != signature);
        spelled.into_iter().map(|(name, signature)| (name, format!("{input}.{signature}"))).collect()
    }
}

const URL_SAFE_NO_PAD_ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn index_of(character: u8) -> usize {
    URL_SAFE_NO_PAD_ALPHABET.iter().position(|other| *other == character).unwrap()
}

fn jwk(der: &[u8]) -> Value {
    json!({"kty": "RSA", "use": "sig", "x5c": [STANDARD.encode(der)]})
}

/// r and s out of their DER.
fn fixed(der: &[u8]) -> Vec<u8> {
    let mut rest = &der[2..];
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let length = usize::from(rest[1]);
        let number = &rest[2..2 + length];
        let number = &number[number.len().saturating_sub(32)..];
        numbers.extend(vec![0; 32 - number.len()]);
        numbers.extend(number);
        rest = &rest[2 + length..];
    }
    numbers
}

/// The DER of r and s.
pub fn der(fixed: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for half in fixed.chunks(32) {
        let mut number: Vec<u8> = half.iter().copied().skip_while(|byte| *byte == 0).collect();
        if number[0] & 0x80 != 0 {
            number.insert(0, 0);
        }
        body.extend([2, number.len() as u8]);
        body.extend(number);
    }
    [vec![0x30, body.len() as u8], body].concat()
}

/// r and n - s: as valid as r and s.
fn negated(fixed: &[u8]) -> Vec<u8> {
    let mut negated = fixed.to_vec();
    let mut borrow = 0;
    for at in (0..32).rev() {
        let difference = i32::from(ORDER[at]) - i32::from(fixed[32 + at]) - borrow;
        borrow = i32::from(difference < 0);
        negated[32 + at] = difference.rem_euclid(256) as u8;
    }
    negated
}

/// The sum of two numbers of one length, where it has that length too.
fn sum(one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let mut sum = one.to_vec();
    let mut carry = 0;
    for at in (0..one.len()).rev() {
        let digit = u16::from(one[at]) + u16::from(other[at]) + carry;
        (sum[at], carry) = ((digit & 0xff) as u8, digit >> 8);
    }
    (carry == 0).then_some(sum)
}

/// The modulus in an RSAPublicKey of 2048 bits: after the headers of the sequence and of the number.
fn modulus(key: &KeyPair) -> Vec<u8> {
    use rcgen::PublicKeyData;
    let bytes = key.der_bytes();
    let at = bytes.windows(5).position(|header| header == [0x02, 0x82, 0x01, 0x01, 0x00]).unwrap();
    bytes[at + 5..at + 5 + 256].to_vec()
}
