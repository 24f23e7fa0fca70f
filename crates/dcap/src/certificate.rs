//! X.509 certificates of the DCAP hierarchy: P-256 keys, ecdsa-with-SHA256, a closed set of extensions.
//!
//! Reading proves nothing: [`crate::chain`] decides what a certificate may do.

mod extensions;

use std::ops::Range;
use std::sync::Arc;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{COMMON_NAME, ORGANIZATIONAL_UNIT_NAME};
use const_oid::db::rfc5912::{ECDSA_WITH_SHA_256, ID_EC_PUBLIC_KEY, SECP_256_R_1};
use der::asn1::BitString;
use der::{Decode, Reader, SliceReader, Tagged};
use x509_cert::ext::pkix::KeyUsage;
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::ecdsa::{self, Point};
use crate::time::{UnixTime, Window};
use extensions::Extensions;
pub(crate) use extensions::{duplicate, find};

/// Object identifier of Intel's SGX extension in PCK certificates.
pub const SGX_EXTENSION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113741.1.13.1");

/// More bytes than any certificate of the hierarchy has (about 1,300).
pub const MAX_CERTIFICATE: usize = 16 << 10;
/// More extensions than any certificate or revocation list of the hierarchy has (6), and few enough to compare each with each.
pub(crate) const MAX_EXTENSIONS: usize = 32;

/// Why bytes are no certificate of the DCAP hierarchy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedCertificate {
    /// Longer than [`MAX_CERTIFICATE`].
    #[error("certificate is longer than {MAX_CERTIFICATE} bytes")]
    TooLong,
    /// Not the DER of an X.509 certificate.
    #[error("certificate is no X.509 in DER")]
    Der(#[source] der::Error),
    /// Version 1 or 2, which have no extensions.
    #[error("certificate is not of X.509 version 3")]
    Version,
    /// Signed with something else than ecdsa-with-SHA256.
    #[error("certificate is signed with `{0}` instead of ecdsa-with-SHA256")]
    SignatureAlgorithm(ObjectIdentifier),
    /// A key of another kind than P-256.
    #[error("certificate's public key is no uncompressed P-256 point")]
    PublicKey,
    /// More extensions than any certificate of the hierarchy has.
    #[error("certificate has {0} extensions")]
    TooManyExtensions(usize),
    /// The same extension twice.
    #[error("certificate has extension `{0}` twice")]
    DuplicateExtension(ObjectIdentifier),
    /// A critical extension that is not understood.
    #[error("certificate has unknown critical extension `{0}`")]
    UnknownCriticalExtension(ObjectIdentifier),
    /// An extension that every certificate of the hierarchy carries is absent or empty.
    #[error("certificate lacks the extension {0}")]
    MissingExtension(&'static str),
    /// The subject has no common name, several, or one that is no text.
    #[error("certificate's subject does not have exactly one common name")]
    CommonName,
}

/// A certificate as it was read; nothing about it is proven. Clones share what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate(Arc<Parts>);

#[derive(Debug, PartialEq, Eq)]
struct Parts {
    der: Vec<u8>,
    to_be_signed: Range<usize>,
    parsed: x509_cert::Certificate,
    common_name: String,
    validity: Window,
    public_key: Point,
    subject_key_id: Vec<u8>,
    authority_key_id: Vec<u8>,
    key_usage: KeyUsage,
    is_ca: bool,
    path_length: Option<u8>,
    sgx_extension: Option<Vec<u8>>,
}

impl Certificate {
    /// Reads one certificate from DER; trailing bytes are refused.
    ///
    /// # Errors
    /// See [`MalformedCertificate`].
    pub fn from_der(bytes: &[u8]) -> Result<Self, MalformedCertificate> {
        if bytes.len() > MAX_CERTIFICATE {
            return Err(MalformedCertificate::TooLong);
        }
        let parsed = x509_cert::Certificate::from_der(bytes).map_err(MalformedCertificate::Der)?;
        let to_be_signed = to_be_signed(bytes).map_err(MalformedCertificate::Der)?;
        whole_bytes(parsed.signature()).map_err(MalformedCertificate::Der)?;
        let body = parsed.tbs_certificate();
        if body.version() != x509_cert::Version::V3 {
            return Err(MalformedCertificate::Version);
        }
        require_ecdsa_with_sha256(parsed.signature_algorithm())?;
        require_ecdsa_with_sha256(body.signature())?;
        let extensions = Extensions::read(body.extensions().map_or(&[][..], Vec::as_slice))?;
        let validity = body.validity();
        Ok(Self(Arc::new(Parts {
            der: bytes.to_vec(),
            to_be_signed,
            common_name: common_name(body.subject())?,
            validity: Window { from: unix_time(&validity.not_before), until: unix_time(&validity.not_after) },
            public_key: p256_point(body.subject_public_key_info())?,
            subject_key_id: extensions.subject_key_id,
            authority_key_id: extensions.authority_key_id,
            key_usage: extensions.key_usage,
            is_ca: extensions.basic_constraints.ca,
            path_length: extensions.basic_constraints.path_len_constraint,
            sgx_extension: extensions.sgx,
            parsed,
        })))
    }

    /// The bytes it was read from.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// Subject key, an uncompressed point.
    pub fn public_key(&self) -> &Point {
        &self.0.public_key
    }

    /// Common name of the subject.
    pub fn common_name(&self) -> &str {
        &self.0.common_name
    }

    /// Distinguished name of the subject as text, for people.
    pub fn subject_text(&self) -> String {
        self.subject().to_string()
    }

    /// Distinguished name of the issuer as text, for people.
    pub fn issuer_text(&self) -> String {
        self.issuer().to_string()
    }

    /// Serial number, big-endian.
    pub fn serial(&self) -> &[u8] {
        self.0.parsed.tbs_certificate().serial_number().as_bytes()
    }

    /// From notBefore to notAfter.
    pub fn validity(&self) -> Window {
        self.0.validity
    }

    /// The raw contents of Intel's SGX extension, where there is one.
    pub fn sgx_extension(&self) -> Option<&[u8]> {
        self.0.sgx_extension.as_deref()
    }

    /// Whether subject and issuer are the same name.
    pub fn is_self_issued(&self) -> bool {
        self.subject() == self.issuer()
    }

    pub(crate) fn subject(&self) -> &Name {
        self.0.parsed.tbs_certificate().subject()
    }

    pub(crate) fn issuer(&self) -> &Name {
        self.0.parsed.tbs_certificate().issuer()
    }

    pub(crate) fn subject_key_id(&self) -> &[u8] {
        &self.0.subject_key_id
    }

    pub(crate) fn authority_key_id(&self) -> &[u8] {
        &self.0.authority_key_id
    }

    pub(crate) fn is_ca(&self) -> bool {
        self.0.is_ca
    }

    pub(crate) fn path_length(&self) -> Option<u8> {
        self.0.path_length
    }

    pub(crate) fn may_sign_certificates(&self) -> bool {
        self.0.key_usage.key_cert_sign()
    }

    pub(crate) fn may_sign_crls(&self) -> bool {
        self.0.key_usage.crl_sign()
    }

    pub(crate) fn may_sign_data(&self) -> bool {
        self.0.key_usage.digital_signature()
    }

    /// The organisational units of the subject.
    pub(crate) fn organizational_units(&self) -> impl Iterator<Item = &str> {
        self.subject().iter().filter(|name| name.oid == ORGANIZATIONAL_UNIT_NAME).filter_map(|name| text(&name.value))
    }

    /// What its issuer signed, and the signature in DER.
    pub(crate) fn signed_bytes(&self) -> (&[u8], &[u8]) {
        let signed = self.0.der.get(self.0.to_be_signed.clone()).unwrap_or_default();
        (signed, self.0.parsed.signature().as_bytes().unwrap_or_default())
    }

    /// Whether this certificate's key made the signature on `other`; says nothing of whether it may.
    pub fn signed(&self, other: &Self) -> bool {
        let (message, signature) = other.signed_bytes();
        ecdsa::verifies_der(self.public_key(), message, signature)
    }
}

/// Where the signed bytes lie in `SEQUENCE { toBeSigned, algorithm, signature }`: of certificates and revocation lists.
pub(crate) fn to_be_signed(der: &[u8]) -> der::Result<Range<usize>> {
    let mut outer = SliceReader::new(der)?;
    outer.sequence(|inner| {
        let start = usize::try_from(inner.position())?;
        inner.tlv_bytes()?;
        let end = usize::try_from(inner.position())?;
        inner.tlv_bytes()?;
        inner.tlv_bytes()?;
        Ok(start..end)
    })
}

/// The bytes of a signature, which is no number of bits between two of them.
pub(crate) fn whole_bytes(signature: &BitString) -> der::Result<&[u8]> {
    signature.as_bytes().ok_or_else(|| der::Tag::BitString.value_error().into())
}

fn require_ecdsa_with_sha256(algorithm: &AlgorithmIdentifierOwned) -> Result<(), MalformedCertificate> {
    if algorithm.oid != ECDSA_WITH_SHA_256 || algorithm.parameters.is_some() {
        return Err(MalformedCertificate::SignatureAlgorithm(algorithm.oid));
    }
    Ok(())
}

fn p256_point(key: &SubjectPublicKeyInfoOwned) -> Result<Point, MalformedCertificate> {
    let curve = key.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    if key.algorithm.oid != ID_EC_PUBLIC_KEY || curve != Some(SECP_256_R_1) {
        return Err(MalformedCertificate::PublicKey);
    }
    let point: Option<Point> = key.subject_public_key.as_bytes().and_then(|bytes| bytes.try_into().ok());
    point.filter(|point| point.first() == Some(&4)).ok_or(MalformedCertificate::PublicKey)
}

fn common_name(subject: &Name) -> Result<String, MalformedCertificate> {
    let mut names = subject.iter().filter(|name| name.oid == COMMON_NAME).map(|name| text(&name.value));
    match (names.next(), names.next()) {
        (Some(Some(name)), None) => Ok(name.to_owned()),
        _ => Err(MalformedCertificate::CommonName),
    }
}

/// The text of a PrintableString or UTF8String.
fn text(value: &der::Any) -> Option<&str> {
    if !matches!(value.tag(), der::Tag::PrintableString | der::Tag::Utf8String) {
        return None;
    }
    str::from_utf8(value.value()).ok()
}

pub(crate) fn unix_time(time: &x509_cert::time::Time) -> UnixTime {
    UnixTime::from_seconds(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
}
