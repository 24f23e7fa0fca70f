//! P-256 keys of simulated parties.

use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, SECP_256_R_1};
use zeroize::Zeroizing;

use crate::asn1;
use crate::build_error::BuildError;

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], BuildError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes)?;
    Ok(bytes)
}

/// A P-256 key pair that signs with ECDSA and SHA-256. A copy is the same key; `Debug` shows the public half alone.
#[derive(Clone)]
pub struct EcdsaKey(EcdsaKeyPair);

impl EcdsaKey {
    /// A new random key.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn generate() -> Result<Self, BuildError> {
        Ok(Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?))
    }

    /// The key of that number, 32 bytes big-endian, between 0 and the order of the curve.
    pub(crate) fn from_scalar(scalar: &[u8; 32]) -> Result<Self, BuildError> {
        let key = PrivateKey::from_private_key(&ECDH_P256, scalar).map_err(|_| BuildError::Cryptography)?;
        let (algorithm, public_key) = (&ECDSA_P256_SHA256_FIXED_SIGNING, key.compute_public_key()?);
        let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, public_key.as_ref());
        pair.map(Self).map_err(|_| BuildError::Cryptography)
    }

    /// Reads an unencrypted PKCS#8 document.
    ///
    /// # Errors
    /// Where the bytes are no P-256 key in PKCS#8.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, KeyRejected> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).map(Self)
    }

    /// The secret key as an unencrypted PKCS#8 document.
    pub(crate) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, BuildError> {
        Ok(Zeroizing::new(self.0.to_pkcs8v1()?.as_ref().to_vec()))
    }

    /// The public key as an uncompressed point: `04`, x, y, 65 bytes.
    pub fn point(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// The public key as a quote carries it: x then y, 32 bytes big-endian each.
    pub fn public_key(&self) -> [u8; 64] {
        first_bytes(self.point().get(1..).unwrap_or_default())
    }

    /// The key identifier of certificates: the first 20 bytes of SHA-256 over the point (RFC 7093, method 1).
    pub fn key_id(&self) -> Vec<u8> {
        digest(&SHA256, self.point()).as_ref().iter().copied().take(20).collect()
    }

    /// The public key as SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// None in practice; the type is that of all building.
    pub fn subject_public_key_info(&self) -> Result<Vec<u8>, BuildError> {
        let algorithm = asn1::sequence(&[asn1::oid(ID_EC_PUBLIC_KEY)?, asn1::oid(SECP_256_R_1)?])?;
        asn1::sequence(&[algorithm, asn1::bit_string(self.point())?])
    }

    /// Signs a message; gives raw r then s, 32 bytes big-endian each.
    ///
    /// # Errors
    /// Where the cryptographic library fails.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], BuildError> {
        let signature = self.0.sign(&SystemRandom::new(), message)?;
        Ok(first_bytes(signature.as_ref()))
    }
}

impl fmt::Debug for EcdsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EcdsaKey(public {})", hex::encode(self.point()))
    }
}

fn first_bytes<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    for (to, from) in array.iter_mut().zip(bytes) {
        *to = *from;
    }
    array
}

/// Who puts the signature on something.
#[derive(Clone, Debug)]
pub enum Signer {
    /// That key signs.
    Key(EcdsaKey),
    /// Nobody signs: these bytes stand where the signature belongs, raw r then s.
    Bytes([u8; 64]),
}

impl Signer {
    pub(crate) fn sign(&self, message: &[u8]) -> Result<[u8; 64], BuildError> {
        match self {
            Self::Key(key) => key.sign(message),
            Self::Bytes(bytes) => Ok(*bytes),
        }
    }
}

impl From<&EcdsaKey> for Signer {
    fn from(key: &EcdsaKey) -> Self {
        Self::Key(key.clone())
    }
}

impl From<EcdsaKey> for Signer {
    fn from(key: EcdsaKey) -> Self {
        Self::Key(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    #[test]
    fn a_key_read_back_is_the_same_key() {
        let key = EcdsaKey::generate().unwrap();
        let again = EcdsaKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
        let signature = again.sign(b"message").unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.point()).verify(b"message", &signature).unwrap();
    }

    #[test]
    fn the_public_key_of_a_quote_is_the_point_without_its_first_byte() {
        let key = EcdsaKey::generate().unwrap();
        assert_eq!(key.point(), [&[4], &key.public_key()[..]].concat());
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = EcdsaKey::generate().unwrap();
        let secret = hex::encode(key.to_pkcs8().unwrap().get(36..68).unwrap());
        assert!(!format!("{key:?}").contains(&secret));
    }
}
