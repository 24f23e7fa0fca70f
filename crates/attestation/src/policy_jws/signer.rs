//! The key that an administrator signs policies with.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jose::{Algorithm, KeyPair, jws};
use serde::Serialize;
use zeroize::Zeroizing;

use super::certificate::SignerCertificate;
use super::certificate_jws::CertificateAction;
use super::key_error::PolicyKeyError;
use super::key_file::{self, KeyDer};
use super::{chain, write};

/// A private key that signs policies, with its certificate chain. Its `Debug` shows only the certificates.
pub struct PolicySigningKey {
    pair: KeyPair,
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

    /// Reads a private key in PKCS#8 and the certificates of its chain, in any order, all in DER, as PKCS#12 files have them.
    ///
    /// # Errors
    /// [`PolicyKeyError`].
    pub fn from_der(pkcs8: Zeroizing<Vec<u8>>, certificates: Vec<Vec<u8>>) -> Result<Self, PolicyKeyError> {
        Self::new(&KeyDer::Pkcs8(pkcs8), certificates)
    }

    fn new(key: &KeyDer, certificates: Vec<Vec<u8>>) -> Result<Self, PolicyKeyError> {
        let pair = match key {
            KeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der),
            KeyDer::Pkcs1(der) => KeyPair::from_pkcs1(der),
            KeyDer::Sec1(der) => KeyPair::from_sec1(der),
        }?;
        let chain = chain::in_order(certificates, &pair.public_key())?;
        Ok(Self { pair, chain })
    }

    /// Returns the certificates: the key's own first, and after each the one that signed it.
    pub fn certificates(&self) -> &[SignerCertificate] {
        &self.chain
    }

    /// Signs a policy, or a reset if `text` is none, and returns a compact JWS with the whole chain in `x5c`. Each JWS is unique.
    ///
    /// `algorithm` must match the kind of the key; by default it is RS256 or ES256. `audience` is the URL of a provider or of a
    /// policy; a reset ignores it.
    ///
    /// # Errors
    /// [`PolicyKeyError::AlgorithmOfOtherKeys`]; others only if the cryptographic library fails.
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

    /// Signs a request to add or remove a certificate in DER, for `POST /certificates:add` and `:remove`.
    ///
    /// # Errors
    /// [`PolicyKeyError::Certificate`] if it cannot be read; others only if the cryptographic library fails.
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
            return Err(PolicyKeyError::AlgorithmOfOtherKeys { key: fitting.key_kind().name(), algorithm });
        }
        let x5c = self.chain.iter().map(|certificate| STANDARD.encode(certificate.der())).collect();
        Ok(jws::sign(&self.pair, &Header { alg: fitting.name(), kid, x5c }, payload.as_bytes())?)
    }
}

impl fmt::Debug for PolicySigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicySigningKey").field("chain", &self.chain).finish_non_exhaustive()
    }
}

/// Returns 128 random bits that make a JWS unique. Without them two deterministic signatures over one text would be the same JWS.
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
