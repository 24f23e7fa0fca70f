//! JWS in compact form (RFC 7515): reading strictly, writing the one header that attestation tokens have.
//!
//! [`Jws::decode`] proves nothing: who trusts a payload has to check the signature, as [`crate::relying_party`] does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::algorithm::Algorithm;
use crate::signing_key::{KeyError, SigningKey};

/// The longest compact JWS that is read, in bytes. Tokens repeat runtime data up to three times.
pub const MAX_LENGTH: usize = 1 << 20;

/// The deepest nesting in a header; `jwk` with its `x5c` needs 3.
const MAX_HEADER_DEPTH: usize = 8;

/// Why a text is no compact JWS that we read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// Longer than [`MAX_LENGTH`].
    #[error("JWS has {length} bytes, more than the {MAX_LENGTH} allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// Not three segments between dots.
    #[error("JWS does not have exactly three segments")]
    Segments,
    /// A segment is no base64url, or has padding, or stray bits at its end.
    #[error("the {segment} of the JWS is no base64url without padding")]
    Base64 {
        /// `header`, `payload` or `signature`.
        segment: &'static str,
        /// What is wrong with it.
        source: base64::DecodeError,
    },
    /// The header is no JSON object, or has duplicate members.
    #[error("the header of the JWS is no strict JSON object")]
    Header(#[source] strict_json::Error),
    /// `alg` is absent, or a parameter we read is no text.
    #[error("the header of the JWS has parameters that are absent or of the wrong type")]
    Parameters(#[source] serde_json::Error),
    /// The header demands an extension (`crit`) or an unencoded payload (`b64`, RFC 7797).
    #[error("the header of the JWS has the parameter `{name}`, which is not supported")]
    Extension {
        /// `crit` or `b64`.
        name: &'static str,
    },
}

impl JwsError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "jws_too_long",
            Self::Segments => "jws_segments",
            Self::Base64 { .. } => "jws_base64",
            Self::Header(_) => "jws_header",
            Self::Parameters(_) => "jws_parameters",
            Self::Extension { .. } => "jws_extension",
        }
    }

    /// What the sender can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "shorten the payload",
            Self::Segments => "send `header.payload.signature`; an unsecured JWS ends with the second dot",
            Self::Base64 { .. } => "encode the segments in base64url without `=`",
            Self::Header(_) | Self::Parameters(_) => {
                "send a header such as {\"alg\":\"RS256\",\"kid\":\"…\",\"typ\":\"JWT\"}"
            }
            Self::Extension { .. } => "leave `crit` and `b64` out of the header",
        }
    }
}

/// The header parameters that are read; others are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Header {
    /// The algorithm's name; see [`Header::algorithm`].
    pub alg: String,
    /// Where the keys are.
    pub jku: Option<String>,
    /// Which key signed.
    pub kid: Option<String>,
    /// The media type, `JWT` for tokens.
    pub typ: Option<String>,
}

impl Header {
    /// The algorithm that `alg` names.
    ///
    /// # Errors
    /// [`crate::UnknownAlgorithm`].
    pub fn algorithm(&self) -> Result<Algorithm, crate::UnknownAlgorithm> {
        self.alg.parse()
    }
}

/// A compact JWS taken apart; nothing about it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jws<'a> {
    /// Header parameters.
    pub header: Header,
    /// The bytes under the signature: the first two segments and the dot between them.
    pub signing_input: &'a str,
    /// The decoded payload; empty in a JWS that resets a policy.
    pub payload: Vec<u8>,
    /// The decoded signature; empty in an unsecured JWS.
    pub signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a compact JWS apart.
    ///
    /// # Errors
    /// [`JwsError`], in the order of its variants.
    pub fn decode(text: &'a str) -> Result<Self, JwsError> {
        if text.len() > MAX_LENGTH {
            return Err(JwsError::TooLong { length: text.len() });
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(JwsError::Segments)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Segments)?;
        if payload.contains('.') {
            return Err(JwsError::Segments);
        }
        Ok(Self {
            header: read_header(&segment("header", header)?)?,
            payload: segment("payload", payload)?,
            signature: segment("signature", signature)?,
            signing_input,
        })
    }
}

fn segment(name: &'static str, text: &str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|source| JwsError::Base64 { segment: name, source })
}

fn read_header(json: &[u8]) -> Result<Header, JwsError> {
    let parameters: Map<String, Value> = strict_json::from_slice(json, MAX_HEADER_DEPTH).map_err(JwsError::Header)?;
    // Present is enough, whatever the value: both change what the signature is over or means.
    if let Some(name) = ["crit", "b64"].into_iter().find(|name| parameters.contains_key(*name)) {
        return Err(JwsError::Extension { name });
    }
    Header::deserialize(Value::Object(parameters)).map_err(JwsError::Parameters)
}

/// The header of every token, in this order of members.
#[derive(Serialize)]
struct TokenHeader<'a> {
    alg: &'static str,
    jku: &'a str,
    kid: &'a str,
    typ: &'static str,
}

/// Writes a compact JWS signed with the key's algorithm, with the header `{alg, jku, kid, typ}`.
///
/// # Errors
/// [`KeyError::Sign`] when the library refuses to sign.
pub fn sign(key: &SigningKey, jku: &str, payload: &[u8]) -> Result<String, KeyError> {
    let mut jws = signing_input(key.algorithm().into(), key.kid(), jku, payload)?;
    let signature = key.sign(jws.as_bytes())?;
    jws.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut jws);
    Ok(jws)
}

/// Writes a compact JWS with the algorithm `none`, an empty third segment, and the key's id all the same.
///
/// # Errors
/// None that are known of; the type is that of [`sign`].
pub fn unsecured(key: &SigningKey, jku: &str, payload: &[u8]) -> Result<String, KeyError> {
    let mut jws = signing_input(Algorithm::None, key.kid(), jku, payload)?;
    jws.push('.');
    Ok(jws)
}

fn signing_input(algorithm: Algorithm, kid: &str, jku: &str, payload: &[u8]) -> Result<String, KeyError> {
    let header = TokenHeader { alg: algorithm.name(), jku, kid, typ: "JWT" };
    let mut jws = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(KeyError::Header)?);
    jws.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut jws);
    Ok(jws)
}
