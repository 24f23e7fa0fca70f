//! Certificate revocation lists.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_CE_CRL_REASONS;
use const_oid::db::rfc5912::ECDSA_WITH_SHA_256;
use der::Tag;
use unix_time::UnixTime;

use super::certificate::x509_signed;
use super::extension::RawExtension;
use super::name::Name;
use crate::build_error::BuildError;
use crate::key::EcdsaKey;
use crate::signed::Specification;
use crate::{asn1, time};

/// What a CRL says. `None` leaves a part out.
#[derive(Clone, Debug)]
pub struct CrlSpec {
    /// Version as it is encoded: 1 is version 2.
    pub version: Option<u8>,
    /// Signature algorithm, named inside and outside of what is signed.
    pub signature_algorithm: ObjectIdentifier,
    /// Who issued it.
    pub issuer: Name,
    /// Since when it holds.
    pub this_update: UnixTime,
    /// When the next one is due.
    pub next_update: Option<UnixTime>,
    /// Serial numbers, big-endian, each revoked at `this_update` because its key is compromised.
    pub revoked: Vec<Vec<u8>>,
    /// CRL number.
    pub crl_number: Option<u64>,
    /// Authority key identifier.
    pub authority_key_id: Option<Vec<u8>>,
    /// More extensions, after all others.
    pub more_extensions: Vec<RawExtension>,
}

impl CrlSpec {
    /// A CRL by which that issuer revokes nothing.
    pub fn empty(issuer: Name, key: &EcdsaKey, this_update: UnixTime, next_update: UnixTime) -> Self {
        Self {
            version: Some(1),
            signature_algorithm: ECDSA_WITH_SHA_256,
            issuer,
            this_update,
            next_update: Some(next_update),
            revoked: Vec::new(),
            crl_number: Some(1),
            authority_key_id: Some(key.key_id()),
            more_extensions: Vec::new(),
        }
    }

    fn entry(&self, serial: &[u8]) -> Result<Vec<u8>, BuildError> {
        const KEY_COMPROMISE: &[u8] = &[1];
        let reason = asn1::value(Tag::Enumerated, KEY_COMPROMISE)?;
        let reason = RawExtension { oid: ID_CE_CRL_REASONS, critical: false, value: reason };
        asn1::sequence(&[asn1::unsigned(serial)?, time::x509(self.this_update)?, asn1::sequence(&[reason.to_der()?])?])
    }

    fn extensions(&self) -> Result<Vec<Vec<u8>>, BuildError> {
        let known = [
            self.crl_number.map(RawExtension::crl_number),
            self.authority_key_id.as_deref().map(RawExtension::authority_key_id),
        ];
        let known = known.into_iter().flatten();
        known.chain(self.more_extensions.iter().cloned().map(Ok)).map(|extension| extension?.to_der()).collect()
    }
}

impl Specification for CrlSpec {
    /// TBSCertList in DER.
    fn to_be_signed(&self) -> Result<Vec<u8>, BuildError> {
        let mut parts = Vec::new();
        if let Some(version) = self.version {
            parts.push(asn1::unsigned(&[version])?);
        }
        parts.push(asn1::sequence(&[asn1::oid(self.signature_algorithm)?])?);
        parts.push(self.issuer.to_der()?);
        parts.push(time::x509(self.this_update)?);
        if let Some(next_update) = self.next_update {
            parts.push(time::x509(next_update)?);
        }
        if !self.revoked.is_empty() {
            let entries: Result<Vec<_>, _> = self.revoked.iter().map(|serial| self.entry(serial)).collect();
            parts.push(asn1::sequence(&entries?)?);
        }
        let extensions = self.extensions()?;
        if !extensions.is_empty() {
            parts.push(asn1::constructed(0, &asn1::sequence(&extensions)?)?);
        }
        asn1::sequence(&parts)
    }

    /// CertificateList in DER.
    fn assemble(&self, to_be_signed: &[u8], signature: &[u8; 64]) -> Result<Vec<u8>, BuildError> {
        x509_signed(to_be_signed, self.signature_algorithm, signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signed::Signed;
    use der::{Decode, Encode};
    use x509_cert::crl::CertificateList;

    fn crl() -> Signed<CrlSpec> {
        let key = EcdsaKey::generate().unwrap();
        Signed::new(
            CrlSpec::empty(
                Name::simulated("Intel SGX Root CA"),
                &key,
                UnixTime::from_seconds(1_000_000),
                UnixTime::from_seconds(2_000_000),
            ),
            key,
        )
    }

    #[test]
    fn an_empty_crl_has_no_list_of_entries() {
        let der = crl().build().unwrap();
        let read = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(&der).unwrap();
        assert_eq!(read.to_der().unwrap(), der);
        assert_eq!(read.tbs_cert_list.version, x509_cert::Version::V2);
        assert!(read.tbs_cert_list.revoked_certificates.is_none());
        let extensions = read.tbs_cert_list.crl_extensions.unwrap();
        assert_eq!(extensions[0].extn_value.as_bytes(), [2, 1, 1], "CRL number 1 first, as Intel has it");
    }

    #[test]
    fn revoked_serials_are_listed_for_key_compromise() {
        let mut crl = crl();
        crl.spec.revoked = vec![vec![0xef, 1], vec![2]];
        let der = crl.build().unwrap();
        let read = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(&der).unwrap();
        let revoked = read.tbs_cert_list.revoked_certificates.unwrap();
        assert_eq!(revoked.len(), 2);
        assert_eq!(revoked[0].serial_number.as_bytes(), [0, 0xef, 1]);
        assert_eq!(revoked[0].crl_entry_extensions.as_ref().unwrap()[0].extn_value.as_bytes(), [10, 1, 1]);
    }

    #[test]
    fn next_update_can_be_left_out() {
        let mut crl = crl();
        crl.spec.next_update = None;
        let der = crl.build().unwrap();
        let read = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(&der).unwrap();
        assert!(read.tbs_cert_list.next_update.is_none());
    }
}
