//! One key of a key set: in its certificate, or as bare numbers.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use der::Decode;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use unix_time::{UnixTime, ValidityPeriod};
use x509_cert::Certificate;

use crate::algorithm::{Algorithm, AllowList};
use crate::excerpt;
use crate::key_kind::KeyKind;
use crate::key_use::{KeyUse, KeyUseError, shown};
use crate::public_key::PublicKey;
use crate::public_key_error::PublicKeyError;

/// One key: its certificates, its id, its kind. When it is read, what it states about its use and its numbers is kept too, and
/// members unknown here are ignored. It is written as `{"x5c":[…],"kid":…,"kty":…}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    x5c: Vec<String>,
    kid: String,
    kty: String,
    #[serde(flatten, skip_serializing)]
    key_use: KeyUse,
    #[serde(flatten, skip_serializing)]
    numbers: KeyNumbers,
}

/// The members that give the key itself (RFC 7518, sections 6.2.1 and 6.3.1), kept as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct KeyNumbers {
    n: Option<Value>,
    e: Option<Value>,
    crv: Option<Value>,
    x: Option<Value>,
    y: Option<Value>,
}

/// A key out of the certificate that it is published with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertifiedKey {
    key: PublicKey,
    validity: ValidityPeriod,
}

/// A key out of bare numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BareKey {
    key: PublicKey,
    algorithm: Option<Algorithm>,
    validity: Option<ValidityPeriod>,
}

impl Jwk {
    /// Makes the entry of a key with one certificate in DER.
    pub fn new(kid: &str, certificate: &[u8]) -> Self {
        let key = Certificate::from_der(certificate).ok().as_ref().and_then(PublicKey::of_certificate);
        let kty = key.map_or(KeyKind::Rsa, |key| key.kind()).key_type();
        let (kid, kty) = (kid.to_owned(), kty.to_owned());
        Self {
            x5c: vec![STANDARD.encode(certificate)],
            kid,
            kty,
            key_use: KeyUse::default(),
            numbers: KeyNumbers::default(),
        }
    }

    /// Reads an entry that need not have certificates. Of its `x5c` only the first certificate is kept, if it is a text at all.
    pub(crate) fn read_bare(mut entry: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let first = entry.remove("x5c").and_then(|x5c| x5c.get(0)?.as_str().map(str::to_owned));
        entry.insert("x5c".to_owned(), first.into_iter().collect());
        let key = Self::deserialize(Value::Object(entry))?;
        let KeyNumbers { n, e, crv, x, y } = &key.numbers;
        let numbers = [("n", n), ("e", e), ("crv", crv), ("x", x), ("y", y)];
        let is_other = |number: &Option<Value>| number.as_ref().is_some_and(|number| !number.is_string());
        let other = numbers.into_iter().find(|(_, number)| is_other(number)).map(|(member, _)| member);
        match other {
            Some(member) => Err(serde_json::Error::custom(format!("`{member}` is not a string"))),
            None => Ok(key),
        }
    }

    /// The certificates in padded base64 of DER; the first holds the key.
    pub fn x5c(&self) -> &[String] {
        &self.x5c
    }

    /// The key's id, compared exactly.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The kind of the key: `RSA` and `EC` are known.
    pub fn kty(&self) -> &str {
        &self.kty
    }

    /// Whether nothing that the entry states forbids to verify signatures of that algorithm with its key.
    pub fn is_for(&self, algorithm: Algorithm) -> bool {
        self.kty == algorithm.key_kind().key_type()
            && self.key_use.check_verifies().is_ok()
            && self.key_use.check_algorithm(algorithm.name()).is_ok()
    }

    /// Takes the key for that algorithm out of the first certificate.
    ///
    /// 1. `use`, where it is given, is `sig`.
    /// 2. `key_ops`, where it is given, includes `verify`.
    /// 3. `alg`, where it is given, is the algorithm.
    /// 4. The certificate holds a key of the algorithm's kind; an RSA key has 2048 to 4096 bits.
    /// 5. `n` and `e`, or `crv`, `x` and `y`, where they are given, are those of that key.
    ///
    /// # Errors
    /// [`PublicKeyError`], for the first step that fails.
    pub fn certified_key(&self, algorithm: Algorithm) -> Result<CertifiedKey, PublicKeyError> {
        self.key_use.check_verifies()?;
        self.key_use.check_algorithm(algorithm.name())?;
        let certificate = self.first_certificate()?;
        let key = PublicKey::for_algorithm(&certificate, algorithm)?;
        self.numbers.check(&key)?;
        Ok(CertifiedKey { key, validity: validity_of(&certificate) })
    }

    /// Takes the key out of the numbers.
    ///
    /// 1. `use`, where it is given, is `sig`.
    /// 2. `key_ops`, where it is given, includes `verify`.
    /// 3. `alg`, where it is given, is allowed.
    /// 4. It is an RSA key of 2048 to 4096 bits, or a point on P-256.
    /// 5. The first certificate of `x5c`, where there is one that can be read, holds the same key. Its validity is checked when
    ///    the key is used.
    ///
    /// # Errors
    /// [`PublicKeyError`], for the first step that fails.
    pub fn bare_key(&self, allowed: AllowList) -> Result<BareKey, PublicKeyError> {
        self.key_use.check_verifies()?;
        let algorithm = self.key_use.algorithm().map(|alg| named(alg, allowed)).transpose()?;
        let key = self.numbers.key(&self.kty)?;
        let certificate = self.first_certificate().ok();
        if let Some(certificate) = &certificate
            && PublicKey::of_certificate(certificate).as_ref() != Some(&key)
        {
            return Err(PublicKeyError::OtherKey { member: if self.kty == "RSA" { "n" } else { "x" } });
        }
        Ok(BareKey { key, algorithm, validity: certificate.as_ref().map(validity_of) })
    }

    /// Reads the first certificate: padded base64 of DER.
    fn first_certificate(&self) -> Result<Certificate, PublicKeyError> {
        let text = self.x5c.first().ok_or(PublicKeyError::NoCertificate)?;
        Certificate::from_der(&STANDARD.decode(text).map_err(PublicKeyError::Base64)?)
            .map_err(PublicKeyError::Certificate)
    }
}

impl CertifiedKey {
    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Checks that the certificate is valid at the time `at`, give or take so many seconds.
    ///
    /// # Errors
    /// [`PublicKeyError::NotYetValid`] and [`PublicKeyError::Expired`].
    pub fn check_validity(&self, at: UnixTime, leeway: i64) -> Result<(), PublicKeyError> {
        check_validity(self.validity, at, leeway)
    }
}

impl BareKey {
    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether the key may verify signatures of that algorithm, by what its entry states.
    pub fn is_for(&self, algorithm: Algorithm) -> bool {
        self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// Checks that the certificate, where there is one, is valid at the time `at`, give or take so many seconds.
    ///
    /// # Errors
    /// [`PublicKeyError::NotYetValid`] and [`PublicKeyError::Expired`].
    pub fn check_validity(&self, at: UnixTime, leeway: i64) -> Result<(), PublicKeyError> {
        self.validity.map_or(Ok(()), |validity| check_validity(validity, at, leeway))
    }
}

impl KeyNumbers {
    /// Checks that the numbers that are given are those of that key (RFC 7517, section 4.7).
    fn check(&self, key: &PublicKey) -> Result<(), PublicKeyError> {
        let same = |member: &'static str, given: &Option<Value>, number: &[u8]| match given {
            Some(given) if decoded(given).as_deref() != Some(without_zeros(number)) => {
                Err(PublicKeyError::OtherKey { member })
            }
            _ => Ok(()),
        };
        if let Some((modulus, exponent)) = key.rsa_numbers() {
            same("n", &self.n, modulus)?;
            same("e", &self.e, exponent)?;
        }
        if let Some((x, y)) = key.p256_coordinates() {
            if self.crv.as_ref().is_some_and(|crv| crv != "P-256") {
                return Err(PublicKeyError::OtherKey { member: "crv" });
            }
            same("x", &self.x, x)?;
            same("y", &self.y, y)?;
        }
        Ok(())
    }

    /// Makes the key of that kind.
    fn key(&self, kty: &str) -> Result<PublicKey, PublicKeyError> {
        let crv = self.crv.as_ref().and_then(Value::as_str);
        match (kty, crv) {
            ("RSA", _) => PublicKey::from_rsa_numbers(&number("n", &self.n)?, &number("e", &self.e)?),
            ("EC", Some("P-256")) => PublicKey::from_p256_coordinates(&number("x", &self.x)?, &number("y", &self.y)?)
                .ok_or_else(|| unreadable("a coordinate has not 32 bytes")),
            (kty, crv) => Err(unreadable(&format!("`kty` is `{kty}`, `crv` is `{}`", crv.unwrap_or("not given")))),
        }
    }
}

fn validity_of(certificate: &Certificate) -> ValidityPeriod {
    let validity = certificate.tbs_certificate().validity();
    let time = |time: x509_cert::time::Time| {
        UnixTime::from_seconds(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
    };
    ValidityPeriod { from: time(validity.not_before), until: time(validity.not_after) }
}

fn check_validity(validity: ValidityPeriod, at: UnixTime, leeway: i64) -> Result<(), PublicKeyError> {
    let ValidityPeriod { from, until } = validity;
    if at.plus(leeway) < from {
        return Err(PublicKeyError::NotYetValid { not_before: from, at });
    }
    if at.plus(leeway.saturating_neg()) > until {
        return Err(PublicKeyError::Expired { not_after: until, at });
    }
    Ok(())
}

/// Returns the allowed algorithm that an entry's `alg` names.
fn named(alg: &Value, allowed: AllowList) -> Result<Algorithm, PublicKeyError> {
    let algorithm = alg.as_str().and_then(|name| allowed.find(name).ok());
    algorithm.ok_or_else(|| KeyUseError::Algorithm { found: shown(alg), expected: allowed.to_string() }.into())
}

fn number(member: &str, value: &Option<Value>) -> Result<Vec<u8>, PublicKeyError> {
    let text = value.as_ref().and_then(Value::as_str);
    let text = text.ok_or_else(|| unreadable(&format!("`{member}` is missing")))?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| unreadable(&format!("`{member}` is not base64url")))
}

fn unreadable(why: &str) -> PublicKeyError {
    PublicKeyError::Entry(excerpt(why))
}

/// Returns a number in base64url, without leading zeros.
fn decoded(given: &Value) -> Option<Vec<u8>> {
    let number = URL_SAFE_NO_PAD.decode(given.as_str()?).ok()?;
    Some(without_zeros(&number).to_vec())
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}
