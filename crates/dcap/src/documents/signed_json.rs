//! JSON that Intel signed: the signature is over the exact bytes of one object, so those bytes are kept and never re-made.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::documents::text::Text;
use crate::pki::certificate::Certificate;
use crate::pki::ecdsa;

/// Nesting that Intel's documents never reach; Intel's own library allows as much.
pub const MAX_DEPTH: usize = 32;
/// More bytes than any TCB Info has (about 40,000).
pub const MAX_JSON: usize = 1 << 20;

/// Why bytes are no signed JSON.
#[derive(Debug, thiserror::Error)]
pub enum MalformedJson {
    /// Longer than [`MAX_JSON`].
    #[error("document is longer than {MAX_JSON} bytes")]
    TooLong,
    /// Not JSON, nested too deep, or with a member twice.
    #[error(transparent)]
    Json(#[from] strict_json::Error),
    /// The wrapper lacks the document or its signature.
    #[error("document is not wrapped as `{{\"{0}\":{{...}},\"signature\":\"...\"}}`")]
    Wrapper(&'static str),
    /// The signature is not 128 hexadecimal digits.
    #[error("signature is not 128 hexadecimal digits")]
    Signature,
    /// A member is absent or has an impossible value.
    #[error("{0}")]
    Field(String),
}

/// A document and the signature over it; nothing about it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedJson {
    body: Vec<u8>,
    signature: [u8; 64],
}

impl SignedJson {
    /// Takes a document and its signature out of `{"<member>":{...},"signature":"<128 hex digits>"}`. Other members of the
    /// wrapper are ignored, as Intel's library does: no signature covers them.
    ///
    /// # Errors
    /// See [`MalformedJson`].
    pub fn from_wrapper(bytes: &[u8], member: &'static str) -> Result<Self, MalformedJson> {
        if bytes.len() > MAX_JSON {
            return Err(MalformedJson::TooLong);
        }
        // One level more than the document itself may have.
        strict_json::check(bytes, MAX_DEPTH.saturating_add(1))?;
        let mut members: BTreeMap<Cow<'_, str>, &RawValue> =
            serde_json::from_slice(bytes).map_err(|_| MalformedJson::Wrapper(member))?;
        let body = members.remove(member).ok_or(MalformedJson::Wrapper(member))?;
        let signature = members.remove("signature").ok_or(MalformedJson::Wrapper(member))?;
        let signature: String = serde_json::from_str(signature.get()).map_err(|_| MalformedJson::Signature)?;
        Self::new(body.get().as_bytes().to_vec(), &signature)
    }

    /// A document beside its signature in hexadecimal.
    ///
    /// # Errors
    /// Where the document is too long or no strict JSON, or the signature is not 128 hexadecimal digits.
    pub fn new(body: Vec<u8>, signature_hex: &str) -> Result<Self, MalformedJson> {
        if body.len() > MAX_JSON {
            return Err(MalformedJson::TooLong);
        }
        strict_json::check(&body, MAX_DEPTH)?;
        let mut signature = [0; 64];
        hex::decode_to_slice(signature_hex, &mut signature).map_err(|_| MalformedJson::Signature)?;
        Ok(Self { body, signature })
    }

    /// The bytes that are signed.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The document with its signature as Intel's service sends it.
    pub fn wrapped(&self, member: &str) -> Vec<u8> {
        let signature = hex::encode(self.signature);
        [format!("{{\"{member}\":").as_bytes(), &self.body, format!(",\"signature\":\"{signature}\"}}").as_bytes()]
            .concat()
    }

    /// Whether that certificate's key made the signature; says nothing of whether it may.
    pub fn is_signed_by(&self, signer: &Certificate) -> bool {
        ecdsa::verifies_raw(signer.public_key(), &self.body, &self.signature)
    }
}

/// A member is absent or has an impossible value.
pub(crate) fn field(message: impl Into<String>) -> MalformedJson {
    MalformedJson::Field(message.into())
}

/// What a document says that was found to be strict JSON before.
pub(crate) fn content<'a, T: serde::Deserialize<'a>>(strict: &'a [u8]) -> Result<T, MalformedJson> {
    // From text, so that not every string is looked through for UTF-8 once more.
    let read = match str::from_utf8(strict) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(strict),
    };
    Ok(read.map_err(strict_json::Error::Content)?)
}

/// Reads fixed-size bytes from hexadecimal of either case.
pub(crate) fn hex_field<'de, D: serde::Deserializer<'de>, const N: usize>(
    deserializer: D,
) -> Result<[u8; N], D::Error> {
    let Text(text) = serde::Deserialize::deserialize(deserializer)?;
    let mut bytes = [0; N];
    hex::decode_to_slice(text.as_bytes(), &mut bytes)
        .map_err(|_| serde::de::Error::custom(format_args!("expected {N} bytes in hexadecimal")))?;
    Ok(bytes)
}
