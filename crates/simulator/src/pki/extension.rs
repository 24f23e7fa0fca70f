//! Extensions of certificates and CRLs.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_CRL_NUMBER,
    ID_CE_KEY_USAGE, ID_CE_SUBJECT_KEY_IDENTIFIER,
};
use der::Encode;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

use crate::asn1;
use crate::build_error::BuildError;

/// Any extension at all: a second one of a kind, an unknown one, a malformed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawExtension {
    /// Which extension.
    pub oid: ObjectIdentifier,
    /// Whether whoever does not know it has to refuse the certificate.
    pub critical: bool,
    /// Contents of the OCTET STRING, normally DER.
    pub value: Vec<u8>,
}

impl RawExtension {
    pub(crate) fn to_der(&self) -> Result<Vec<u8>, BuildError> {
        let mut parts = vec![asn1::oid(self.oid)?];
        if self.critical {
            // FALSE is the default, which DER leaves out.
            parts.push(asn1::boolean(true)?);
        }
        parts.push(asn1::octet_string(&self.value)?);
        asn1::sequence(&parts)
    }

    pub(crate) fn authority_key_id(id: &[u8]) -> Result<Self, BuildError> {
        let value = asn1::sequence(&[asn1::primitive(0, id)?])?;
        Ok(Self { oid: ID_CE_AUTHORITY_KEY_IDENTIFIER, critical: false, value })
    }

    /// One distribution point, named in full by one URI.
    pub(crate) fn crl_distribution_point(uri: &str) -> Result<Self, BuildError> {
        let full_name = asn1::constructed(0, &asn1::primitive(6, uri.as_bytes())?)?;
        let point = asn1::sequence(&[asn1::constructed(0, &full_name)?])?;
        Ok(Self { oid: ID_CE_CRL_DISTRIBUTION_POINTS, critical: false, value: asn1::sequence(&[point])? })
    }

    pub(crate) fn subject_key_id(id: &[u8]) -> Result<Self, BuildError> {
        Ok(Self { oid: ID_CE_SUBJECT_KEY_IDENTIFIER, critical: false, value: asn1::octet_string(id)? })
    }

    pub(crate) fn key_usage(usage: KeyUsage) -> Result<Self, BuildError> {
        Ok(Self { oid: ID_CE_KEY_USAGE, critical: true, value: usage.to_der()? })
    }

    pub(crate) fn basic_constraints(constraints: &BasicConstraints) -> Result<Self, BuildError> {
        Ok(Self { oid: ID_CE_BASIC_CONSTRAINTS, critical: true, value: constraints.to_der()? })
    }

    pub(crate) fn crl_number(number: u64) -> Result<Self, BuildError> {
        Ok(Self { oid: ID_CE_CRL_NUMBER, critical: false, value: asn1::unsigned(&number.to_be_bytes())? })
    }
}
