//! A certificate in a signer's chain: subject, key, and who signed it.

use std::fmt;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::{Decode, Encode};
use jose::{Algorithm, KeyKind, PublicKey, PublicKeyError};
use serde_json::{Value, json};
use unix_time::{UnixTime, ValidityPeriod};
use x509_cert::Certificate;
use x509_cert::name::Name;

/// An X.509 certificate of a chain that signed, or is to sign, a policy.
#[derive(Clone, PartialEq, Eq)]
pub struct SignerCertificate {
    der: Vec<u8>,
    certificate: Certificate,
    /// The public key; none if policies cannot be signed with keys of its kind.
    key: Option<PublicKey>,
}

impl SignerCertificate {
    /// Reads a certificate in DER; nothing in it is verified.
    ///
    /// # Errors
    /// The error of the DER decoder.
    pub fn from_der(der: &[u8]) -> Result<Self, der::Error> {
        let certificate = Certificate::from_der(der)?;
        let key = PublicKey::of_certificate(&certificate);
        Ok(Self { der: der.to_vec(), certificate, key })
    }

    /// Returns the certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Returns the subject in the form of RFC 4514. Its text is untrusted.
    pub fn subject(&self) -> String {
        self.certificate.tbs_certificate().subject().to_string()
    }

    /// Returns the issuer's name as the certificate states it, in the form of RFC 4514. Its text is untrusted.
    pub fn issuer(&self) -> String {
        self.certificate.tbs_certificate().issuer().to_string()
    }

    /// Returns the validity period.
    pub fn validity(&self) -> ValidityPeriod {
        let validity = self.certificate.tbs_certificate().validity();
        let time = |time: x509_cert::time::Time| {
            UnixTime::from_seconds(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
        };
        ValidityPeriod { from: time(validity.not_before), until: time(validity.not_after) }
    }

    /// Returns SHA-1 of the DER in uppercase hex, as Azure Attestation names certificates.
    pub fn thumbprint_sha1(&self) -> String {
        hex::encode_upper(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der))
    }

    /// Returns SHA-256 of the DER in lowercase hex.
    pub fn thumbprint_sha256(&self) -> String {
        hex::encode(digest(&SHA256, &self.der))
    }

    /// Returns whether this certificate signed `subject`: its subject is the issuer of `subject`, and the signature verifies with
    /// its key (RSA PKCS#1 v1.5 of 2048 bits or more, or ECDSA, with SHA-2).
    ///
    /// Neither validity periods nor the right to sign certificates are checked.
    pub fn signed(&self, subject: &Self) -> bool {
        let tbs = subject.certificate.tbs_certificate();
        let algorithm = subject.certificate.signature_algorithm();
        let (Ok(message), Some(signature)) = (tbs.to_der(), subject.certificate.signature().as_bytes()) else {
            return false;
        };
        tbs.issuer() == self.name()
            && tbs.signature() == algorithm
            && self.key.as_ref().is_some_and(|key| key.verifies_certificate(algorithm.oid, &message, signature))
    }

    /// Returns a JWK with the certificate in `x5c`, as Azure lists signers.
    pub fn jwk(&self) -> Value {
        let algorithm = match self.key.as_ref().map(PublicKey::kind) {
            Some(KeyKind::Rsa) | None => Algorithm::Rs256,
            Some(KeyKind::P256) => Algorithm::Es256,
            Some(KeyKind::P384) => Algorithm::Es384,
            Some(KeyKind::P521) => Algorithm::Es512,
        };
        json!({"alg": algorithm.name(), "kty": self.key_type(), "use": "sig", "x5c": [STANDARD.encode(&self.der)]})
    }

    pub(super) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    pub(super) fn name(&self) -> &Name {
        self.certificate.tbs_certificate().subject()
    }

    /// Returns the public key; none if policies cannot be signed with keys of its kind.
    pub(super) fn key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// Returns the `kty` of its key.
    pub(super) fn key_type(&self) -> &'static str {
        self.key.as_ref().map_or(KeyKind::Rsa, PublicKey::kind).key_type()
    }

    /// Checks that an RSA key has 2048 to 4096 bits.
    ///
    /// # Errors
    /// The number of bits; 0 if the key is malformed.
    pub(super) fn check_key_size(&self) -> Result<(), usize> {
        self.key.as_ref().map_or(Ok(()), PublicKey::check_size).map_err(|error| match error {
            PublicKeyError::Size { bits } => bits,
            _ => 0,
        })
    }
}

impl fmt::Debug for SignerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("SignerCertificate");
        debug.field("subject", &self.subject()).field("sha256", &self.thumbprint_sha256()).finish_non_exhaustive()
    }
}
