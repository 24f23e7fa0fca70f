//! The extensions of the DCAP hierarchy: a closed set, each one read or refused.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_KEY_USAGE,
    ID_CE_SUBJECT_KEY_IDENTIFIER,
};
use der::Decode;
use der::asn1::OctetString;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage};

use crate::pki::certificate::error::{MAX_EXTENSIONS, MalformedCertificate, SGX_EXTENSION};
use crate::pki::x509::{self, ExtensionForm};

/// What every certificate of the hierarchy carries, and Intel's own.
pub(crate) struct Extensions {
    pub(crate) subject_key_id: Vec<u8>,
    pub(crate) authority_key_id: Vec<u8>,
    pub(crate) key_usage: KeyUsage,
    pub(crate) basic_constraints: BasicConstraints,
    pub(crate) sgx: Option<Vec<u8>>,
}

impl Extensions {
    /// Reads the five that every certificate of the hierarchy has to carry, and Intel's own.
    pub(crate) fn read(all: &[ExtensionForm<'_>]) -> Result<Self, MalformedCertificate> {
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
        if x509::find(all, ID_CE_CRL_DISTRIBUTION_POINTS).is_none() {
            return Err(MalformedCertificate::MissingExtension("CRL distribution points"));
        }
        Ok(Self {
            subject_key_id: subject_key_id.as_bytes().to_vec(),
            authority_key_id,
            key_usage: decode(all, ID_CE_KEY_USAGE, "key usage")?,
            basic_constraints: decode(all, ID_CE_BASIC_CONSTRAINTS, "basic constraints")?,
            sgx: x509::find(all, SGX_EXTENSION).map(|extension| extension.value.as_bytes().to_vec()),
        })
    }
}

fn refuse_duplicates(all: &[ExtensionForm<'_>]) -> Result<(), MalformedCertificate> {
    x509::duplicate(all).map_or(Ok(()), |oid| Err(MalformedCertificate::DuplicateExtension(oid)))
}

fn refuse_unknown_critical(all: &[ExtensionForm<'_>]) -> Result<(), MalformedCertificate> {
    const KNOWN: [ObjectIdentifier; 6] = [
        ID_CE_SUBJECT_KEY_IDENTIFIER,
        ID_CE_AUTHORITY_KEY_IDENTIFIER,
        ID_CE_CRL_DISTRIBUTION_POINTS,
        ID_CE_KEY_USAGE,
        ID_CE_BASIC_CONSTRAINTS,
        SGX_EXTENSION,
    ];
    match all.iter().find(|extension| extension.critical && !KNOWN.contains(&extension.oid)) {
        Some(extension) => Err(MalformedCertificate::UnknownCriticalExtension(extension.oid)),
        None => Ok(()),
    }
}

fn decode<'a, T: Decode<'a, Error = der::Error>>(
    all: &[ExtensionForm<'a>],
    oid: ObjectIdentifier,
    name: &'static str,
) -> Result<T, MalformedCertificate> {
    let extension = x509::find(all, oid).ok_or(MalformedCertificate::MissingExtension(name))?;
    T::from_der(extension.value.as_bytes()).map_err(MalformedCertificate::Der)
}
