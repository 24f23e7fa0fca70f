//! Certificates and revocation lists as they lie in DER (RFC 5280 sections 4.1 and 5.1), borrowed: nothing is copied.
//!
//! What DCAP never has is left out and so refused: unique identifiers of issuer and subject.

use std::ops::Range;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::ECDSA_WITH_SHA_256;
use der::asn1::{AnyRef, BitStringRef, IntRef, OctetStringRef};
use der::{Reader, Sequence, SliceReader};
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use x509_cert::time::Time;

use unix_time::{UnixTime, ValidityPeriod};

/// The version field of both, which begins with 0: certificates of version 3.
pub(crate) const CERTIFICATE_VERSION_3: u8 = 2;
/// Revocation lists of version 2.
pub(crate) const CRL_VERSION_2: u8 = 1;

/// `Certificate`.
#[derive(Sequence)]
pub(crate) struct CertificateForm<'a> {
    pub(crate) body: CertificateBody<'a>,
    pub(crate) signature_algorithm: AlgorithmIdentifierRef<'a>,
    pub(crate) signature: BitStringRef<'a>,
}

/// `TBSCertificate`.
#[derive(Sequence)]
pub(crate) struct CertificateBody<'a> {
    #[asn1(context_specific = "0", default = "version_1")]
    pub(crate) version: u8,
    pub(crate) serial: IntRef<'a>,
    pub(crate) signature_algorithm: AlgorithmIdentifierRef<'a>,
    pub(crate) issuer: AnyRef<'a>,
    pub(crate) validity: Validity,
    pub(crate) subject: AnyRef<'a>,
    pub(crate) public_key: SubjectPublicKeyInfoRef<'a>,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) extensions: Option<Vec<ExtensionForm<'a>>>,
}

const fn version_1() -> u8 {
    0
}

/// `Validity`.
#[derive(Sequence)]
pub(crate) struct Validity {
    not_before: Time,
    not_after: Time,
}

impl Validity {
    pub(crate) fn period(&self) -> ValidityPeriod {
        ValidityPeriod { from: unix_time(&self.not_before), until: unix_time(&self.not_after) }
    }
}

/// `Extension`.
#[derive(Sequence)]
pub(crate) struct ExtensionForm<'a> {
    pub(crate) oid: ObjectIdentifier,
    #[asn1(default = "Default::default")]
    pub(crate) critical: bool,
    pub(crate) value: &'a OctetStringRef,
}

/// `CertificateList`.
#[derive(Sequence)]
pub(crate) struct CrlForm<'a> {
    pub(crate) body: CrlBody<'a>,
    pub(crate) signature_algorithm: AlgorithmIdentifierRef<'a>,
    pub(crate) signature: BitStringRef<'a>,
}

/// `TBSCertList`.
#[derive(Sequence)]
pub(crate) struct CrlBody<'a> {
    // Absent in version 1, whose lists have no extensions and are refused.
    pub(crate) version: u8,
    pub(crate) signature_algorithm: AlgorithmIdentifierRef<'a>,
    pub(crate) issuer: AnyRef<'a>,
    pub(crate) this_update: Time,
    pub(crate) next_update: Option<Time>,
    pub(crate) revoked: Option<Vec<RevokedForm<'a>>>,
    #[asn1(context_specific = "0", optional = "true")]
    pub(crate) extensions: Option<Vec<ExtensionForm<'a>>>,
}

/// One entry of `revokedCertificates`.
#[derive(Sequence)]
pub(crate) struct RevokedForm<'a> {
    pub(crate) serial: IntRef<'a>,
    pub(crate) date: Time,
    pub(crate) extensions: Option<Vec<ExtensionForm<'a>>>,
}

/// Where the signed bytes lie in `SEQUENCE { toBeSigned, algorithm, signature }`.
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

/// A serial number, which RFC 5280 allows 20 bytes, and DER one more for the sign.
pub(crate) fn serial(serial: &IntRef<'_>) -> der::Result<Box<[u8]>> {
    let bytes = serial.as_bytes();
    if bytes.len() <= 21 { Ok(bytes.into()) } else { Err(der::ErrorKind::Overlength.into()) }
}

/// The bytes of a signature, which is no number of bits between two of them.
pub(crate) fn whole_bytes<'a>(signature: &BitStringRef<'a>) -> der::Result<&'a [u8]> {
    signature.as_bytes().ok_or_else(|| der::Tag::BitString.value_error().into())
}

/// ECDSA has no parameters.
pub(crate) fn is_ecdsa_with_sha256(algorithm: &AlgorithmIdentifierRef<'_>) -> bool {
    algorithm.oid == ECDSA_WITH_SHA_256 && algorithm.parameters.is_none()
}

pub(crate) fn find<'e, 'a>(all: &'e [ExtensionForm<'a>], oid: ObjectIdentifier) -> Option<&'e ExtensionForm<'a>> {
    all.iter().find(|extension| extension.oid == oid)
}

/// An object identifier that two extensions have.
pub(crate) fn duplicate(all: &[ExtensionForm<'_>]) -> Option<ObjectIdentifier> {
    all.iter()
        .enumerate()
        .find(|(at, one)| all.iter().skip(at.saturating_add(1)).any(|other| other.oid == one.oid))
        .map(|(_, extension)| extension.oid)
}

pub(crate) fn unix_time(time: &Time) -> UnixTime {
    UnixTime::from_seconds(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
}
