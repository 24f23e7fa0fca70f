//! Reading the JWS that adds or removes a signing certificate.

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

/// The member that says which action a request is for. Microsoft's clients send the same payload for both.
pub(super) const ACTION: &str = "x-veritee-action";

/// What a signer request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateAction {
    /// Add the certificate to the signers.
    Add,
    /// Remove it.
    Remove,
}

impl CertificateAction {
    /// `add` or `remove`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
        }
    }
}

/// A certificate that is to be added or removed, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateJws {
    certificate: SignerCertificate,
    action: Option<CertificateAction>,
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
    /// The payload also has a policy, so it could be used to set one.
    #[error("the payload of the certificate JWS also has a policy, in `{name}`")]
    Policy {
        /// The member with the policy.
        name: &'static str,
    },
    /// The action is neither `add` nor `remove`.
    #[error("`{ACTION}` in the certificate JWS is neither `add` nor `remove`")]
    Action,
    /// The member is no JWK with certificates in `x5c`.
    #[error("the certificate in the certificate JWS is no JWK with one to {MAX_CERTIFICATES} certificates in `x5c`")]
    Jwk,
    /// The certificate is no X.509 in DER.
    #[error("the certificate in the certificate JWS is no X.509 in DER")]
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
            Self::Action => "say `add` or `remove` in `x-veritee-action`, or leave it out",
            Self::Payload(_) | Self::Members { .. } | Self::Jwk | Self::Certificate(_) => {
                "send the payload {\"policyCertificate\":{\"kty\":\"RSA\",\"x5c\":[\"<base64 of DER>\"]}}"
            }
        }
        .into()
    }
}

impl CertificateJws {
    /// Reads a compact JWS: signed as a policy is, and with one certificate in its payload.
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

    /// The certificate that is to be added or removed; nobody has vouched for it.
    pub fn certificate(&self) -> &SignerCertificate {
        &self.certificate
    }

    /// Whether the signer wants it added or removed, where it says.
    pub fn action(&self) -> Option<CertificateAction> {
        self.action
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

fn action(value: &Value) -> Result<CertificateAction, CertificateJwsError> {
    let actions = [CertificateAction::Add, CertificateAction::Remove];
    let named = actions.into_iter().find(|action| value.as_str() == Some(action.as_str()));
    named.ok_or(CertificateJwsError::Action)
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
