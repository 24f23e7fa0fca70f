//! Verification of a bearer token: made by the issuer, for this audience, valid now.

use jose::jws::{Header, Jws};
use jose::{Algorithm, Times};
use serde_json::{Map, Value};
use unix_time::UnixTime;

use crate::algorithm::{ALLOWED, BearerAlgorithm};
use crate::error::BearerError;
use crate::key_set::KeySet;
use crate::{MAX_LIFETIME_SECONDS, MAX_TOKEN_LENGTH, SKEW_SECONDS, excerpt};

/// The maximum nesting depth of the claims.
const MAX_CLAIM_DEPTH: usize = 32;
/// The maximum length of a subject, in characters (OpenID Connect Core, section 2).
const MAX_SUBJECT: usize = 255;

/// A decoded bearer token; nothing in it is verified.
#[derive(Debug)]
pub struct UnverifiedToken<'a> {
    jws: Jws<'a>,
    claims: Map<String, Value>,
}

impl<'a> UnverifiedToken<'a> {
    /// Decodes a token: steps 1 to 3 of [`Verifier::verify`].
    ///
    /// # Errors
    /// [`BearerError::TooLong`], [`BearerError::Malformed`] and [`BearerError::Claims`].
    pub fn decode(text: &'a str) -> Result<Self, BearerError> {
        if text.len() > MAX_TOKEN_LENGTH {
            return Err(BearerError::TooLong { length: text.len() });
        }
        let jws = Jws::decode(text).map_err(BearerError::Malformed)?;
        let claims = strict_json::from_slice(&jws.payload, MAX_CLAIM_DEPTH).map_err(BearerError::Claims)?;
        Ok(Self { jws, claims })
    }

    /// Returns the unverified `iss`. Use it only to choose the keys that verify the token.
    pub fn claimed_issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    /// Returns the unverified `kid`. Use it only to decide whether to fetch the issuer's keys again.
    pub fn claimed_key(&self) -> Option<&str> {
        self.jws.header.kid.as_deref()
    }
}

/// The claims of a verified bearer token; only [`Verifier::verify`] makes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedClaims {
    subject: String,
    claims: Map<String, Value>,
}

impl VerifiedClaims {
    /// Returns the subject: the issuer's own name for whom the token is about (`sub`).
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Returns the claim at the end of a path of member names.
    pub fn at(&self, path: &[String]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.claims.get(first)?, |value, name| value.as_object()?.get(name))
    }
}

/// Verifies the bearer tokens of one issuer.
#[derive(Clone, Debug)]
pub struct Verifier {
    issuer: String,
    audience: String,
    algorithms: Vec<BearerAlgorithm>,
}

impl Verifier {
    /// Makes a verifier that accepts tokens of `issuer` for `audience`, both compared exactly, signed with one of these algorithms.
    pub fn new(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        algorithms: impl Into<Vec<BearerAlgorithm>>,
    ) -> Self {
        Self { issuer: issuer.into(), audience: audience.into(), algorithms: algorithms.into() }
    }

    /// Returns the issuer whose tokens are verified.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Verifies a token at the time `at`.
    ///
    /// 1. The token is at most [`MAX_TOKEN_LENGTH`] bytes long.
    /// 2. It is a compact JWS (RFC 7515, 7.1) with a strict JSON header without `crit` and `b64`.
    /// 3. The claims are a strict JSON object.
    /// 4. The algorithm is one that this verifier allows. None of them is `none` or uses a shared secret.
    /// 5. `typ` is `JWT` or `at+jwt` (RFC 9068), or absent.
    /// 6. `kid` names exactly one key in `keys`; `jku`, `jwk`, `x5u` and `x5c` are ignored.
    /// 7. That key is of the algorithm's kind, and published for that algorithm if the key set names one. If the key set has a
    ///    certificate of the key, `at` is within the certificate's validity period, with a tolerance of [`SKEW_SECONDS`].
    /// 8. The signature over the first two segments verifies with that key.
    /// 9. `iss` equals the issuer.
    /// 10. `aud` equals the audience, or is a list that contains it.
    /// 11. `exp` is present and not past; `nbf` and `iat`, if present, are not in the future; with a tolerance of
    ///     [`SKEW_SECONDS`].
    /// 12. The lifetime, from `iat` or from `at`, whichever is earlier, is at most [`MAX_LIFETIME_SECONDS`].
    /// 13. `sub` is a string of 1 to 255 characters.
    ///
    /// # Errors
    /// [`BearerError`], for the first step that fails.
    pub fn verify(
        &self,
        token: UnverifiedToken<'_>,
        keys: &KeySet,
        at: UnixTime,
    ) -> Result<VerifiedClaims, BearerError> {
        let UnverifiedToken { jws, claims } = token;
        let algorithm = self.check_algorithm(&jws.header)?;
        check_type(&jws.header)?;
        check_signature(&jws, keys, algorithm, at)?;
        self.check_issuer(&claims)?;
        self.check_audience(&claims)?;
        check_times(&claims, at)?;
        let subject = subject(&claims)?;
        Ok(VerifiedClaims { subject, claims })
    }

    /// Step 4.
    fn check_algorithm(&self, header: &Header) -> Result<Algorithm, BearerError> {
        let allowed = |named: &Algorithm| self.algorithms.iter().any(|allowed| allowed.algorithm() == *named);
        let named = ALLOWED.find(&header.alg).ok().filter(allowed);
        named.ok_or_else(|| BearerError::Algorithm { alg: excerpt(&header.alg) })
    }

    /// Step 9.
    fn check_issuer(&self, claims: &Map<String, Value>) -> Result<(), BearerError> {
        match claims.get("iss").and_then(Value::as_str) {
            Some(issuer) if issuer == self.issuer => Ok(()),
            _ => Err(BearerError::Issuer { expected: excerpt(&self.issuer) }),
        }
    }

    /// Step 10; RFC 7519, section 4.1.3.
    fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), BearerError> {
        let is_ours = |value: &Value| value.as_str() == Some(self.audience.as_str());
        match claims.get("aud") {
            Some(Value::Array(list)) if list.iter().any(is_ours) => Ok(()),
            Some(one) if is_ours(one) => Ok(()),
            _ => Err(BearerError::Audience { expected: excerpt(&self.audience) }),
        }
    }
}

/// Step 5; RFC 7515, section 4.1.9: media types, ignoring case, with or without `application/`.
fn check_type(header: &Header) -> Result<(), BearerError> {
    let Some(typ) = &header.typ else { return Ok(()) };
    let lower = typ.to_ascii_lowercase();
    match lower.strip_prefix("application/").unwrap_or(&lower) {
        "jwt" | "at+jwt" => Ok(()),
        _ => Err(BearerError::Type { typ: excerpt(typ) }),
    }
}

/// Steps 6 to 8.
fn check_signature(jws: &Jws<'_>, keys: &KeySet, algorithm: Algorithm, at: UnixTime) -> Result<(), BearerError> {
    let kid = jws.header.kid.as_deref().ok_or(BearerError::NoKeyId)?;
    let key = keys.find(kid, algorithm, at)?;
    let is_genuine = key.verifies(algorithm, jws.signing_input.as_bytes(), &jws.signature);
    if is_genuine { Ok(()) } else { Err(BearerError::Signature) }
}

/// Steps 11 and 12; RFC 7519, sections 4.1.4 to 4.1.6.
fn check_times(claims: &Map<String, Value>, at: UnixTime) -> Result<(), BearerError> {
    let times = Times::read(claims)?;
    times.check(at, SKEW_SECONDS)?;
    let latest = at.plus(SKEW_SECONDS);
    let from = times.issued().map_or(latest, |issued| issued.min(latest));
    if times.expires().since(from) > MAX_LIFETIME_SECONDS { Err(BearerError::TooLongLived) } else { Ok(()) }
}

/// Step 13.
fn subject(claims: &Map<String, Value>) -> Result<String, BearerError> {
    let subject = claims.get("sub").and_then(Value::as_str);
    let subject = subject.filter(|subject| (1..=MAX_SUBJECT).contains(&subject.chars().count()));
    subject.map(str::to_owned).ok_or(BearerError::Subject)
}
