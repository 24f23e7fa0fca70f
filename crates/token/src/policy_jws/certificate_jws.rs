//! Reading the JWS that adds or removes a signing certificate.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::MAX_CERTIFICATES;
use super::certificate::SignerCertificate;
use super::error::PolicyJwsError;
use super::signed::{Audience, MAX_DEPTH, PolicySigner, Signed, segment};

/// The names that the certificate goes by: Microsoft's clients, their documentation, and older versions of both differ.
const NAMES: [&str; 4] =
    ["policyCertificate", "maa-policyCertificate", "aas-policyCertificate", "x-ms-policyCertificate"];

/// A certificate that is to be added or removed, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateJws {
    certificate: SignerCertificate,
    audience: Option<Vec<String>>,
    signer: PolicySigner,
}

/// Why a text adds or removes no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateJwsError {
    /// It is no JWS, or its signature is wrong.
    #[error(transparent)]
    Jws(#[from] PolicyJwsError),
    /// Nobody signed.
    #[error("certificate JWS is unsecured")]
    Unsigned,
    /// The payload is no strict JSON object.
    #[error("the payload of the certificate JWS is no strict JSON object")]
    Payload(#[source] strict_json::Error),
    /// The payload has no certificate, or several under different names.
    #[error("the payload of the certificate JWS has {count} members with a certificate instead of one")]
    Members {
        /// How many.
        count: usize,
    },
    /// The member is no JWK with certificates in `x5c`.
    #[error("the certificate in the certificate JWS is no JWK with one to {MAX_CERTIFICATES} certificates in `x5c`")]
    Jwk,
    /// The certificate is no X.509 in DER.
    #[error("the certificate in the certificate JWS is no X.509 in DER")]
    Certificate(#[source] der::Error),
}

impl CertificateJwsError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Jws(error) => error.code(),
            Self::Unsigned => "certificate_jws_unsigned",
            Self::Payload(_) => "certificate_jws_payload",
            Self::Members { .. } => "certificate_jws_members",
            Self::Jwk => "certificate_jws_jwk",
            Self::Certificate(_) => "certificate_jws_certificate",
        }
    }

    /// What the sender can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Jws(error) => error.help(),
            Self::Unsigned => "sign it with a key under one of the certificates that GET /certificates lists",
            Self::Payload(_) | Self::Members { .. } | Self::Jwk | Self::Certificate(_) => {
                "send the payload {\"policyCertificate\":{\"kty\":\"RSA\",\"x5c\":[\"<base64 of DER>\"]}}"
            }
        }
    }
}

impl CertificateJws {
    /// Reads a compact JWS: signed as a policy is, and with one certificate in its payload.
    ///
    /// # Errors
    /// [`CertificateJwsError`].
    pub fn read(text: &str) -> Result<Self, CertificateJwsError> {
        let Signed { payload, signer } = Signed::read(text)?;
        let signer = signer.ok_or(CertificateJwsError::Unsigned)?;
        let mut members: Map<String, Value> =
            strict_json::from_slice(&payload, MAX_DEPTH).map_err(CertificateJwsError::Payload)?;
        let audience = members.remove("aud").map(audience).transpose()?;
        let mut found: Vec<Value> = NAMES.iter().filter_map(|name| members.remove(*name)).collect();
        match (found.pop(), found.len()) {
            (Some(jwk), 0) => Ok(Self { certificate: certificate(jwk)?, audience, signer }),
            (None, count) => Err(CertificateJwsError::Members { count }),
            (Some(_), others) => Err(CertificateJwsError::Members { count: others.saturating_add(1) }),
        }
    }

    /// The certificate that is to be added or removed; nobody has vouched for it.
    pub fn certificate(&self) -> &SignerCertificate {
        &self.certificate
    }

    /// Whom the signer meant it for, where it says.
    pub fn audience(&self) -> Option<&[String]> {
        self.audience.as_deref()
    }

    /// Who signed, by its own word.
    pub fn signer(&self) -> &PolicySigner {
        &self.signer
    }
}

fn audience(value: Value) -> Result<Vec<String>, PolicyJwsError> {
    Audience::deserialize(value).map_err(|_| PolicyJwsError::Audience)?.names()
}

/// The first certificate of a JWK, which may itself be text.
fn certificate(jwk: Value) -> Result<SignerCertificate, CertificateJwsError> {
    #[derive(Deserialize)]
    struct Jwk {
        x5c: Vec<String>,
    }
    let jwk = match jwk {
        Value::String(text) => {
            strict_json::from_slice(text.as_bytes(), MAX_DEPTH).map_err(|_| CertificateJwsError::Jwk)?
        }
        jwk => jwk,
    };
    let Jwk { x5c } = Jwk::deserialize(jwk).map_err(|_| CertificateJwsError::Jwk)?;
    let first = x5c.first().filter(|_| x5c.len() <= MAX_CERTIFICATES).ok_or(CertificateJwsError::Jwk)?;
    SignerCertificate::from_der(&segment("certificate", first)?).map_err(CertificateJwsError::Certificate)
}
