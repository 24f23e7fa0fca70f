//! Decoding and signature checks that policies and signer requests have in common.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jose::jws::{Encoding, JwsError, Rules, Segments};
use jose::{Algorithm, PublicKey};
use serde::Deserialize;
use serde_json::{Value, json};

use super::certificate::SignerCertificate;
use super::error::PolicyJwsError;
use super::{ALLOWED, MAX_CERTIFICATES, MAX_LENGTH, excerpt};

/// The maximum nesting depth of a payload.
pub(super) const MAX_DEPTH: usize = 8;
/// The payload members that can hold a policy.
pub(super) const POLICY_MEMBERS: [&str; 1] = ["AttestationPolicy"];
/// The payload members that can hold a certificate: Microsoft's clients, their documentation, and older versions of both differ.
pub(super) const CERTIFICATE_MEMBERS: [&str; 4] =
    ["policyCertificate", "maa-policyCertificate", "aas-policyCertificate", "x-ms-policyCertificate"];
/// The maximum number of names in an audience.
const MAX_AUDIENCE: usize = 16;
/// The maximum length of a name in an audience, in bytes.
const MAX_AUDIENCE_LENGTH: usize = 2048;

/// How Microsoft's clients spell a policy JWS.
const RULES: Rules = Rules {
    max_length: MAX_LENGTH,
    encoding: Encoding::AnyBase64,
    may_lack_signature: true,
    // The first two change what the signature is over or means.
    // Keys from elsewhere are never fetched, and a signer that names such keys means others than those in `x5c`.
    refused_parameters: &["crit", "b64", "jku", "x5u"],
};

/// The signer of a policy: the signature is verified, the certificates are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySigner {
    certificates: Vec<SignerCertificate>,
    algorithm: Algorithm,
}

impl PolicySigner {
    /// Returns the certificates as they were sent, at least one. The first one's key signed; their order proves nothing.
    pub fn certificates(&self) -> &[SignerCertificate] {
        &self.certificates
    }

    /// Returns a JWK with the certificates in `x5c`, as Azure shows signers.
    pub fn jwk(&self) -> Value {
        let x5c: Vec<String> = self.certificates.iter().map(|certificate| STANDARD.encode(certificate.der())).collect();
        let key_type = self.certificates.first().map_or("RSA", SignerCertificate::key_type);
        json!({"alg": self.algorithm.name(), "kty": key_type, "use": "sig", "x5c": x5c})
    }

    /// Returns the algorithm of the signature.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// The accepted spellings of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Only that of RFC 7515 and RFC 7518: base64url without padding, r‖s for ECDSA.
    Canonical,
    /// Also those that earlier versions accepted: padding, the other alphabet, DER.
    Earlier,
}

/// A payload and its signer.
pub(super) struct Signed {
    pub(super) payload: Vec<u8>,
    pub(super) signer: Option<PolicySigner>,
}

impl Signed {
    /// Steps 1 to 4 of [`super::PolicyJws::read`].
    pub(super) fn read(text: &str, spelling: Spelling) -> Result<Self, PolicyJwsError> {
        let Segments { header, payload, signature, signing_input } =
            Segments::<Header>::read(text, &RULES).map_err(refused)?;
        if header.alg != "none" {
            let signer = verify(&header, signing_input, signature, spelling)?;
            return Ok(Self { payload, signer: Some(signer) });
        }
        if !signature.is_empty() {
            return Err(PolicyJwsError::UnsecuredWithSignature);
        }
        Ok(Self { payload, signer: None })
    }
}

/// The audience of a payload (RFC 7519, section 4.1.3): one name or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// Returns the names, 1 to [`MAX_AUDIENCE`].
    pub(super) fn names(self) -> Result<Vec<String>, PolicyJwsError> {
        let names = match self {
            Self::One(name) => vec![name],
            Self::Several(names) => names,
        };
        let is_short = names.iter().all(|name| name.len() <= MAX_AUDIENCE_LENGTH);
        if (1..=MAX_AUDIENCE).contains(&names.len()) && is_short { Ok(names) } else { Err(PolicyJwsError::Audience) }
    }
}

/// Decodes a segment other than the signature: base64url or base64, padded or not.
pub(super) fn segment(part: &'static str, text: &str) -> Result<Vec<u8>, PolicyJwsError> {
    Encoding::AnyBase64.decode(text).map_err(|source| PolicyJwsError::Base64 { part, source })
}

/// Steps 1 and 2.
fn refused(error: JwsError) -> PolicyJwsError {
    match error {
        JwsError::TooLong { length, .. } => PolicyJwsError::TooLong { length },
        JwsError::Segments => PolicyJwsError::Segments,
        JwsError::Base64 { segment, source } => PolicyJwsError::Base64 { part: segment, source },
        JwsError::Header(source) => PolicyJwsError::Header(source),
        JwsError::Parameters(source) => PolicyJwsError::Parameters(source),
        JwsError::Extension { name } => PolicyJwsError::Extension { name },
    }
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

/// Step 4.
fn verify(
    header: &Header,
    signing_input: &str,
    signature: &str,
    spelling: Spelling,
) -> Result<PolicySigner, PolicyJwsError> {
    // Some of Microsoft's clients use these names for RS256 and ES256.
    let name = match header.alg.as_str() {
        "RSA256" => "RS256",
        "ECDH256" => "ES256",
        name => name,
    };
    let algorithm = ALLOWED.find(name).map_err(|_| PolicyJwsError::Algorithm { alg: excerpt(&header.alg) })?;
    if signature.is_empty() {
        return Err(PolicyJwsError::NoSignature);
    }
    let certificates = read_certificates(chain(header)?)?;
    let certificate = certificates.first().ok_or(PolicyJwsError::NoCertificate)?;
    let Some(key) = certificate.key().filter(|key| key.kind() == algorithm.key_kind()) else {
        let kind = certificate.key().map_or("unknown", |key| key.kind().name());
        return Err(PolicyJwsError::KeyKind { alg: algorithm, kind });
    };
    certificate.check_key_size().map_err(|bits| PolicyJwsError::KeySize { bits })?;
    check_signature(algorithm, key, signing_input.as_bytes(), signature, spelling)?;
    Ok(PolicySigner { certificates, algorithm })
}

/// Step 4, of the signature.
fn check_signature(
    algorithm: Algorithm,
    key: &PublicKey,
    message: &[u8],
    signature: &str,
    spelling: Spelling,
) -> Result<(), PolicyJwsError> {
    let is_genuine = match spelling {
        Spelling::Canonical => {
            let signature = Encoding::Base64Url.decode(signature).map_err(PolicyJwsError::SignatureEncoding)?;
            let length = signature.len();
            if let Some(expected) = algorithm.signature_length().filter(|expected| *expected != length) {
                return Err(PolicyJwsError::SignatureLength { alg: algorithm, length, expected });
            }
            key.verifies(algorithm, message, &signature)
        }
        Spelling::Earlier => {
            let signature = segment("signature", signature)?;
            key.verifies(algorithm, message, &signature) || key.verifies_der(algorithm, message, &signature)
        }
    };
    if is_genuine { Ok(()) } else { Err(PolicyJwsError::Signature) }
}

/// Returns the certificate chain of a header; an empty list counts as none.
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
