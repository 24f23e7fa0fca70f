//! A key in the certificate that a key set publishes it with.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use der::Decode;
use serde::Deserialize;
use serde_json::Value;
use x509_cert::Certificate;

use crate::algorithm::TokenAlgorithm;
use crate::public_key::{PublicKey, PublicKeyError};

/// The key of the first certificate of an `x5c`, with the certificate's validity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertifiedKey {
    pub(crate) key: PublicKey,
    validity: CertificateValidity,
}

/// From when until when a certificate is valid, both seconds included, in seconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CertificateValidity {
    not_before: i64,
    not_after: i64,
}

/// The members that give the key itself (RFC 7518, sections 6.2.1 and 6.3.1), kept as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct KeyNumbers {
    n: Option<Value>,
    e: Option<Value>,
    crv: Option<Value>,
    x: Option<Value>,
    y: Option<Value>,
}

impl CertifiedKey {
    /// Takes the key for that algorithm out of the first certificate of an `x5c`.
    pub(crate) fn from_x5c(x5c: &[String], algorithm: TokenAlgorithm) -> Result<Self, PublicKeyError> {
        let certificate = first_certificate(x5c.first().map(String::as_str))?;
        let key = PublicKey::of_certificate(&certificate, algorithm)?;
        Ok(Self { key, validity: CertificateValidity::of(&certificate) })
    }

    /// Checks that the certificate is valid at the time `at`, give or take so many seconds.
    pub(crate) fn check_validity(&self, at: i64, tolerance: i64) -> Result<(), PublicKeyError> {
        self.validity.check(at, tolerance)
    }
}

impl CertificateValidity {
    pub(crate) fn of(certificate: &Certificate) -> Self {
        let validity = certificate.tbs_certificate().validity();
        let seconds =
            |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
        Self { not_before: seconds(validity.not_before), not_after: seconds(validity.not_after) }
    }

    pub(crate) fn check(self, at: i64, tolerance: i64) -> Result<(), PublicKeyError> {
        let Self { not_before, not_after } = self;
        if at.saturating_add(tolerance) < not_before {
            return Err(PublicKeyError::NotYetValid { not_before, at });
        }
        if at.saturating_sub(tolerance) > not_after {
            return Err(PublicKeyError::Expired { not_after, at });
        }
        Ok(())
    }
}

/// Reads the first certificate of an `x5c`: padded base64 of DER.
pub(crate) fn first_certificate(text: Option<&str>) -> Result<Certificate, PublicKeyError> {
    let der = STANDARD.decode(text.ok_or(PublicKeyError::NoCertificate)?).map_err(PublicKeyError::Base64)?;
    Certificate::from_der(&der).map_err(PublicKeyError::Certificate)
}

impl KeyNumbers {
    /// Checks that the numbers that are given are those of that key (RFC 7517, section 4.7).
    ///
    /// # Errors
    /// [`PublicKeyError::OtherKey`].
    pub(crate) fn check(&self, key: &PublicKey) -> Result<(), PublicKeyError> {
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
}

/// A number in base64url, without leading zeros.
fn decoded(given: &Value) -> Option<Vec<u8>> {
    let number = URL_SAFE_NO_PAD.decode(given.as_str()?).ok()?;
    Some(without_zeros(&number).to_vec())
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}
