//! The key that signs tokens.

use std::fmt;

use der::{Decode, Encode};
use jose::{KeyError, KeyKind, KeyPair};
use x509_cert::Certificate;
use zeroize::Zeroizing;

use crate::algorithm::TokenAlgorithm;
use crate::hash::{key_digest, key_id, report_data};

/// A key that signs tokens, with RS256 or ES256. Its `Debug` shows the key id alone.
pub struct SigningKey {
    pair: KeyPair,
    /// SHA-256 of the public key; see [`key_digest`].
    digest: [u8; 32],
    kid: String,
}

impl SigningKey {
    /// Makes a new key: RSA of 2048 bits, which takes some hundred milliseconds, or P-256.
    ///
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate(algorithm: TokenAlgorithm) -> Result<Self, KeyError> {
        Self::new(match algorithm {
            TokenAlgorithm::Rs256 => KeyPair::generate_rsa()?,
            TokenAlgorithm::Es256 => KeyPair::generate_p256()?,
        })
    }

    /// Reads a key from PKCS#8 in DER (RFC 5208), unencrypted: RSA of 2048 to 4096 bits, or P-256. Which it is stands inside.
    ///
    /// # Errors
    /// [`KeyError::Pkcs8`], [`KeyError::Size`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        Self::new(KeyPair::from_pkcs8(der)?)
    }

    fn new(pair: KeyPair) -> Result<Self, KeyError> {
        let digest = key_digest(&pair.public_key_info()?);
        Ok(Self { pair, digest, kid: key_id(&digest) })
    }

    /// What it signs with.
    pub fn algorithm(&self) -> TokenAlgorithm {
        match self.pair.algorithm().key_kind() {
            KeyKind::Rsa => TokenAlgorithm::Rs256,
            KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => TokenAlgorithm::Es256,
        }
    }

    /// Writes the key as PKCS#8 in DER; the bytes are wiped when they are dropped.
    ///
    /// # Errors
    /// [`KeyError::Encode`].
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.pair.to_pkcs8()
    }

    /// The key itself.
    pub fn pair(&self) -> &KeyPair {
        &self.pair
    }

    /// The key's id by Azure Attestation's rule; see [`crate::hash::key_id`].
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Whether a certificate in DER holds this key.
    pub fn is_in_certificate(&self, certificate: &[u8]) -> bool {
        let spki = |certificate: Certificate| certificate.tbs_certificate().subject_public_key_info().to_der();
        let spki = Certificate::from_der(certificate).and_then(spki);
        spki.is_ok_and(|spki| key_digest(&spki) == self.digest)
    }

    /// What evidence about the key's holder has for its report data: SHA-256 of the public key in PEM and a NUL, and zeros.
    pub fn report_data(&self) -> [u8; 64] {
        report_data(&self.digest)
    }

    /// Signs `message` with SHA-256 and RSASSA-PKCS1-v1_5, or ECDSA (r‖s, 64 bytes).
    ///
    /// # Errors
    /// [`KeyError::Sign`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.pair.sign(message)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}
