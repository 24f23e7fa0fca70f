//! Reading a policy JWS, in every spelling that Microsoft's clients send.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::algorithm::SignatureAlgorithm;
use super::certificate::SignerCertificate;
use super::error::PolicyJwsError;
use super::{MAX_CERTIFICATES, MAX_LENGTH};
use crate::excerpt::excerpt;

/// The deepest nesting in a header or payload; `jwk` with its `x5c` needs 3.
const MAX_DEPTH: usize = 8;

/// Padding or none; stray bits at the end are refused.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// What a policy JWS says, and who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyJws {
    text: Option<String>,
    signer: Option<PolicySigner>,
}

/// Who signed a policy, by its own word: nobody has vouched for the certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySigner {
    certificates: Vec<SignerCertificate>,
    algorithm: SignatureAlgorithm,
}

impl PolicySigner {
    /// The certificates as they were sent, at least one; the first one's key signed. Their order proves nothing.
    pub fn certificates(&self) -> &[SignerCertificate] {
        &self.certificates
    }

    /// What it signed with.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

impl PolicyJws {
    /// The policy's text; none where the JWS resets the policy.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Who signed; none where the JWS is unsecured.
    pub fn signer(&self) -> Option<&PolicySigner> {
        self.signer.as_ref()
    }

    /// Reads a compact policy JWS, without white space around it.
    ///
    /// 1. Three segments; an unsecured JWS may lack the last dot. Segments are base64url or base64, padded or not.
    /// 2. The header is strict JSON without `crit` and `b64`; `alg` is `none` or a [`SignatureAlgorithm`].
    /// 3. Unsecured: the signature is empty; certificates are not looked at.
    /// 4. Signed: `x5c`, or `jwk.x5c`, has one to [`MAX_CERTIFICATES`] certificates, and the signature is that of the first
    ///    one's key over the first two segments as they were sent.
    /// 5. The payload is empty, or strict JSON with the policy's text in `AttestationPolicy`: base64url of UTF-8, or, as an
    ///    old signing tool writes it, the text itself.
    ///
    /// # Errors
    /// [`PolicyJwsError`].
    pub fn read(text: &str) -> Result<Self, PolicyJwsError> {
        if text.len() > MAX_LENGTH {
            return Err(PolicyJwsError::TooLong { length: text.len() });
        }
        let Segments { header, payload, signature, signing_input } = Segments::of(text)?;
        let header = read_header(&segment("header", header)?)?;
        let payload = segment("payload", payload)?;
        let signature = segment("signature", signature)?;
        let signer = if header.alg == "none" {
            if !signature.is_empty() {
                return Err(PolicyJwsError::UnsecuredWithSignature);
            }
            None
        } else {
            Some(verify(&header, signing_input, &signature)?)
        };
        Ok(Self { text: read_payload(&payload)?, signer })
    }
}

/// Step 1.
struct Segments<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// The first two and the dot between them.
    signing_input: &'a str,
}

impl<'a> Segments<'a> {
    fn of(text: &'a str) -> Result<Self, PolicyJwsError> {
        let mut segments = text.split('.');
        let (Some(header), Some(payload)) = (segments.next(), segments.next()) else {
            return Err(PolicyJwsError::Segments);
        };
        let (signature, signing_input) = match (segments.next(), segments.next()) {
            (None, _) => ("", text),
            (Some(signature), None) => (signature, text.rsplit_once('.').map_or(text, |(input, _)| input)),
            (Some(_), Some(_)) => return Err(PolicyJwsError::Segments),
        };
        Ok(Self { header, payload, signature, signing_input })
    }
}

fn segment(part: &'static str, text: &str) -> Result<Vec<u8>, PolicyJwsError> {
    let engine = if text.contains(['+', '/']) { BASE64 } else { BASE64URL };
    engine.decode(text).map_err(|source| PolicyJwsError::Base64 { part, source })
}

/// The header parameters that are read; others are ignored.
#[derive(Deserialize)]
struct Header {
    alg: String,
    x5c: Option<Vec<String>>,
    jwk: Option<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    x5c: Option<Vec<String>>,
}

/// Step 2.
fn read_header(json: &[u8]) -> Result<Header, PolicyJwsError> {
    let parameters: Map<String, Value> = strict_json::from_slice(json, MAX_DEPTH).map_err(PolicyJwsError::Header)?;
    // Present is enough, whatever the value: both change what the signature is over or means.
    if let Some(name) = ["crit", "b64"].into_iter().find(|name| parameters.contains_key(*name)) {
        return Err(PolicyJwsError::Extension { name });
    }
    Header::deserialize(Value::Object(parameters)).map_err(PolicyJwsError::Parameters)
}

/// Step 4.
fn verify(header: &Header, signing_input: &str, signature: &[u8]) -> Result<PolicySigner, PolicyJwsError> {
    let algorithm = SignatureAlgorithm::from_header(&header.alg)
        .ok_or_else(|| PolicyJwsError::Algorithm { alg: excerpt(&header.alg) })?;
    if signature.is_empty() {
        return Err(PolicyJwsError::NoSignature);
    }
    let certificates = read_certificates(chain(header)?)?;
    let key = certificates.first().ok_or(PolicyJwsError::NoCertificate)?.key();
    if key.kind() != algorithm.key_kind() {
        return Err(PolicyJwsError::KeyKind { alg: algorithm, kind: key.kind().name() });
    }
    if !algorithm.verifies(key, signing_input.as_bytes(), signature) {
        return Err(PolicyJwsError::Signature);
    }
    Ok(PolicySigner { certificates, algorithm })
}

/// The one chain of a header; an empty list is none.
fn chain(header: &Header) -> Result<&[String], PolicyJwsError> {
    let in_jwk = header.jwk.as_ref().and_then(|jwk| jwk.x5c.as_deref()).filter(|chain| !chain.is_empty());
    let in_header = header.x5c.as_deref().filter(|chain| !chain.is_empty());
    match (in_header, in_jwk) {
        (Some(one), Some(other)) if one != other => Err(PolicyJwsError::TwoChains),
        (Some(chain), _) | (None, Some(chain)) => Ok(chain),
        (None, None) => Err(PolicyJwsError::NoCertificate),
    }
}

fn read_certificates(chain: &[String]) -> Result<Vec<SignerCertificate>, PolicyJwsError> {
    if chain.len() > MAX_CERTIFICATES {
        return Err(PolicyJwsError::TooManyCertificates { count: chain.len() });
    }
    let read = |(number, text): (usize, &String)| {
        let der = segment("certificate", text)?;
        SignerCertificate::from_der(&der).map_err(|source| PolicyJwsError::Certificate { number, source })
    };
    (1..).zip(chain).map(read).collect()
}

/// Step 5.
fn read_payload(payload: &[u8]) -> Result<Option<String>, PolicyJwsError> {
    #[derive(Deserialize)]
    struct Payload {
        #[serde(rename = "AttestationPolicy")]
        policy: String,
    }
    if payload.is_empty() {
        return Ok(None);
    }
    let Payload { policy } = strict_json::from_slice(payload, MAX_DEPTH).map_err(PolicyJwsError::Payload)?;
    // No policy is written in these characters alone: it has a `;`.
    let is_encoded = policy.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte));
    if !is_encoded {
        return Ok(Some(policy));
    }
    String::from_utf8(segment("policy", &policy)?).map(Some).map_err(PolicyJwsError::NotUtf8)
}
