//! The key that an administrator signs policies with.

use std::fmt;

use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;

use super::certificate::{KeyKind, PublicKey, SignerCertificate};
use super::certificate_jws::CertificateAction;
use super::key_error::PolicyKeyError;
use super::key_file::{self, KeyDer};
use super::{chain, write};
use crate::algorithm::Algorithm;

/// A private key that signs policies, with the chain of its certificate. Its `Debug` shows the certificates alone.
pub struct PolicySigningKey {
    pair: Pair,
    chain: Vec<SignerCertificate>,
}

impl PolicySigningKey {
    /// Reads an unencrypted private key (PKCS#8, PKCS#1 or SEC 1) and the certificates of its chain, in any order, both in
    /// PEM. RSA of 2048 to 4096 bits, or P-256.
    ///
    /// # Errors
    /// [`PolicyKeyError`].
    pub fn from_pem(key: &[u8], certificates: &[u8]) -> Result<Self, PolicyKeyError> {
        Self::new(&key_file::key_in_pem(key)?, key_file::certificates_in_pem(certificates)?)
    }

    /// Reads key and certificates from a PKCS#12 file, as OpenSSL and Windows write it today or wrote it earlier.
    ///
    /// # Errors
    /// [`PolicyKeyError`].
    pub fn from_pkcs12(file: &[u8], password: &str) -> Result<Self, PolicyKeyError> {
        let (key, certificates) = key_file::open_pkcs12(file, password)?;
        Self::new(&key, certificates)
    }

    fn new(key: &KeyDer, certificates: Vec<Vec<u8>>) -> Result<Self, PolicyKeyError> {
        let pair = Pair::read(key).map_err(PolicyKeyError::UnusableKey)?;
        pair.public().check_size().map_err(|bits| PolicyKeyError::KeySize { bits })?;
        let chain = chain::in_order(certificates, &pair.public())?;
        Ok(Self { pair, chain })
    }

    /// The certificates, the key's own first, after each the one that signed it.
    pub fn certificates(&self) -> &[SignerCertificate] {
        &self.chain
    }

    /// Signs a policy, or its reset where `text` is none: a compact JWS with the whole chain in `x5c`, unlike any other.
    ///
    /// `algorithm` has to fit the key; it is RS256 or ES256 where none is named. `audience` says whom it is meant for, by the
    /// URL of a provider or of a policy; a reset has no place for it.
    ///
    /// # Errors
    /// [`PolicyKeyError::AlgorithmOfOtherKeys`]; the others only where the library is broken.
    pub fn sign(
        &self,
        text: Option<&str>,
        algorithm: Option<Algorithm>,
        audience: Option<&str>,
    ) -> Result<String, PolicyKeyError> {
        let id = unique_id()?;
        match text {
            Some(text) => self.sign_payload(None, &write::signed_payload(text, audience, &id), algorithm),
            None => self.sign_payload(Some(&id), "", algorithm),
        }
    }

    /// Signs the request to add or remove a certificate in DER, as `POST /certificates:add` and `:remove` take it.
    ///
    /// # Errors
    /// [`PolicyKeyError::Certificate`] where it is none; the others only where the library is broken.
    pub fn sign_certificate(
        &self,
        action: CertificateAction,
        certificate: &[u8],
        audience: Option<&str>,
    ) -> Result<String, PolicyKeyError> {
        let certificate = SignerCertificate::from_der(certificate)
            .map_err(|source| PolicyKeyError::Certificate { number: 1, source })?;
        let payload = write::certificate_payload(action, &certificate.jwk(), audience, &unique_id()?);
        self.sign_payload(None, &payload, None)
    }

    fn sign_payload(
        &self,
        kid: Option<&str>,
        payload: &str,
        algorithm: Option<Algorithm>,
    ) -> Result<String, PolicyKeyError> {
        let fitting = self.pair.algorithm();
        if let Some(algorithm) = algorithm.filter(|algorithm| *algorithm != fitting) {
            return Err(PolicyKeyError::AlgorithmOfOtherKeys { key: self.pair.public().kind().name(), algorithm });
        }
        let x5c = self.chain.iter().map(|certificate| STANDARD.encode(certificate.der())).collect();
        let header = serde_json::to_vec(&Header { alg: fitting.name(), kid, x5c }).map_err(PolicyKeyError::Header)?;
        let mut jws = URL_SAFE_NO_PAD.encode(header);
        jws.push('.');
        jws.push_str(payload);
        let signature = self.pair.sign(jws.as_bytes()).map_err(PolicyKeyError::Sign)?;
        jws.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut jws);
        Ok(jws)
    }
}

impl fmt::Debug for PolicySigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicySigningKey").field("chain", &self.chain).finish_non_exhaustive()
    }
}

/// What no other JWS has: 128 random bits. Without it a deterministic signature over the same text would be the same JWS.
fn unique_id() -> Result<String, PolicyKeyError> {
    let mut id = [0; 16];
    aws_lc_rs::rand::fill(&mut id).map_err(PolicyKeyError::Sign)?;
    Ok(URL_SAFE_NO_PAD.encode(id))
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    x5c: Vec<String>,
}

/// The library wipes both when they are dropped.
enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
}

impl Pair {
    fn read(key: &KeyDer) -> Result<Self, KeyRejected> {
        let p256 = &ECDSA_P256_SHA256_FIXED_SIGNING;
        match key {
            // Which kind it is stands inside. What is neither is refused as the RSA key that it is not.
            KeyDer::Pkcs8(der) => match (RsaKeyPair::from_pkcs8(der), EcdsaKeyPair::from_pkcs8(p256, der)) {
                (Ok(pair), _) => Ok(Self::Rsa(Box::new(pair))),
                (_, Ok(pair)) => Ok(Self::P256(pair)),
                (Err(rejected), Err(_)) => Err(rejected),
            },
            KeyDer::Pkcs1(der) => RsaKeyPair::from_der(der).map(|pair| Self::Rsa(Box::new(pair))),
            KeyDer::Sec1(der) => EcdsaKeyPair::from_private_key_der(p256, der).map(Self::P256),
        }
    }

    fn public(&self) -> PublicKey {
        match self {
            Self::Rsa(pair) => PublicKey::new(KeyKind::Rsa, pair.public_key().as_ref()),
            Self::P256(pair) => PublicKey::new(KeyKind::P256, pair.public_key().as_ref()),
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::Rs256,
            Self::P256(_) => Algorithm::Es256,
        }
    }

    /// PKCS#1 v1.5 with SHA-256, or r‖s.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
            Self::P256(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
        }
    }
}
