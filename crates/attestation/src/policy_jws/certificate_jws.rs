//! The JWS that adds or removes a signing certificate.

use std::borrow::Cow;

use problem::Problem;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::MAX_CERTIFICATES;
use super::certificate::SignerCertificate;
use super::error::PolicyJwsError;
use super::signed::{
    Audience, CERTIFICATE_MEMBERS, MAX_DEPTH, POLICY_MEMBERS, PolicySigner, Signed, Spelling, segment,
};

/// The payload member that names the action. Microsoft's clients send the same payload for both actions.
pub(super) const ACTION: &str = "x-veritee-action";

/// The action of a signer request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateAction {
    /// Add the certificate to the signers.
    Add,
    /// Remove it.
    Remove,
}

impl CertificateAction {
    /// Returns `add` or `remove`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
        }
    }
}

/// A signed request to add or remove a signing certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateJws {
    certificate: SignerCertificate,
    action: Option<CertificateAction>,
    audience: Option<Vec<String>>,
    signer: PolicySigner,
}

/// Why a text is not a valid signer request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateJwsError {
    /// It is not a JWS, or its signature is invalid.
    #[error(transparent)]
    Jws(#[from] PolicyJwsError),
    /// The JWS is unsecured.
    #[error("certificate JWS is unsecured")]
    Unsigned,
    /// The payload is not a strict JSON object.
    #[error("the payload of the certificate JWS is not a strict JSON object")]
    Payload(#[source] strict_json::Error),
    /// The payload has no certificate, or several under different names.
    #[error("the payload of the certificate JWS has {count} members with a certificate, expected one")]
    Members {
        /// Their number.
        count: usize,
    },
    /// The payload also has a policy, so it could be used to set one.
    #[error("the payload of the certificate JWS also has a policy, in `{name}`")]
    Policy {
        /// The member with the policy.
        name: &'static str,
    },
    /// The action is neither `add` nor `remove`.
    #[error("`{ACTION}` in the certificate JWS is neither `add` nor `remove`")]
    Action,
    /// The member is not a JWK with certificates in `x5c`.
    #[error("the certificate in the certificate JWS is not a JWK with 1 to {MAX_CERTIFICATES} certificates in `x5c`")]
    Jwk,
    /// The certificate is not an X.509 certificate in DER.
    #[error("the certificate in the certificate JWS is not an X.509 certificate in DER")]
    Certificate(#[source] der::Error),
}

impl Problem for CertificateJwsError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Jws(error) => return error.code(),
            Self::Unsigned => "certificate_jws_unsigned",
            Self::Payload(_) => "certificate_jws_payload",
            Self::Members { .. } => "certificate_jws_members",
            Self::Policy { .. } => "certificate_jws_policy",
            Self::Action => "certificate_jws_action",
            Self::Jwk => "certificate_jws_jwk",
            Self::Certificate(_) => "certificate_jws_certificate",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Jws(error) => return error.help(),
            Self::Unsigned => "sign it with a key under one of the certificates that GET /certificates lists",
            Self::Policy { .. } => "sign one JWS for the certificate, and another one to set a policy",
            Self::Action => "set `x-veritee-action` to `add` or `remove`, or leave it out",
            Self::Payload(_) | Self::Members { .. } | Self::Jwk | Self::Certificate(_) => {
                "send the payload {\"policyCertificate\":{\"kty\":\"RSA\",\"x5c\":[\"<base64 of DER>\"]}}"
            }
        }
        .into()
    }
}

impl CertificateJws {
    /// Reads a compact JWS that is signed like a policy and has one certificate in its payload.
    ///
    /// # Errors
    /// [`CertificateJwsError`].
    pub fn read(text: &str) -> Result<Self, CertificateJwsError> {
        let Signed { payload, signer } = Signed::read(text, Spelling::Canonical)?;
        let signer = signer.ok_or(CertificateJwsError::Unsigned)?;
        let mut members: Map<String, Value> =
            strict_json::from_slice(&payload, MAX_DEPTH).map_err(CertificateJwsError::Payload)?;
        if let Some(name) = POLICY_MEMBERS.into_iter().find(|name| members.contains_key(*name)) {
            return Err(CertificateJwsError::Policy { name });
        }
        let audience = members.remove("aud").map(audience).transpose()?;
        let action = members.remove(ACTION).map(|value| action(&value)).transpose()?;
        let mut found: Vec<Value> = CERTIFICATE_MEMBERS.iter().filter_map(|name| members.remove(*name)).collect();
        match (found.pop(), found.len()) {
            (Some(jwk), 0) => Ok(Self { certificate: certificate(jwk)?, action, audience, signer }),
            (None, count) => Err(CertificateJwsError::Members { count }),
            (Some(_), others) => Err(CertificateJwsError::Members { count: others.saturating_add(1) }),
        }
    }

    /// Returns the certificate to add or remove; nothing in it is verified.
    pub fn certificate(&self) -> &SignerCertificate {
        &self.certificate
    }

    /// Returns the action that the signer named, if any.
    pub fn action(&self) -> Option<CertificateAction> {
        self.action
    }

    /// Returns the audience that the signer named, if any.
    pub fn audience(&self) -> Option<&[String]> {
        self.audience.as_deref()
    }

    /// Returns the signer; its certificates are not verified.
    pub fn signer(&self) -> &PolicySigner {
        &self.signer
    }
}

fn audience(value: Value) -> Result<Vec<String>, PolicyJwsError> {
    Audience::deserialize(value).map_err(|_| PolicyJwsError::Audience)?.names()
}

fn action(value: &Value) -> Result<CertificateAction, CertificateJwsError> {
    let actions = [CertificateAction::Add, CertificateAction::Remove];
    let named = actions.into_iter().find(|action| value.as_str() == Some(action.as_str()));
    named.ok_or(CertificateJwsError::Action)
}

/// Returns the first certificate of a JWK; the JWK may itself be a string of JSON.
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
