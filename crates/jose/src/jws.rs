//! JWS in compact form (RFC 7515): one reader and one writer.
//!
//! Reading proves nothing: who trusts a payload has to check the signature with a [`PublicKey`](crate::PublicKey) that was
//! obtained otherwise.

use std::borrow::Cow;

use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine};
use problem::Problem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::key_pair::{KeyError, KeyPair};

/// The longest compact JWS that [`Jws::decode`] reads, in bytes. Tokens repeat runtime data up to three times.
pub const MAX_LENGTH: usize = 1 << 20;

/// Bytes of the longest signature that is made: RSA of 4096 bits.
const MAX_SIGNATURE: usize = 512;

/// The deepest nesting in a header; `jwk` with its `x5c` needs 3.
const MAX_HEADER_DEPTH: usize = 8;

/// Why a text is not a compact JWS that we read.
#[derive(Debug, thiserror::Error)]
pub enum JwsError {
    /// Longer than the rules allow.
    #[error("JWS has {length} bytes, more than the {limit} allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The most that are allowed.
        limit: usize,
    },
    /// Not three segments between dots.
    #[error("JWS does not have exactly three segments")]
    Segments,
    /// A segment is not base64url, or has padding, or stray bits at its end.
    #[error("the {segment} of the JWS is no base64url without padding")]
    Base64 {
        /// `header`, `payload` or `signature`.
        segment: &'static str,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// The header is not a JSON object, or has duplicate members.
    #[error("the header of the JWS is no strict JSON object")]
    Header(#[source] strict_json::Error),
    /// `alg` is absent, or a parameter that is read has the wrong type.
    #[error("the header of the JWS has parameters that are absent or of the wrong type")]
    Parameters(#[source] serde_json::Error),
    /// The header demands an extension (`crit`), an unencoded payload (`b64`, RFC 7797), or what else the rules refuse.
    #[error("the header of the JWS has the parameter `{name}`, which is not supported")]
    Extension {
        /// `crit`, `b64` or another one that the rules refuse.
        name: &'static str,
    },
}

impl Problem for JwsError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::TooLong { .. } => "jws_too_long",
            Self::Segments => "jws_segments",
            Self::Base64 { .. } => "jws_base64",
            Self::Header(_) => "jws_header",
            Self::Parameters(_) => "jws_parameters",
            Self::Extension { .. } => "jws_extension",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::TooLong { .. } => "shorten the payload",
            Self::Segments => "send `header.payload.signature`; an unsecured JWS ends with the second dot",
            Self::Base64 { .. } => "encode the segments in base64url without `=`",
            Self::Header(_) | Self::Parameters(_) => {
                "send a header such as {\"alg\":\"RS256\",\"kid\":\"…\",\"typ\":\"JWT\"}"
            }
            Self::Extension { .. } => "leave `crit` and `b64` out of the header",
        }
        .into()
    }
}

/// How a segment may be spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As RFC 7515 has it: base64url without padding.
    Base64Url,
    /// In base64url or base64, padded or not; stray bits at the end are refused.
    AnyBase64,
}

impl Encoding {
    /// Decodes a text.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn decode(self, text: &str) -> Result<Vec<u8>, DecodeError> {
        const LENIENT: GeneralPurposeConfig =
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
        const BASE64URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
        match self {
            Self::Base64Url => URL_SAFE_NO_PAD.decode(text),
            Self::AnyBase64 if text.contains(['+', '/']) => BASE64.decode(text),
            Self::AnyBase64 => BASE64URL.decode(text),
        }
    }
}

/// How a JWS may be spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The longest that is read, in bytes.
    pub max_length: usize,
    /// How header and payload are encoded.
    pub encoding: Encoding,
    /// Whether the last dot may be missing, with an empty signature after it.
    pub may_lack_signature: bool,
    /// Parameters that the header must not have, whatever their value.
    pub refused_parameters: &'static [&'static str],
}

impl Rules {
    /// Those of RFC 7515, without extensions.
    pub const STRICT: Self = Self {
        max_length: MAX_LENGTH,
        encoding: Encoding::Base64Url,
        may_lack_signature: false,
        // Both change what the signature is over or means.
        refused_parameters: &["crit", "b64"],
    };
}

/// The header parameters of tokens that are read; others are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Header {
    /// The algorithm's name; see [`AllowList::find`](crate::AllowList::find).
    pub alg: String,
    /// Where the keys are.
    pub jku: Option<String>,
    /// Which key signed.
    pub kid: Option<String>,
    /// The media type, `JWT` for tokens.
    pub typ: Option<String>,
}

/// A compact JWS taken apart, with its signature still encoded; nothing about it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segments<'a, H> {
    /// Header parameters.
    pub header: H,
    /// The decoded payload.
    pub payload: Vec<u8>,
    /// The signature as it was sent.
    pub signature: &'a str,
    /// The bytes under the signature: the first two segments and the dot between them.
    pub signing_input: &'a str,
}

impl<'a, H: DeserializeOwned> Segments<'a, H> {
    /// Takes a compact JWS apart.
    ///
    /// # Errors
    /// [`JwsError`], in the order of its variants, the header before the payload.
    pub fn read(text: &'a str, rules: &Rules) -> Result<Self, JwsError> {
        if text.len() > rules.max_length {
            return Err(JwsError::TooLong { length: text.len(), limit: rules.max_length });
        }
        let mut segments = text.split('.');
        let (Some(header), Some(payload)) = (segments.next(), segments.next()) else {
            return Err(JwsError::Segments);
        };
        let (signature, signing_input) = match (segments.next(), segments.next()) {
            (Some(signature), None) => (signature, text.rsplit_once('.').map_or(text, |(input, _)| input)),
            (None, _) if rules.may_lack_signature => ("", text),
            _ => return Err(JwsError::Segments),
        };
        let decode = |segment: &'static str, text| {
            rules.encoding.decode(text).map_err(|source| JwsError::Base64 { segment, source })
        };
        Ok(Self {
            header: read_header(&decode("header", header)?, rules)?,
            payload: decode("payload", payload)?,
            signature,
            signing_input,
        })
    }
}

fn read_header<H: DeserializeOwned>(json: &[u8], rules: &Rules) -> Result<H, JwsError> {
    let parameters: Map<String, Value> = strict_json::from_slice(json, MAX_HEADER_DEPTH).map_err(JwsError::Header)?;
    // Present is enough, whatever the value.
    if let Some(name) = rules.refused_parameters.iter().find(|name| parameters.contains_key(**name)) {
        return Err(JwsError::Extension { name });
    }
    H::deserialize(Value::Object(parameters)).map_err(JwsError::Parameters)
}

/// A compact JWS of a token taken apart; nothing about it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jws<'a> {
    /// Header parameters.
    pub header: Header,
    /// The bytes under the signature: the first two segments and the dot between them.
    pub signing_input: &'a str,
    /// The decoded payload.
    pub payload: Vec<u8>,
    /// The decoded signature; empty in an unsecured JWS.
    pub signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a compact JWS apart, by [`Rules::STRICT`].
    ///
    /// # Errors
    /// [`JwsError`], in the order of its variants, segment by segment.
    pub fn decode(text: &'a str) -> Result<Self, JwsError> {
        let Segments { header, payload, signature, signing_input } = Segments::read(text, &Rules::STRICT)?;
        let signature = Encoding::Base64Url.decode(signature);
        let signature = signature.map_err(|source| JwsError::Base64 { segment: "signature", source })?;
        Ok(Self { header, signing_input, payload, signature })
    }
}

/// Writes a compact JWS that the key signs. The header has to name the key's algorithm.
///
/// # Errors
/// [`KeyError::Header`] and [`KeyError::Sign`].
pub fn sign(key: &KeyPair, header: &impl Serialize, payload: &[u8]) -> Result<String, KeyError> {
    let mut jws = signing_input(&serde_json::to_vec(header).map_err(KeyError::Header)?, payload);
    let signature = key.sign(jws.as_bytes())?;
    jws.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut jws);
    Ok(jws)
}

/// Writes a compact JWS with an empty third segment. The header, in JSON, has to name the algorithm `none`.
pub fn unsecured(header: &str, payload: &[u8]) -> String {
    let mut jws = signing_input(header.as_bytes(), payload);
    jws.push('.');
    jws
}

/// The first two segments and the dot between them, with room for the rest.
fn signing_input(header: &[u8], payload: &[u8]) -> String {
    let bytes = header.len().saturating_add(payload.len()).saturating_add(MAX_SIGNATURE);
    let mut jws = String::with_capacity(base64::encoded_len(bytes, true).unwrap_or_default());
    URL_SAFE_NO_PAD.encode_string(header, &mut jws);
    jws.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut jws);
    jws
}
