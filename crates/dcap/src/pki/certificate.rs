//! X.509 certificates of the DCAP hierarchy: P-256 keys, ecdsa-with-SHA256, a closed set of extensions.
//!
//! Reading proves nothing: [`crate::pki::chain`] decides what a certificate may do.

pub(crate) mod error;
mod extensions;
pub(crate) mod name;

use std::ops::Range;
use std::sync::Arc;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, SECP_256_R_1};
use der::{Decode, Tag, Tagged};
use x509_cert::ext::pkix::KeyUsage;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use crate::pki::certificate::error::{MAX_CERTIFICATE, MalformedCertificate};
use crate::pki::certificate::extensions::Extensions;
use crate::pki::ecdsa::{Key, Point};
use crate::pki::x509::{self, CertificateForm};
use unix_time::ValidityPeriod;

/// A certificate as it was read; nothing about it is proven. Clones share what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate(Arc<Parts>);

#[derive(Debug, PartialEq, Eq)]
struct Parts {
    der: Vec<u8>,
    to_be_signed: Range<usize>,
    signature: Box<[u8]>,
    /// DER of a distinguished name without its head.
    subject: Box<[u8]>,
    /// The same of the issuer.
    issuer: Box<[u8]>,
    common_name: String,
    serial: Box<[u8]>,
    validity: ValidityPeriod,
    key: Key,
    subject_key_id: Box<[u8]>,
    authority_key_id: Box<[u8]>,
    key_usage: KeyUsage,
    is_ca: bool,
    path_length: Option<u8>,
    sgx_extension: Option<Box<[u8]>>,
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
        let form = CertificateForm::from_der(bytes).map_err(MalformedCertificate::Der)?;
        let body = &form.body;
        if body.version != x509::CERTIFICATE_VERSION_3 {
            return Err(MalformedCertificate::Version);
        }
        for algorithm in [&form.signature_algorithm, &body.signature_algorithm] {
            if !x509::is_ecdsa_with_sha256(algorithm) {
                return Err(MalformedCertificate::SignatureAlgorithm(algorithm.oid));
            }
        }
        body.issuer.tag().assert_eq(Tag::Sequence).map_err(MalformedCertificate::Der)?;
        let extensions = Extensions::read(body.extensions.as_deref().unwrap_or_default())?;
        Ok(Self(Arc::new(Parts {
            der: bytes.to_vec(),
            to_be_signed: x509::to_be_signed(bytes).map_err(MalformedCertificate::Der)?,
            signature: x509::whole_bytes(&form.signature).map_err(MalformedCertificate::Der)?.into(),
            subject: body.subject.value().into(),
            issuer: body.issuer.value().into(),
            common_name: name::common_name(body.subject)?,
            serial: x509::serial(&body.serial).map_err(MalformedCertificate::Der)?,
            validity: body.validity.period(),
            key: Key::new(p256_point(&body.public_key)?),
            subject_key_id: extensions.subject_key_id.into(),
            authority_key_id: extensions.authority_key_id.into(),
            key_usage: extensions.key_usage,
            is_ca: extensions.basic_constraints.ca,
            path_length: extensions.basic_constraints.path_len_constraint,
            sgx_extension: extensions.sgx.map(Box::from),
        })))
    }

    /// The bytes it was read from.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// Subject key, an uncompressed point.
    pub fn public_key(&self) -> &Point {
        self.0.key.point()
    }

    /// The subject key, as it verifies signatures.
    pub(crate) fn key(&self) -> &Key {
        &self.0.key
    }

    /// Common name of the subject.
    pub fn common_name(&self) -> &str {
        &self.0.common_name
    }

    /// Distinguished name of the subject as text, for people.
    pub fn subject_text(&self) -> String {
        name::text(self.subject())
    }

    /// Distinguished name of the issuer as text, for people.
    pub fn issuer_text(&self) -> String {
        name::text(self.issuer())
    }

    /// Serial number, big-endian.
    pub fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    /// From notBefore to notAfter.
    pub fn validity(&self) -> ValidityPeriod {
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

    /// DER of the name, without its head: names are the same where their bytes are.
    pub(crate) fn subject(&self) -> &[u8] {
        &self.0.subject
    }

    /// The same of the issuer.
    pub(crate) fn issuer(&self) -> &[u8] {
        &self.0.issuer
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

    /// Whether the subject has that organisational unit.
    pub(crate) fn has_organizational_unit(&self, unit: &str) -> bool {
        name::has_organizational_unit(self.subject(), unit)
    }

    /// What its issuer signed, and the signature in DER.
    pub(crate) fn signed_bytes(&self) -> (&[u8], &[u8]) {
        let signed = self.0.der.get(self.0.to_be_signed.clone()).unwrap_or_default();
        (signed, &self.0.signature)
    }

    /// Whether this certificate's key made the signature on `other`; says nothing of whether it may.
    pub fn signed(&self, other: &Self) -> bool {
        let (message, signature) = other.signed_bytes();
        self.key().verifies_der(message, signature)
    }
}

fn p256_point(key: &SubjectPublicKeyInfoRef<'_>) -> Result<Point, MalformedCertificate> {
    let curve = key.algorithm.parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    if key.algorithm.oid != ID_EC_PUBLIC_KEY || curve != Some(SECP_256_R_1) {
        return Err(MalformedCertificate::PublicKey);
    }
    let point: Option<Point> = key.subject_public_key.as_bytes().and_then(|bytes| bytes.try_into().ok());
    point.filter(|point| point.first() == Some(&4)).ok_or(MalformedCertificate::PublicKey)
}
