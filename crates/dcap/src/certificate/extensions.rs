//! The extensions of the DCAP hierarchy: a closed set, each one read or refused.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_KEY_USAGE,
    ID_CE_SUBJECT_KEY_IDENTIFIER,
};
use der::Decode;
use der::asn1::OctetString;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage};

use super::{MAX_EXTENSIONS, MalformedCertificate, SGX_EXTENSION};

/// What every certificate of the hierarchy carries, and Intel's own.
pub(super) struct Extensions {
    pub(super) subject_key_id: Vec<u8>,
    pub(super) authority_key_id: Vec<u8>,
    pub(super) key_usage: KeyUsage,
    pub(super) basic_constraints: BasicConstraints,
    pub(super) sgx: Option<Vec<u8>>,
}

impl Extensions {
    /// Reads the five that every certificate of the hierarchy has to carry, and Intel's own.
    pub(super) fn read(all: &[Extension]) -> Result<Self, MalformedCertificate> {
        if all.len() > MAX_EXTENSIONS {
            return Err(MalformedCertificate::TooManyExtensions(all.len()));
        }
        refuse_duplicates(all)?;
        refuse_unknown_critical(all)?;
        let subject_key_id: OctetString = decode(all, ID_CE_SUBJECT_KEY_IDENTIFIER, "subject key identifier")?;
        let authority: AuthorityKeyIdentifier =
            decode(all, ID_CE_AUTHORITY_KEY_IDENTIFIER, "authority key identifier")?;
        let authority_key_id = authority.key_identifier.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        if subject_key_id.as_bytes().is_empty() {
            return Err(MalformedCertificate::MissingExtension("subject key identifier"));
        }
        if authority_key_id.is_empty() {
            return Err(MalformedCertificate::MissingExtension("authority key identifier"));
        }
        if find(all, ID_CE_CRL_DISTRIBUTION_POINTS).is_none() {
            return Err(MalformedCertificate::MissingExtension("CRL distribution points"));
        }
        Ok(Self {
            subject_key_id: subject_key_id.as_bytes().to_vec(),
            authority_key_id,
            key_usage: decode(all, ID_CE_KEY_USAGE, "key usage")?,
            basic_constraints: decode(all, ID_CE_BASIC_CONSTRAINTS, "basic constraints")?,
            sgx: find(all, SGX_EXTENSION).map(|extension| extension.extn_value.as_bytes().to_vec()),
        })
    }
}

pub(crate) fn find(all: &[Extension], oid: ObjectIdentifier) -> Option<&Extension> {
    all.iter().find(|extension| extension.extn_id == oid)
}

pub(crate) fn duplicate(all: &[Extension]) -> Option<ObjectIdentifier> {
    all.iter()
        .enumerate()
        .find(|(at, one)| all.iter().skip(at.saturating_add(1)).any(|o| o.extn_id == one.extn_id))
        .map(|(_, e)| e.extn_id)
}

fn refuse_duplicates(all: &[Extension]) -> Result<(), MalformedCertificate> {
    duplicate(all).map_or(Ok(()), |oid| Err(MalformedCertificate::DuplicateExtension(oid)))
}

fn refuse_unknown_critical(all: &[Extension]) -> Result<(), MalformedCertificate> {
    const KNOWN: [ObjectIdentifier; 6] = [
        ID_CE_SUBJECT_KEY_IDENTIFIER,
        ID_CE_AUTHORITY_KEY_IDENTIFIER,
        ID_CE_CRL_DISTRIBUTION_POINTS,
        ID_CE_KEY_USAGE,
        ID_CE_BASIC_CONSTRAINTS,
        SGX_EXTENSION,
    ];
    match all.iter().find(|extension| extension.critical && !KNOWN.contains(&extension.extn_id)) {
        Some(extension) => Err(MalformedCertificate::UnknownCriticalExtension(extension.extn_id)),
        None => Ok(()),
    }
}

fn decode<'a, T: Decode<'a, Error = der::Error>>(
    all: &'a [Extension],
    oid: ObjectIdentifier,
    name: &'static str,
) -> Result<T, MalformedCertificate> {
    let extension = find(all, oid).ok_or(MalformedCertificate::MissingExtension(name))?;
    T::from_der(extension.extn_value.as_bytes()).map_err(MalformedCertificate::Der)
}
