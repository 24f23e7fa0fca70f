//! A key that an enclave makes for itself, and what others encrypt to it: HPKE (RFC 9180) with X25519, HKDF-SHA256 and
//! AES-256-GCM.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256 as X25519;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use serde_json::{Value, json};

use crate::failure::Failure;

/// What both ends say the messages are for.
const PURPOSE: &[u8] = b"veritee secret for an attested enclave";

/// The private half, which never leaves the enclave.
pub struct EnclaveKey {
    private: <X25519 as Kem>::PrivateKey,
    public: <X25519 as Kem>::PublicKey,
}

/// A secret on its way: the sender's public half, and the sealed bytes.
pub struct Sealed {
    encapsulated: Vec<u8>,
    ciphertext: Vec<u8>,
}

impl Sealed {
    pub fn len(&self) -> usize {
        self.encapsulated.len() + self.ciphertext.len()
    }
}

impl EnclaveKey {
    pub fn generate() -> Self {
        let (private, public) = X25519::gen_keypair();
        Self { private, public }
    }

    /// The runtime data that a quote commits to: a set with the public key (RFC 7517, RFC 8037).
    pub fn runtime_data(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.public.to_bytes());
        json!({"keys": [{"kty": "OKP", "crv": "X25519", "use": "enc", "x": x}]})
    }

    pub fn open(&self, sealed: &Sealed) -> Result<Vec<u8>, Failure> {
        let encapsulated = <X25519 as Kem>::EncappedKey::from_bytes(&sealed.encapsulated).map_err(|_| cannot_open())?;
        hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519>(
            &OpModeR::Base,
            &self.private,
            &encapsulated,
            PURPOSE,
            &sealed.ciphertext,
            b"",
        )
        .map_err(|_| cannot_open())
    }
}

/// Encrypts to the first key of attested runtime data.
pub fn seal_to(runtime_data: &Value, secret: &[u8]) -> Result<Sealed, Failure> {
    let key = || -> Option<<X25519 as Kem>::PublicKey> {
        let key = runtime_data.get("keys")?.get(0)?;
        if key.get("crv")?.as_str()? != "X25519" {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(key.get("x")?.as_str()?).ok()?;
        <X25519 as Kem>::PublicKey::from_bytes(&bytes).ok()
    };
    let no_key = || Failure::verdict("no_attested_key", "token carries no X25519 key", "quote the key as runtime data");
    let key = key().ok_or_else(no_key)?;
    let (encapsulated, ciphertext) =
        hpke::single_shot_seal::<AesGcm256, HkdfSha256, X25519>(&OpModeS::Base, &key, PURPOSE, secret, b"")
            .map_err(|_| no_key())?;
    Ok(Sealed { encapsulated: encapsulated.to_bytes().to_vec(), ciphertext })
}

fn cannot_open() -> Failure {
    Failure::verdict("cannot_decrypt", "secret cannot be decrypted with this key", "it was encrypted to another key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_it_was_sealed_to_opens_a_secret() {
        let (key, other) = (EnclaveKey::generate(), EnclaveKey::generate());
        let sealed = seal_to(&key.runtime_data(), b"secret").unwrap();
        assert_eq!(key.open(&sealed).unwrap(), b"secret");
        assert!(other.open(&sealed).is_err());
    }

    #[test]
    fn nothing_is_sealed_where_no_key_is_attested() {
        assert!(seal_to(&json!({}), b"secret").is_err());
        assert!(seal_to(&json!({"keys": [{"crv": "P-256", "x": "AA"}]}), b"secret").is_err());
    }
}
