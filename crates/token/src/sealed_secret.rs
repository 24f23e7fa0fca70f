//! Secrets for an attested enclave: HPKE (RFC 9180) in base mode with X25519, HKDF-SHA256 and AES-256-GCM.
//!
//! The enclave makes a [`RecipientKey`] and has its public half attested as runtime data. Who has verified the token seals a
//! secret to that key, and nobody but that enclave opens it.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256 as X25519;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use problem::Problem;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::relying_party::VerifiedToken;

/// What both ends say the secrets are for: the `info` of HPKE.
const PURPOSE: &[u8] = b"veritee secret for an attested enclave";
/// Bytes of the encapsulated key (RFC 9180, section 7.1).
const ENCAPSULATED: usize = 32;
/// Bytes of the authentication tag (RFC 9180, section 7.3).
const TAG: usize = 16;

/// Why a secret is not sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedSecretError {
    /// The runtime data of the token has no key to seal to.
    #[error("token carries no X25519 key")]
    NoKey,
    /// The key in the runtime data is malformed.
    #[error("X25519 key of the token is malformed")]
    MalformedKey,
    /// The bytes are shorter than any sealed secret.
    #[error("sealed secret of {0} bytes is incomplete")]
    Incomplete(usize),
    /// The secret was sealed to another key, or was changed.
    #[error("secret cannot be decrypted with this key")]
    NotForThisKey,
}

impl Problem for SealedSecretError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::NoKey => "no_attested_key",
            Self::MalformedKey => "attested_key_malformed",
            Self::Incomplete(_) => "sealed_secret_incomplete",
            Self::NotForThisKey => "cannot_decrypt",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::NoKey => "quote the key as runtime data",
            Self::MalformedKey => "quote a key as RFC 8037 has it: `x` is 32 bytes in base64url without padding",
            Self::Incomplete(_) => "send all bytes of the sealed secret",
            Self::NotForThisKey => "it was encrypted to another key, or was changed on the way",
        };
        text.into()
    }
}

/// The key pair of an enclave, for secrets that are sent to it.
///
/// The private half never leaves this value: it is zeroed when the value is dropped, and `Debug` does not print it.
pub struct RecipientKey {
    private: <X25519 as Kem>::PrivateKey,
    public: <X25519 as Kem>::PublicKey,
}

impl fmt::Debug for RecipientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecipientKey").field("public", &self.public_text()).finish_non_exhaustive()
    }
}

impl RecipientKey {
    /// Generates a key pair.
    ///
    /// # Panics
    ///
    /// If the operating system gives no random bytes.
    pub fn generate() -> Self {
        let (private, public) = X25519::gen_keypair();
        Self { private, public }
    }

    /// The runtime data that a quote has to commit to: a JSON Web Key Set with the public key (RFC 7517, RFC 8037).
    pub fn runtime_data(&self) -> Value {
        json!({"keys": [{"kty": "OKP", "crv": "X25519", "use": "enc", "x": self.public_text()}]})
    }

    fn public_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.public.to_bytes())
    }

    /// Opens a secret that was sealed to this key.
    ///
    /// # Errors
    ///
    /// [`SealedSecretError::NotForThisKey`].
    pub fn open(&self, sealed: &SealedSecret) -> Result<Zeroizing<Vec<u8>>, SealedSecretError> {
        let not_for_this_key = |_| SealedSecretError::NotForThisKey;
        let encapsulated = <X25519 as Kem>::EncappedKey::from_bytes(&sealed.encapsulated).map_err(not_for_this_key)?;
        let opened = hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519>(
            &OpModeR::Base,
            &self.private,
            &encapsulated,
            PURPOSE,
            &sealed.ciphertext,
            b"",
        );
        opened.map(Zeroizing::new).map_err(not_for_this_key)
    }
}

/// A secret that only the attested enclave can open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret {
    encapsulated: [u8; ENCAPSULATED],
    ciphertext: Vec<u8>,
}

impl SealedSecret {
    /// Seals a secret to the first X25519 key in the runtime data of a token.
    ///
    /// # Errors
    ///
    /// [`SealedSecretError::NoKey`] and [`SealedSecretError::MalformedKey`].
    ///
    /// # Panics
    ///
    /// If the operating system gives no random bytes.
    pub fn seal(token: &VerifiedToken, secret: &[u8]) -> Result<Self, SealedSecretError> {
        let key = recipient(token.runtime_json())?;
        // A key of low order is refused here.
        let sealed =
            hpke::single_shot_seal::<AesGcm256, HkdfSha256, X25519>(&OpModeS::Base, &key, PURPOSE, secret, b"");
        let (encapsulated, ciphertext) = sealed.map_err(|_| SealedSecretError::MalformedKey)?;
        Ok(Self { encapsulated: encapsulated.to_bytes().into(), ciphertext })
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`SealedSecretError::Incomplete`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SealedSecretError> {
        match bytes.split_first_chunk() {
            Some((encapsulated, ciphertext)) if ciphertext.len() >= TAG => {
                Ok(Self { encapsulated: *encapsulated, ciphertext: ciphertext.to_vec() })
            }
            _ => Err(SealedSecretError::Incomplete(bytes.len())),
        }
    }

    /// The encapsulated key (32 bytes), then the ciphertext with its tag.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.encapsulated[..], &self.ciphertext].concat()
    }
}

/// The first X25519 key for encryption in runtime data.
fn recipient(runtime_data: Option<&Value>) -> Result<<X25519 as Kem>::PublicKey, SealedSecretError> {
    let keys =
        runtime_data.and_then(|data| data.get("keys")).and_then(Value::as_array).ok_or(SealedSecretError::NoKey)?;
    let is = |key: &Value, name: &str, expected: &str| key.get(name).is_some_and(|value| value == expected);
    let is_for_encryption = |key: &Value| key.get("use").is_none() || is(key, "use", "enc");
    let mut fitting =
        keys.iter().filter(|key| is(key, "kty", "OKP") && is(key, "crv", "X25519") && is_for_encryption(key));
    let key = fitting.next().ok_or(SealedSecretError::NoKey)?;
    let bytes = key.get("x").and_then(Value::as_str).and_then(|x| URL_SAFE_NO_PAD.decode(x).ok());
    let key = bytes.and_then(|bytes| <X25519 as Kem>::PublicKey::from_bytes(&bytes).ok());
    key.ok_or(SealedSecretError::MalformedKey)
}
