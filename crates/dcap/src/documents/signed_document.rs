//! Documents in JSON that Intel signed: read once, and kept with the exact bytes that the signature is over.

use problem::Problem;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::documents::text::Text;
use crate::pki::certificate::Certificate;

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

impl Problem for MalformedJson {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::TooLong => "document_too_long",
            Self::Json(_) => "document_not_strict_json",
            Self::Wrapper(_) => "document_without_wrapper",
            Self::Signature => "document_signature_malformed",
            Self::Field(_) => "document_field_invalid",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        "fetch the document again and keep its bytes: Intel's signature is over exactly those".into()
    }
}

/// What a kind of signed document says.
pub trait Document: Content {}

/// How the contents of a document are read; named by this crate alone.
pub trait Content: Sized {
    /// The member of the wrapper that holds the document.
    const MEMBER: &'static str;

    /// Reads the object that is signed, which was checked to be strict JSON.
    ///
    /// # Errors
    /// Where a member is absent or has an impossible value.
    fn read(strict: &[u8]) -> Result<Self, MalformedJson>;

    /// Reads the object that is signed in one pass, if every member of it is known: then it is strict JSON.
    fn read_known(text: &str) -> Option<Self>;
}

/// A document of Intel: what it says, the exact bytes that it was read from, and the signature over those. Nothing about it
/// is proven. Clones share what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedDocument<T>(Arc<Parts<T>>);

#[derive(Debug, PartialEq, Eq)]
struct Parts<T> {
    body: Vec<u8>,
    signature: [u8; 64],
    content: T,
}

impl<T: Document> SignedDocument<T> {
    /// Reads a document and its signature in `{"<member>":{...},"signature":"<128 hex digits>"}`. Other members of the
    /// wrapper are ignored, as Intel's library does: no signature covers them.
    ///
    /// # Errors
    /// See [`MalformedJson`].
    pub fn from_wrapper(bytes: &[u8]) -> Result<Self, MalformedJson> {
        if bytes.len() > MAX_JSON {
            return Err(MalformedJson::TooLong);
        }
        // One level more than the document itself may have.
        strict_json::check(bytes, MAX_DEPTH.saturating_add(1))?;
        let wrapper = || MalformedJson::Wrapper(T::MEMBER);
        let mut members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(bytes).map_err(|_| wrapper())?;
        let body = members.remove(T::MEMBER).ok_or_else(wrapper)?;
        let signature = members.remove("signature").ok_or_else(wrapper)?;
        let signature: String = serde_json::from_str(signature.get()).map_err(|_| MalformedJson::Signature)?;
        let signature = self::signature(&signature)?;
        // It is a value within the strict JSON that was checked just now, one level less deep.
        let body = body.get().as_bytes().to_vec();
        let content = T::read(&body)?;
        Ok(Self(Arc::new(Parts { body, signature, content })))
    }

    /// Reads a document next to its signature in hexadecimal.
    ///
    /// # Errors
    /// Where the document is too long, no strict JSON or not of its kind, or the signature is not 128 hexadecimal digits.
    pub fn new(body: Vec<u8>, signature_hex: &str) -> Result<Self, MalformedJson> {
        if body.len() > MAX_JSON {
            return Err(MalformedJson::TooLong);
        }
        let known = str::from_utf8(&body).ok().and_then(T::read_known);
        if known.is_none() {
            strict_json::check(&body, MAX_DEPTH)?;
        }
        let signature = signature(signature_hex)?;
        let content = known.map_or_else(|| T::read(&body), Ok)?;
        Ok(Self(Arc::new(Parts { body, signature, content })))
    }

    /// What the document says; its signature is not verified.
    pub fn content(&self) -> &T {
        &self.0.content
    }

    /// The bytes that are signed.
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// The document with its signature as Intel's service sends it.
    pub fn wrapped(&self) -> Vec<u8> {
        let (member, signature) = (T::MEMBER, hex::encode(self.0.signature));
        [format!("{{\"{member}\":").as_bytes(), self.body(), format!(",\"signature\":\"{signature}\"}}").as_bytes()]
            .concat()
    }

    /// Whether that certificate's key made the signature; says nothing of whether it may.
    pub fn is_signed_by(&self, signer: &Certificate) -> bool {
        signer.key().verifies_raw(self.body(), &self.0.signature)
    }
}

fn signature(signature_hex: &str) -> Result<[u8; 64], MalformedJson> {
    let mut signature = [0; 64];
    hex::decode_to_slice(signature_hex, &mut signature).map_err(|_| MalformedJson::Signature)?;
    Ok(signature)
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
