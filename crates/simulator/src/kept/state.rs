//! What the states of a simulated Intel and its platforms have in common: JSON with secrets in it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::{Decode, Encode};
use problem::Problem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::build_error::BuildError;
use crate::key::EcdsaKey;

/// The layout of the files; another number is another layout.
pub(crate) const FORMAT: u32 = 1;

/// What is wrong with a state.
#[derive(Debug, thiserror::Error)]
pub enum DamagedState {
    /// Not the JSON that it should be.
    #[error("JSON is not that of a simulation")]
    Json(#[from] serde_json::Error),
    /// Written by another version of this program.
    #[error("format {0} is not known, only {FORMAT}")]
    Format(u32),
    /// A member that cannot be read.
    #[error("member `{0}` cannot be read")]
    Member(&'static str),
    /// A certificate for another key than stands beside it.
    #[error("certificate `{0}` is not of the key beside it")]
    OtherKey(&'static str),
}

impl Problem for DamagedState {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Json(_) => "state_malformed",
            Self::Format(_) => "state_format",
            Self::Member(_) => "state_member",
            Self::OtherKey(_) => "state_other_key",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        "restore the file from a copy; or remove it and make a new one, which vouches for nothing made before".into()
    }
}

/// Base64 of secret bytes; wiped when it is dropped.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Secret {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(STANDARD.encode(bytes))
    }

    pub(crate) fn bytes(&self, name: &'static str) -> Result<Zeroizing<Vec<u8>>, DamagedState> {
        STANDARD.decode(&self.0).map(Zeroizing::new).map_err(|_| DamagedState::Member(name))
    }
}

/// Key (PKCS#8) and certificate (DER), both in base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Party {
    key: Secret,
    certificate: String,
}

impl Party {
    pub(crate) fn write(key: &EcdsaKey, certificate: &[u8]) -> Result<Self, BuildError> {
        Ok(Self { key: Secret::of(&key.to_pkcs8()?), certificate: STANDARD.encode(certificate) })
    }

    /// The key, the certificate's serial number, the certificate.
    pub(crate) fn read(&self, name: &'static str) -> Result<(EcdsaKey, [u8; 20], Vec<u8>), DamagedState> {
        let damaged = || DamagedState::Member(name);
        let key = EcdsaKey::from_pkcs8(&self.key.bytes(name)?).map_err(|_| damaged())?;
        let certificate = STANDARD.decode(&self.certificate).map_err(|_| damaged())?;
        let parsed = x509_cert::Certificate::from_der(&certificate).map_err(|_| damaged())?;
        let body = parsed.tbs_certificate();
        let public_key = body.subject_public_key_info().to_der().map_err(|_| damaged())?;
        if public_key != key.subject_public_key_info().map_err(|_| damaged())? {
            return Err(DamagedState::OtherKey(name));
        }
        let serial = body.serial_number().as_bytes().try_into().map_err(|_| damaged())?;
        Ok((key, serial, certificate))
    }
}

/// So many bytes in hexadecimal.
pub(crate) fn bytes<const N: usize>(text: &str, name: &'static str) -> Result<[u8; N], DamagedState> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| DamagedState::Member(name))?;
    Ok(bytes)
}

/// A state as its file holds it.
pub(crate) fn write(state: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, BuildError> {
    // Enough room from the start: a buffer that grows leaves copies of the secrets behind.
    let mut json = Zeroizing::new(Vec::with_capacity(1 << 16));
    serde_json::to_writer_pretty(&mut *json, state)?;
    json.push(b'\n');
    Ok(json)
}

/// What every state begins with.
#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

/// Reads what [`write`] wrote.
pub(crate) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, DamagedState> {
    let Versioned { format } = serde_json::from_slice(json)?;
    if format == FORMAT { Ok(serde_json::from_slice(json)?) } else { Err(DamagedState::Format(format)) }
}
