//! A certificate in a signer's chain: whose it is, its key, and who signed it.

use std::fmt;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::name::Name;

use crate::public_key::{PublicKeyError, check_modulus};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

const RSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_WITH_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_WITH_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");

/// The kinds of key that sign policies or certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    Rsa,
    P256,
    P384,
    P521,
    Other,
}

impl KeyKind {
    /// The kind as JWKs name it.
    pub(super) fn key_type(self) -> &'static str {
        match self {
            Self::P256 | Self::P384 | Self::P521 => "EC",
            Self::Rsa | Self::Other => "RSA",
        }
    }

    /// The name for messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Other => "unknown",
        }
    }
}

/// A public key: PKCS#1 RSAPublicKey in DER, or an uncompressed point.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PublicKey {
    kind: KeyKind,
    bytes: Vec<u8>,
}

impl PublicKey {
    pub(super) fn new(kind: KeyKind, bytes: &[u8]) -> Self {
        Self { kind, bytes: bytes.to_vec() }
    }

    pub(super) fn kind(&self) -> KeyKind {
        self.kind
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// An RSA key has 2048 to 4096 bits, or it is refused with the number of those it has.
    pub(super) fn check_size(&self) -> Result<(), usize> {
        match self.kind {
            KeyKind::Rsa => match check_modulus(&self.bytes) {
                Ok(()) => Ok(()),
                Err(PublicKeyError::Size { bits }) => Err(bits),
                Err(_) => Err(0),
            },
            KeyKind::P256 | KeyKind::P384 | KeyKind::P521 | KeyKind::Other => Ok(()),
        }
    }
}

/// An X.509 certificate of a chain that signed, or is to sign, a policy.
#[derive(Clone, PartialEq, Eq)]
pub struct SignerCertificate {
    der: Vec<u8>,
    certificate: Certificate,
    key: PublicKey,
}

impl SignerCertificate {
    /// Reads a certificate in DER; nothing about it is proven.
    ///
    /// # Errors
    /// What is wrong with the DER.
    pub fn from_der(der: &[u8]) -> Result<Self, der::Error> {
        let certificate = Certificate::from_der(der)?;
        let key = public_key(&certificate);
        Ok(Self { der: der.to_vec(), certificate, key })
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whose it is, in the form of RFC 4514; the words are the signer's own.
    pub fn subject(&self) -> String {
        self.certificate.tbs_certificate().subject().to_string()
    }

    /// Who issued it, by its own word.
    pub fn issuer(&self) -> String {
        self.certificate.tbs_certificate().issuer().to_string()
    }

    /// The first second in which it is valid, since 1970 UTC.
    pub fn not_before(&self) -> u64 {
        self.certificate.tbs_certificate().validity().not_before.to_unix_duration().as_secs()
    }

    /// The last second in which it is valid, since 1970 UTC.
    pub fn not_after(&self) -> u64 {
        self.certificate.tbs_certificate().validity().not_after.to_unix_duration().as_secs()
    }

    /// SHA-1 of the DER, as Azure Attestation names certificates: uppercase hex.
    pub fn thumbprint_sha1(&self) -> String {
        hex::encode_upper(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der))
    }

    /// SHA-256 of the DER, lowercase hex.
    pub fn thumbprint_sha256(&self) -> String {
        hex::encode(digest(&SHA256, &self.der))
    }

    /// Whether this certificate's name and key stand behind `subject`: its issuer is this one's subject, and the signature is
    /// this key's (RSA PKCS#1 v1.5 of 2048 bits or more, or ECDSA, with SHA-2).
    ///
    /// Neither validity nor whether this certificate may sign others is looked at.
    pub fn signed(&self, subject: &Self) -> bool {
        let tbs = subject.certificate.tbs_certificate();
        let algorithm = subject.certificate.signature_algorithm();
        let Some(form) = self.form_of(algorithm.oid) else { return false };
        let (Ok(message), Some(signature)) = (tbs.to_der(), subject.certificate.signature().as_bytes()) else {
            return false;
        };
        tbs.issuer() == self.name()
            && tbs.signature() == algorithm
            && UnparsedPublicKey::new(form, &self.key.bytes).verify(&message, signature).is_ok()
    }

    /// The certificate as Azure lists signers: a JWK that consists of it.
    pub fn jwk(&self) -> Value {
        let algorithm = match self.key.kind {
            KeyKind::Rsa | KeyKind::Other => "RS256",
            KeyKind::P256 => "ES256",
            KeyKind::P384 => "ES384",
            KeyKind::P521 => "ES512",
        };
        json!({"alg": algorithm, "kty": self.key.kind.key_type(), "use": "sig", "x5c": [STANDARD.encode(&self.der)]})
    }

    pub(super) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    pub(super) fn name(&self) -> &Name {
        self.certificate.tbs_certificate().subject()
    }

    pub(super) fn key(&self) -> &PublicKey {
        &self.key
    }

    fn form_of(&self, algorithm: ObjectIdentifier) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match (self.key.kind, algorithm) {
            (KeyKind::Rsa, RSA_WITH_SHA256) => &RSA_PKCS1_2048_8192_SHA256,
            (KeyKind::Rsa, RSA_WITH_SHA384) => &RSA_PKCS1_2048_8192_SHA384,
            (KeyKind::Rsa, RSA_WITH_SHA512) => &RSA_PKCS1_2048_8192_SHA512,
            (KeyKind::P256, ECDSA_WITH_SHA256) => &ECDSA_P256_SHA256_ASN1,
            (KeyKind::P256, ECDSA_WITH_SHA384) => &ECDSA_P256_SHA384_ASN1,
            (KeyKind::P256, ECDSA_WITH_SHA512) => &ECDSA_P256_SHA512_ASN1,
            (KeyKind::P384, ECDSA_WITH_SHA256) => &ECDSA_P384_SHA256_ASN1,
            (KeyKind::P384, ECDSA_WITH_SHA384) => &ECDSA_P384_SHA384_ASN1,
            (KeyKind::P384, ECDSA_WITH_SHA512) => &ECDSA_P384_SHA512_ASN1,
            (KeyKind::P521, ECDSA_WITH_SHA256) => &ECDSA_P521_SHA256_ASN1,
            (KeyKind::P521, ECDSA_WITH_SHA384) => &ECDSA_P521_SHA384_ASN1,
            (KeyKind::P521, ECDSA_WITH_SHA512) => &ECDSA_P521_SHA512_ASN1,
            _ => return None,
        })
    }
}

impl fmt::Debug for SignerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("SignerCertificate");
        debug.field("subject", &self.subject()).field("sha256", &self.thumbprint_sha256()).finish_non_exhaustive()
    }
}

fn public_key(certificate: &Certificate) -> PublicKey {
    let spki = certificate.tbs_certificate().subject_public_key_info();
    let curve = || spki.algorithm.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok();
    let kind = match spki.algorithm.oid {
        RSA_ENCRYPTION => KeyKind::Rsa,
        EC_PUBLIC_KEY => match curve() {
            Some(P256) => KeyKind::P256,
            Some(P384) => KeyKind::P384,
            Some(P521) => KeyKind::P521,
            _ => KeyKind::Other,
        },
        _ => KeyKind::Other,
    };
    PublicKey::new(kind, spki.subject_public_key.as_bytes().unwrap_or_default())
}
