//! Private keys that sign.

use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use problem::Problem;
use zeroize::Zeroizing;

use crate::algorithm::Algorithm;
use crate::key_kind::KeyKind;
use crate::public_key::PublicKey;
use crate::public_key_error::PublicKeyError;

/// Why a private key cannot be made, read, written or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The library made no key.
    #[error("no key could be generated")]
    Generate(#[source] Unspecified),
    /// The bytes are not the PKCS#8 of a consistent RSA or P-256 key, or not what else they are read as.
    #[error("signing key is no RSA or P-256 key in PKCS#8 DER")]
    Pkcs8(#[source] KeyRejected),
    /// The modulus is not of 2048 to 4096 bits.
    #[error("signing key is an RSA key of {bits} bits instead of 2048 to 4096")]
    Size {
        /// Bits of the modulus.
        bits: usize,
    },
    /// The library did not write the key.
    #[error("signing key cannot be encoded")]
    Encode(#[source] Unspecified),
    /// The library did not sign.
    #[error("signing failed")]
    Sign(#[source] Unspecified),
    /// The header of a JWS could not be written.
    #[error("header cannot be written")]
    Header(#[source] serde_json::Error),
}

impl Problem for KeyError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Generate(_) => "key_generation",
            Self::Pkcs8(_) => "key_pkcs8",
            Self::Size { .. } => "key_size",
            Self::Encode(_) => "key_encoding",
            Self::Sign(_) => "key_signing",
            Self::Header(_) => "key_header",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Pkcs8(_) => {
                "give an unencrypted RSA or P-256 private key in PKCS#8 DER, as `openssl genpkey -outform DER` writes"
            }
            Self::Size { .. } => "use an RSA key of 2048 to 4096 bits",
            Self::Generate(_) | Self::Encode(_) | Self::Sign(_) | Self::Header(_) => {
                "try again; if it stays so, the cryptographic library is broken"
            }
        }
        .into()
    }
}

/// A private key: RSA of 2048 to 4096 bits, which signs with RS256, or P-256, which signs with ES256. Its `Debug` shows the kind
/// alone.
pub struct KeyPair(Pair);

/// The library wipes both when they are dropped.
enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
}

impl KeyPair {
    /// Makes an RSA key of 2048 bits, which takes some hundred milliseconds.
    ///
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate_rsa() -> Result<Self, KeyError> {
        Self::new(Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).map_err(KeyError::Generate)?)))
    }

    /// Makes a key on P-256.
    ///
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate_p256() -> Result<Self, KeyError> {
        Self::new(Pair::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(KeyError::Generate)?))
    }

    /// Reads a key from PKCS#8 in DER (RFC 5208), unencrypted. Its kind stands inside.
    ///
    /// # Errors
    /// [`KeyError::Pkcs8`], [`KeyError::Size`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        match EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
            Ok(pair) => Self::new(Pair::P256(pair)),
            // What is neither is refused as the RSA key that it is not.
            Err(_) => Self::new(Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(der).map_err(KeyError::Pkcs8)?))),
        }
    }

    /// Reads an RSA key from PKCS#1 in DER (RFC 8017, RSAPrivateKey).
    ///
    /// # Errors
    /// [`KeyError::Pkcs8`], [`KeyError::Size`].
    pub fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        Self::new(Pair::Rsa(Box::new(RsaKeyPair::from_der(der).map_err(KeyError::Pkcs8)?)))
    }

    /// Reads a key on P-256 from SEC 1 in DER (RFC 5915, ECPrivateKey).
    ///
    /// # Errors
    /// [`KeyError::Pkcs8`].
    pub fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der);
        Self::new(Pair::P256(pair.map_err(KeyError::Pkcs8)?))
    }

    fn new(pair: Pair) -> Result<Self, KeyError> {
        let pair = Self(pair);
        match pair.public_key().check_size() {
            Ok(()) => Ok(pair),
            Err(PublicKeyError::Size { bits }) => Err(KeyError::Size { bits }),
            Err(_) => Err(KeyError::Size { bits: 0 }),
        }
    }

    /// Writes the key as PKCS#8 in DER; the bytes are wiped when they are dropped.
    ///
    /// # Errors
    /// [`KeyError::Encode`].
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let der = match &self.0 {
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(KeyError::Encode)?;
                der.as_ref().to_vec()
            }
            Pair::P256(pair) => pair.to_pkcs8v1().map_err(KeyError::Encode)?.as_ref().to_vec(),
        };
        Ok(Zeroizing::new(der))
    }

    /// The algorithm that it signs with: RS256 or ES256.
    pub const fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Pair::Rsa(_) => Algorithm::Rs256,
            Pair::P256(_) => Algorithm::Es256,
        }
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        match &self.0 {
            Pair::Rsa(pair) => PublicKey::new(KeyKind::Rsa, pair.public_key().as_ref()),
            Pair::P256(pair) => PublicKey::new(KeyKind::P256, pair.public_key().as_ref()),
        }
    }

    /// The public key as SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// [`KeyError::Encode`].
    pub fn public_key_info(&self) -> Result<Vec<u8>, KeyError> {
        let der: Result<PublicKeyX509Der<'_>, Unspecified> = match &self.0 {
            Pair::Rsa(pair) => pair.public_key().as_der(),
            Pair::P256(pair) => pair.public_key().as_der(),
        };
        Ok(der.map_err(KeyError::Encode)?.as_ref().to_vec())
    }

    /// Signs `message` with SHA-256 and RSASSA-PKCS1-v1_5, or ECDSA (r‖s, 64 bytes).
    ///
    /// # Errors
    /// [`KeyError::Sign`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match &self.0 {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(KeyError::Sign)?;
                Ok(signature)
            }
            Pair::P256(pair) => Ok(pair.sign(&random, message).map_err(KeyError::Sign)?.as_ref().to_vec()),
        }
    }

    /// Signs the body of a certificate: as [`Self::sign`], but signatures on P-256 are in DER, as X.509 has them.
    ///
    /// # Errors
    /// [`KeyError::Encode`], [`KeyError::Pkcs8`] and [`KeyError::Sign`].
    pub fn sign_certificate(&self, body: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.0 {
            Pair::Rsa(_) => self.sign(body),
            // The library ties a pair to one form of signatures, so the same key is read for the other form.
            Pair::P256(_) => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.to_pkcs8()?);
                let signature = pair.map_err(KeyError::Pkcs8)?.sign(&SystemRandom::new(), body);
                Ok(signature.map_err(KeyError::Sign)?.as_ref().to_vec())
            }
        }
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}
