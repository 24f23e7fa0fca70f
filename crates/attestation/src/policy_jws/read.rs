//! Reading a policy JWS, in every spelling that Microsoft's clients send.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::error::PolicyJwsError;
use super::signed::{
    Audience, CERTIFICATE_MEMBERS, MAX_DEPTH, POLICY_MEMBERS, PolicySigner, Signed, Spelling, segment,
};

/// A policy JWS with a valid signature, or an unsecured one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyJws {
    text: Option<String>,
    audience: Option<Vec<String>>,
    signer: Option<PolicySigner>,
}

impl PolicyJws {
    /// Returns the policy's text; none if the JWS resets the policy.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Returns the audience that the signer named, if any: URLs of providers, or of their policies.
    pub fn audience(&self) -> Option<&[String]> {
        self.audience.as_deref()
    }

    /// Returns the signer; none if the JWS is unsecured.
    pub fn signer(&self) -> Option<&PolicySigner> {
        self.signer.as_ref()
    }

    /// Reads a compact policy JWS, without white space around it.
    ///
    /// 1. Three segments; an unsecured JWS may lack the last dot. Header and payload are base64url or base64, padded or not.
    /// 2. The header is strict JSON without `crit`, `b64`, `jku` and `x5u`; `alg` is `none` or one of
    ///    [`ALLOWED`](super::ALLOWED).
    /// 3. Unsecured: the signature is empty; certificates are ignored.
    /// 4. Signed: `x5c`, or `jwk.x5c`, has one to [`MAX_CERTIFICATES`](super::MAX_CERTIFICATES) certificates, RSA keys have
    ///    2048 to 4096 bits, and the signature over the first two segments, as they were sent, verifies with the first one's key:
    ///    base64url without padding, r‖s for ECDSA.
    /// 5. The payload is empty, or strict JSON with the policy's text in `AttestationPolicy`: base64url of UTF-8, or, as an
    ///    old signing tool writes it, the text itself. `aud`, if present, is a string or a list of strings. A payload that has the
    ///    policy only in `text`, as a script of Microsoft's writes it, is refused with an error of its own. So is a payload that
    ///    also has a certificate: the JWS would be a signer request too.
    ///
    /// # Errors
    /// [`PolicyJwsError`].
    pub fn read(text: &str) -> Result<Self, PolicyJwsError> {
        let Signed { payload, signer } = Signed::read(text, Spelling::Canonical)?;
        check_purpose(&payload)?;
        let (text, audience) = read_payload(&payload)?;
        Ok(Self { text, audience, signer })
    }

    /// Reads a policy JWS that was accepted before and stored: like [`PolicyJws::read`], but earlier versions also accepted
    /// padded signatures, signatures in the other alphabet or in DER, and a certificate in the payload.
    ///
    /// # Errors
    /// [`PolicyJwsError`].
    pub fn read_kept(text: &str) -> Result<Self, PolicyJwsError> {
        let Signed { payload, signer } = Signed::read(text, Spelling::Earlier)?;
        let (text, audience) = read_payload(&payload)?;
        Ok(Self { text, audience, signer })
    }
}

/// Step 5: checks that the payload is only for a policy. Malformed payloads are left to [`read_payload`].
fn check_purpose(payload: &[u8]) -> Result<(), PolicyJwsError> {
    let members: Map<String, Value> = strict_json::from_slice(payload, MAX_DEPTH).unwrap_or_default();
    let found = |names: &[&'static str]| names.iter().copied().find(|name| members.contains_key(*name));
    match found(&CERTIFICATE_MEMBERS).filter(|_| found(&POLICY_MEMBERS).is_some()) {
        Some(name) => Err(PolicyJwsError::TwoPurposes { name }),
        None => Ok(()),
    }
}

/// Reads an optional member that must be a string if it is present; `null` is refused.
fn text_alone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// Step 5.
fn read_payload(payload: &[u8]) -> Result<(Option<String>, Option<Vec<String>>), PolicyJwsError> {
    #[derive(Deserialize)]
    struct Payload {
        #[serde(rename = "AttestationPolicy", default, deserialize_with = "text_alone")]
        policy: Option<String>,
        /// Its value is ignored; only its presence matters.
        text: Option<IgnoredAny>,
        aud: Option<Audience>,
    }
    if payload.is_empty() {
        return Ok((None, None));
    }
    let Payload { policy, text, aud } = strict_json::from_slice(payload, MAX_DEPTH).map_err(PolicyJwsError::Payload)?;
    let Some(policy) = policy else {
        return Err(if text.is_some() { PolicyJwsError::TextMember } else { PolicyJwsError::NoPolicy });
    };
    let audience = aud.map(Audience::names).transpose()?;
    // A policy cannot consist of these characters only: it contains a `;`.
    let is_encoded = policy.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte));
    if !is_encoded {
        return Ok((Some(policy), audience));
    }
    let text = String::from_utf8(segment("policy", &policy)?).map_err(PolicyJwsError::NotUtf8)?;
    Ok((Some(text), audience))
}
