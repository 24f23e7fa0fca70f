//! The relying party's side: is this token a fresh attestation result of that issuer?
//!
//! A [`VerifiedToken`] says what the issuer attests. Which enclave is good enough the caller says with
//! [`EnclaveExpectations`], or judges over the claims.

mod enclave;
mod error;
mod expectations;
mod verified;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jose::jws::{Header, Jws, MAX_LENGTH};
use jose::{Algorithm, CertifiedKey, Jwk, Jwks, PublicKeyError, TimeError, Times};
use serde_json::{Map, Value};
use unix_time::UnixTime;

use crate::algorithm::ALLOWED;
use crate::excerpt::excerpt;
use crate::metadata::key_set_url;
use crate::revocation::RevokedTokens;

pub use enclave::EnclaveExpectations;
pub use error::TokenError;
pub use expectations::{Binding, DEFAULT_TOLERANCE_SECONDS, Expectations, MAX_TOLERANCE_SECONDS};
pub use verified::VerifiedToken;

use verified::{ATTESTATION_TYPE, NONCE, RUNTIME_DATA, RUNTIME_JSON, SIMULATED, VERSION, Validity};

/// The deepest nesting in claims.
const MAX_CLAIM_DEPTH: usize = 64;

/// Claims that only answers to administrators carry; `x-ms-policy` is one too when it is a text.
const ADMINISTRATION_CLAIMS: [&str; 6] = [
    "x-ms-policy-result",
    "x-ms-policy-certificates",
    "x-ms-certificate-thumbprint",
    "x-ms-policycertificates-result",
    "x-ms-certificate-result",
    "x-veritee-audit-heads",
];

/// Verifies the tokens of one issuer under the keys it publishes.
#[derive(Clone, Debug)]
pub struct Verifier {
    issuer: String,
    keys: Jwks,
}

impl Verifier {
    /// Trusts `keys` to speak for `issuer`, spelled as in its tokens' `iss`.
    ///
    /// How the keys were obtained is all there is to trust; crates `oidc` and `client` get them from the issuer over TLS.
    pub fn new(issuer: impl Into<String>, keys: Jwks) -> Self {
        Self { issuer: issuer.into(), keys }
    }

    /// The issuer whose tokens are verified.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The keys of the issuer.
    pub fn keys(&self) -> &Jwks {
        &self.keys
    }

    /// Verifies an attestation token at the time `at`.
    ///
    /// 1. It is no longer than [`MAX_LENGTH`].
    /// 2. It is a compact JWS (RFC 7515, 7.1) with a strict JSON header without `crit` and `b64`.
    /// 3. Its algorithm is RS256 or ES256. `none` is the token of a draft policy and an error of its own.
    /// 4. Its type is `JWT`.
    /// 5. Its `kid` names a key that the issuer did not withdraw, as far as the list says that the caller gave, and exactly one
    ///    key of the issuer; of several, exactly one that is for verifying such signatures.
    /// 6. That key is of the algorithm's kind, RSA of 2048 to 4096 bits or P-256, in the first certificate of its `x5c`. What
    ///    its entry states (`use`, `key_ops`, `alg`, the key's numbers) does not contradict that, and `at` lies in the
    ///    certificate's validity, give or take the tolerance. The certificate's signature does not matter: the key set
    ///    vouches for it.
    /// 7. Its `jku`, if there is one, is the issuer's `/certs`. It is never fetched.
    /// 8. The signature is that key's over the first two segments (RFC 7518, 3.3 and 3.4).
    /// 9. The claims are a strict JSON object; nothing of them is interpreted before step 8.
    /// 10. `iss` is exactly the issuer.
    /// 11. `exp`, `iat` and `nbf` are whole seconds, `nbf` not after `exp`, and `at` lies between, give or take the
    ///     tolerance; `iat` is not in the future.
    /// 12. It is an attestation token, not the answer to an administrator.
    /// 13. It is bound to what the caller demanded.
    /// 14. It is not about simulated evidence, unless the caller accepts that.
    /// 15. It is about an enclave that meets what the caller demanded of it.
    /// 16. It was not revoked, as far as the list says that the caller gave.
    ///
    /// # Errors
    /// [`TokenError`], for the first step that fails.
    pub fn verify(&self, token: &str, at: UnixTime, expectations: &Expectations) -> Result<VerifiedToken, TokenError> {
        let (jws, algorithm) = read(token)?;
        let entry = self.find_key(&jws.header, algorithm, expectations.revoked())?;
        let key = certified_key(entry, algorithm)?;
        check_certificate_validity(entry, &key, at, expectations.tolerance())?;
        let claims = self.signed_claims(&jws, algorithm, &key)?;
        let validity = check_times(&claims, at, expectations.tolerance())?;
        let attestation_type = check_purpose(&claims)?;
        check_binding(&claims, expectations.binding())?;
        let simulated = check_simulation(&claims, expectations)?;
        if let Some(enclave) = expectations.expected_enclave() {
            enclave.check(&claims)?;
        }
        self.check_revocation(&claims, expectations)?;
        Ok(VerifiedToken::new(
            self.issuer.clone(),
            entry.kid().to_owned(),
            attestation_type,
            validity,
            simulated,
            claims,
        ))
    }

    /// Verifies what the issuer said at some time, such as how far its audit had come: steps 1 to 10, and `iat` is not in the
    /// future. When it stops being good for anything else does not matter: it says what was so then. So the key's certificate
    /// has to be valid at `iat`.
    ///
    /// # Errors
    /// [`TokenError`], for the first step that fails.
    pub fn verify_statement(&self, token: &str, at: UnixTime) -> Result<Map<String, Value>, TokenError> {
        let (jws, algorithm) = read(token)?;
        let entry = self.find_key(&jws.header, algorithm, None)?;
        let key = certified_key(entry, algorithm)?;
        let claims = self.signed_claims(&jws, algorithm, &key)?;
        let iat = claims.get("iat").and_then(Value::as_i64).ok_or(TokenError::NoTime { claim: "iat" })?;
        let iat = UnixTime::from_seconds(iat);
        if at < iat {
            return Err(TokenError::IssuedInFuture { iat, at });
        }
        check_certificate_validity(entry, &key, iat, 0)?;
        Ok(claims)
    }

    /// The certificates of the key that verifies a token, as the issuer publishes them.
    ///
    /// # Errors
    /// [`TokenError`], where step 1 to 6 of [`Self::verify`] fails, apart from time and revocation.
    pub fn certificates_of(&self, token: &str) -> Result<&[String], TokenError> {
        let (jws, algorithm) = read(token)?;
        Ok(self.find_key(&jws.header, algorithm, None)?.x5c())
    }

    /// Steps 7 to 10.
    fn signed_claims(
        &self,
        jws: &Jws<'_>,
        algorithm: Algorithm,
        key: &CertifiedKey,
    ) -> Result<Map<String, Value>, TokenError> {
        self.check_key_url(&jws.header)?;
        check_signature(key, algorithm, jws)?;
        let claims = read_claims(jws)?;
        self.check_issuer(&claims)?;
        Ok(claims)
    }

    /// Step 5.
    fn find_key(
        &self,
        header: &Header,
        algorithm: Algorithm,
        list: Option<&RevokedTokens>,
    ) -> Result<&Jwk, TokenError> {
        let kid = header.kid.as_deref().ok_or(TokenError::NoKeyId)?;
        if list.is_some_and(|list| list.issuer() == self.issuer && list.has_withdrawn(kid)) {
            return Err(TokenError::KeyWithdrawn { kid: excerpt(kid) });
        }
        let named: Vec<&Jwk> = self.keys.keys().iter().filter(|key| key.kid() == kid).collect();
        match named.as_slice() {
            [] => Err(match self.keys.unreadable(kid) {
                Some(source) => TokenError::Key { kid: excerpt(kid), source },
                None => TokenError::UnknownKey { kid: excerpt(kid) },
            }),
            [only] => Ok(only),
            [first, ..] => {
                let mut usable = named.iter().filter(|key| key.is_for(algorithm));
                match (usable.next(), usable.next()) {
                    (Some(_), Some(_)) => Err(TokenError::AmbiguousKey { kid: excerpt(kid) }),
                    (Some(key), None) => Ok(key),
                    // Whichever is used, it is refused for what it states.
                    (None, _) => Ok(first),
                }
            }
        }
    }

    /// Step 7.
    fn check_key_url(&self, header: &Header) -> Result<(), TokenError> {
        match header.jku.as_deref() {
            Some(jku) if jku != key_set_url(&self.issuer) => Err(TokenError::KeyUrl { jku: excerpt(jku) }),
            _ => Ok(()),
        }
    }

    /// Step 10.
    fn check_issuer(&self, claims: &Map<String, Value>) -> Result<(), TokenError> {
        match claims.get("iss") {
            Some(Value::String(iss)) if *iss == self.issuer => Ok(()),
            Some(Value::String(iss)) => {
                Err(TokenError::Issuer { found: excerpt(iss), expected: excerpt(&self.issuer) })
            }
            _ => Err(TokenError::NoIssuer),
        }
    }

    /// Step 16.
    fn check_revocation(&self, claims: &Map<String, Value>, expectations: &Expectations) -> Result<(), TokenError> {
        let Some(list) = expectations.revoked() else { return Ok(()) };
        if list.issuer() != self.issuer {
            return Err(TokenError::RevokedByAnother { found: excerpt(list.issuer()) });
        }
        let jti = claims.get("jti").and_then(Value::as_str).ok_or(TokenError::NoTokenId)?;
        if list.contains(jti) { Err(TokenError::Revoked { jti: excerpt(jti) }) } else { Ok(()) }
    }
}

/// Steps 1 to 4.
fn read(token: &str) -> Result<(Jws<'_>, Algorithm), TokenError> {
    if token.len() > MAX_LENGTH {
        return Err(TokenError::TooLong { length: token.len() });
    }
    let jws = Jws::decode(token).map_err(TokenError::Malformed)?;
    let algorithm = check_algorithm(&jws.header)?;
    check_type(&jws.header)?;
    Ok((jws, algorithm))
}

/// Step 3.
fn check_algorithm(header: &Header) -> Result<Algorithm, TokenError> {
    if header.alg == "none" {
        return Err(TokenError::DraftPolicy);
    }
    ALLOWED.find(&header.alg).map_err(|_| TokenError::Algorithm { alg: excerpt(&header.alg) })
}

/// Step 4.
fn check_type(header: &Header) -> Result<(), TokenError> {
    match header.typ.as_deref() {
        Some("JWT") => Ok(()),
        typ => Err(TokenError::Type { typ: excerpt(typ.unwrap_or_default()) }),
    }
}

/// Step 6, apart from time.
fn certified_key(entry: &Jwk, algorithm: Algorithm) -> Result<CertifiedKey, TokenError> {
    if entry.kty() != algorithm.key_kind().key_type() {
        let alg = algorithm.name();
        return Err(TokenError::KeyType { kid: excerpt(entry.kid()), kty: excerpt(entry.kty()), alg });
    }
    entry.certified_key(algorithm).map_err(|source| unusable(entry, source))
}

/// Step 6, the time.
fn check_certificate_validity(entry: &Jwk, key: &CertifiedKey, at: UnixTime, tolerance: i64) -> Result<(), TokenError> {
    key.check_validity(at, tolerance).map_err(|source| unusable(entry, source))
}

fn unusable(entry: &Jwk, source: PublicKeyError) -> TokenError {
    TokenError::Key { kid: excerpt(entry.kid()), source }
}

/// Step 8.
fn check_signature(key: &CertifiedKey, algorithm: Algorithm, jws: &Jws<'_>) -> Result<(), TokenError> {
    let is_genuine = key.key().verifies(algorithm, jws.signing_input.as_bytes(), &jws.signature);
    if is_genuine { Ok(()) } else { Err(TokenError::Signature) }
}

/// Step 9.
fn read_claims(jws: &Jws<'_>) -> Result<Map<String, Value>, TokenError> {
    strict_json::from_slice(&jws.payload, MAX_CLAIM_DEPTH).map_err(TokenError::Claims)
}

/// Step 11; RFC 7519, sections 4.1.4 to 4.1.6.
fn check_times(claims: &Map<String, Value>, at: UnixTime, tolerance: i64) -> Result<Validity, TokenError> {
    let times = Times::read(claims)?;
    let validity = Validity {
        expires: times.expires(),
        not_before: times.not_before().ok_or(TimeError::Missing { claim: "nbf" })?,
        issued: times.issued().ok_or(TimeError::Missing { claim: "iat" })?,
    };
    if validity.not_before > validity.expires {
        return Err(TokenError::Window { nbf: validity.not_before, exp: validity.expires });
    }
    times.check(at, tolerance)?;
    Ok(validity)
}

/// Step 12.
fn check_purpose(claims: &Map<String, Value>) -> Result<String, TokenError> {
    if let Some(claim) = ADMINISTRATION_CLAIMS.into_iter().find(|claim| claims.contains_key(*claim)) {
        return Err(TokenError::Administration { claim });
    }
    // In an attestation token it is the object of the claims that the policy issued.
    if claims.get("x-ms-policy").is_some_and(Value::is_string) {
        return Err(TokenError::Administration { claim: "x-ms-policy" });
    }
    let text = |claim| claims.get(claim).and_then(Value::as_str).ok_or(TokenError::NotAttestation { claim });
    text(VERSION)?;
    Ok(text(ATTESTATION_TYPE)?.to_owned())
}

/// Step 13.
fn check_binding(claims: &Map<String, Value>, binding: &Binding) -> Result<(), TokenError> {
    let value = |claim| claims.get(claim).ok_or(TokenError::Unbound { claim });
    let (claim, bound) = match binding {
        Binding::Nonce(nonce) => {
            let found = value(NONCE)?.as_str();
            (NONCE, found.is_some_and(|found| equal(found.as_bytes(), nonce.as_bytes())))
        }
        Binding::RuntimeData(data) => {
            let found = value(RUNTIME_DATA)?.as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
            (RUNTIME_DATA, found.is_some_and(|found| equal(&found, data)))
        }
        Binding::RuntimeJson(json) => (RUNTIME_JSON, value(RUNTIME_JSON)? == json),
        Binding::WithoutFreshness => return Ok(()),
    };
    if bound { Ok(()) } else { Err(TokenError::Binding { claim }) }
}

/// Compares in a time that tells nothing but the lengths.
fn equal(one: &[u8], other: &[u8]) -> bool {
    verify_slices_are_equal(one, other).is_ok()
}

/// Step 14.
fn check_simulation(claims: &Map<String, Value>, expectations: &Expectations) -> Result<bool, TokenError> {
    // Anything but a plain `false` counts as the mark: an unknown spelling of it must not pass for hardware.
    let simulated = claims.get(SIMULATED).is_some_and(|mark| *mark != Value::Bool(false));
    if simulated && !expectations.accepts_simulated() { Err(TokenError::Simulated) } else { Ok(simulated) }
}
