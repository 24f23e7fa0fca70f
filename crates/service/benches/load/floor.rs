//! The floor: what no service can do without, which is one verification of the quote's own signature and one signature of a
//! token, both by aws-lc-rs.

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, UnparsedPublicKey,
};
use token::TokenAlgorithm;

use crate::cores;
use crate::fleet::Fleet;

/// How long a batch should take, about.
const BATCH: Duration = Duration::from_millis(40);
/// Bytes of header and body, which the attestation key signed; the length of what follows takes four more.
const SIGNED: usize = 48 + 384;

pub struct Floor {
    signatures: Vec<QuoteSignature>,
    key: Key,
    /// As long as what a token's signature is over.
    message: Vec<u8>,
    next: usize,
}

enum Key {
    Rsa(KeyPair),
    P256(EcdsaKeyPair),
}

/// The signature of a quote by its attestation key, taken apart beforehand.
struct QuoteSignature {
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl QuoteSignature {
    fn of(quote: &[u8]) -> Self {
        let (message, rest) = quote.split_at(SIGNED);
        let (signature, rest) = rest[4..].split_at(64);
        Self { key: [&[4], &rest[..64]].concat(), message: message.to_vec(), signature: signature.to_vec() }
    }
}

impl Floor {
    /// `message` is as long as what a token's signature is over.
    pub fn new(fleet: &Fleet, algorithm: TokenAlgorithm, message: usize) -> Self {
        let key = match algorithm {
            TokenAlgorithm::Rs256 => Key::Rsa(KeyPair::generate(KeySize::Rsa2048).unwrap()),
            TokenAlgorithm::Es256 => Key::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()),
        };
        let signatures = fleet.evidence.iter().map(|evidence| QuoteSignature::of(&evidence.quote)).collect();
        Self { signatures, key, message: vec![b'a'; message], next: 0 }
    }

    /// Microseconds of computation each time, over a batch on the core of the service.
    pub fn batch(&mut self) -> f64 {
        cores::on(cores::SERVER, || {
            let (begun, mut times) = (cores::thread_time(), 0);
            while cores::thread_time() - begun < BATCH {
                self.once();
                times += 1;
            }
            (cores::thread_time() - begun).as_secs_f64() * 1e6 / f64::from(times)
        })
    }

    fn once(&mut self) {
        let QuoteSignature { key, message, signature } = &self.signatures[self.next];
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature).unwrap();
        let random = SystemRandom::new();
        match &self.key {
            Key::Rsa(key) => key.sign(&RSA_PKCS1_SHA256, &random, &self.message, &mut [0; 256]).unwrap(),
            Key::P256(key) => drop(key.sign(&random, &self.message).unwrap()),
        }
        self.next = (self.next + 1) % self.signatures.len();
    }
}
