//! Is this bearer token one that the issuer made for us, and good now?

use jose::jws::{Header, Jws};
use jose::{Algorithm, Times};
use serde_json::{Map, Value};
use unix_time::UnixTime;

use crate::algorithm::{ALLOWED, BearerAlgorithm};
use crate::error::BearerError;
use crate::key_set::KeySet;
use crate::{MAX_LENGTH, MAX_LIFETIME_SECONDS, SKEW_SECONDS, excerpt};

/// The deepest nesting in claims.
const MAX_CLAIM_DEPTH: usize = 32;
/// Characters of a subject (OpenID Connect Core, section 2).
const MAX_SUBJECT: usize = 255;

/// A bearer token taken apart; nothing about it is proven.
#[derive(Debug)]
pub struct UnverifiedToken<'a> {
    jws: Jws<'a>,
    claims: Map<String, Value>,
}

impl<'a> UnverifiedToken<'a> {
    /// Takes a token apart: steps 1 to 3 of [`Verifier::verify`].
    ///
    /// # Errors
    /// [`BearerError::TooLong`], [`BearerError::Malformed`] and [`BearerError::Claims`].
    pub fn decode(text: &'a str) -> Result<Self, BearerError> {
        if text.len() > MAX_LENGTH {
            return Err(BearerError::TooLong { length: text.len() });
        }
        let jws = Jws::decode(text).map_err(BearerError::Malformed)?;
        let claims = strict_json::from_slice(&jws.payload, MAX_CLAIM_DEPTH).map_err(BearerError::Claims)?;
        Ok(Self { jws, claims })
    }

    /// Whose it says it is. Good for choosing the keys to verify it with, and for nothing else.
    pub fn claimed_issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    /// Which key it says it is signed with. Good for asking the issuer for its keys again.
    pub fn claimed_key(&self) -> Option<&str> {
        self.jws.header.kid.as_deref()
    }
}

/// The claims of a token that its issuer made for us; only [`Verifier::verify`] makes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedClaims {
    subject: String,
    claims: Map<String, Value>,
}

impl VerifiedClaims {
    /// Whom the token is about, by the issuer's own name for it (`sub`).
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The claim at the end of a path of member names.
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
    /// Takes tokens of `issuer` for `audience`, both compared exactly, signed with one of those algorithms.
    pub fn new(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        algorithms: impl Into<Vec<BearerAlgorithm>>,
    ) -> Self {
        Self { issuer: issuer.into(), audience: audience.into(), algorithms: algorithms.into() }
    }

    /// The issuer whose tokens are verified.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Verifies a token at the time `at`.
    ///
    /// 1. It is no longer than [`MAX_LENGTH`].
    /// 2. It is a compact JWS (RFC 7515, 7.1) with a strict JSON header without `crit` and `b64`.
    /// 3. The claims are a strict JSON object.
    /// 4. Its algorithm is one of those of this issuer. None of them is `none` or has a shared secret.
    /// 5. Its type is `JWT` or `at+jwt` (RFC 9068), or is not said.
    /// 6. Its `kid` names exactly one key in `keys`; `jku`, `jwk`, `x5u` and `x5c` are not looked at.
    /// 7. That key is of the algorithm's kind, and for that algorithm if the key set says which it is for. Where the key set has
    ///    its certificate, `at` lies in the certificate's validity, give or take [`SKEW_SECONDS`].
    /// 8. The signature is that key's over the first two segments.
    /// 9. `iss` is exactly the issuer.
    /// 10. `aud` is exactly the audience, or a list with it.
    /// 11. `exp` is there and not over; `nbf` and `iat` are not in the future where they are there; give or take
    ///     [`SKEW_SECONDS`].
    /// 12. It lives no longer than [`MAX_LIFETIME_SECONDS`], from `iat` where that is there, and from now on.
    /// 13. `sub` is a text of 1 to 255 characters.
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

/// Step 5; RFC 7515, section 4.1.9: media types, without regard to case, with or without `application/`.
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
