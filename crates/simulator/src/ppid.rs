//! The key that certification enclaves encrypt PPIDs under, so that Intel alone reads them.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey,
};
use zeroize::Zeroizing;

use crate::architectural::identity::hashed;
use crate::build_error::BuildError;

/// Crypto suite of RSA-OAEP with 3072 bits.
const RSA_OAEP_3072: u8 = 1;
const EXPONENT: [u8; 4] = [0, 1, 0, 1];
const MODULUS: usize = 384;
/// The exponent in DER, which ends a public key.
const DER_EXPONENT: usize = 5;

/// An RSA key of 3072 bits with the exponent 10001. `Debug` shows nothing of its secret.
#[derive(Clone, Debug)]
pub struct PpidKey {
    private: PrivateDecryptingKey,
    public: PublicEncryptingKey,
}

impl PpidKey {
    /// Bytes of an encrypted PPID.
    pub const ENCRYPTED: usize = MODULUS;

    /// A new random key.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn generate() -> Result<Self, BuildError> {
        Ok(Self::of(PrivateDecryptingKey::generate(KeySize::Rsa3072)?))
    }

    fn of(private: PrivateDecryptingKey) -> Self {
        Self { public: private.public_key(), private }
    }

    /// Reads an unencrypted PKCS#8 document; nothing where it is no RSA key of 3072 bits.
    pub(crate) fn from_pkcs8(bytes: &[u8]) -> Option<Self> {
        let key = PrivateDecryptingKey::from_pkcs8(bytes).ok()?;
        (key.key_size_bytes() == MODULUS).then(|| Self::of(key))
    }

    /// The secret key as an unencrypted PKCS#8 document.
    pub(crate) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, BuildError> {
        Ok(Zeroizing::new(AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&self.private)?.as_ref().to_vec()))
    }

    /// What a quoting enclave puts into its report's data for a certification enclave: SHA-256 over crypto suite, modulus and
    /// exponent, then zeros.
    pub(crate) fn commitment(&self) -> Result<[u8; 64], BuildError> {
        let der = AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(&self.public)?;
        let modulus = der.as_ref().iter().rev().skip(DER_EXPONENT).take(MODULUS).rev().copied().collect::<Vec<u8>>();
        Ok(hashed(&[&[RSA_OAEP_3072], &modulus, &EXPONENT]))
    }

    /// Encrypts a PPID: another text each time.
    pub(crate) fn encrypt(&self, ppid: &[u8; 16]) -> Result<Vec<u8>, BuildError> {
        let key = OaepPublicEncryptingKey::new(self.public.clone())?;
        let mut encrypted = vec![0; MODULUS];
        let length = key.encrypt(&OAEP_SHA256_MGF1SHA256, ppid, &mut encrypted, None)?.len();
        encrypted.truncate(length);
        Ok(encrypted)
    }

    /// The PPID in there, where it was encrypted under this key.
    pub fn decrypt(&self, encrypted: &[u8]) -> Option<[u8; 16]> {
        let key = OaepPrivateDecryptingKey::new(self.private.clone()).ok()?;
        let mut plain = [0; MODULUS];
        let plain = key.decrypt(&OAEP_SHA256_MGF1SHA256, encrypted, &mut plain, None).ok()?;
        <[u8; 16]>::try_from(&*plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intel_alone_reads_what_is_encrypted_for_it() {
        let [intel, other] = [(); 2].map(|()| PpidKey::generate().unwrap());
        let [one, again] = [(); 2].map(|()| intel.encrypt(&[7; 16]).unwrap());
        assert_eq!((one.len(), one == again), (PpidKey::ENCRYPTED, false));
        assert_eq!(intel.decrypt(&one), Some([7; 16]));
        assert_eq!((other.decrypt(&one), intel.decrypt(&one[1..])), (None, None));
        let kept = PpidKey::from_pkcs8(&intel.to_pkcs8().unwrap()).unwrap();
        assert_eq!(kept.decrypt(&one), Some([7; 16]));
        assert_eq!(kept.commitment().unwrap(), intel.commitment().unwrap());
        assert_ne!(kept.commitment().unwrap(), other.commitment().unwrap());
    }
}
