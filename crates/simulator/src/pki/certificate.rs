//! Certificates.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::ECDSA_WITH_SHA_256;
use unix_time::UnixTime;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};

use super::extension::RawExtension;
use super::name::Name;
use super::sgx_extension::SgxExtensionSpec;
use crate::build_error::BuildError;
use crate::key::EcdsaKey;
use crate::signed::Specification;
use crate::{asn1, time};

/// What a certificate says. `None` leaves an extension out.
#[derive(Clone, Debug)]
pub struct CertificateSpec {
    /// Version as it is encoded: 2 is version 3, 0 (left out, as DER demands) version 1.
    pub version: u8,
    /// Serial number, big-endian, not negative.
    pub serial: Vec<u8>,
    /// Signature algorithm, named inside and outside of what is signed.
    pub signature_algorithm: ObjectIdentifier,
    /// Who issued it.
    pub issuer: Name,
    /// First second of validity.
    pub not_before: UnixTime,
    /// Last second of validity.
    pub not_after: UnixTime,
    /// Whom it names.
    pub subject: Name,
    /// SubjectPublicKeyInfo in DER.
    pub subject_public_key_info: Vec<u8>,
    /// Authority key identifier.
    pub authority_key_id: Option<Vec<u8>>,
    /// CRL distribution point, a URI.
    pub crl_distribution_point: Option<String>,
    /// Subject key identifier.
    pub subject_key_id: Option<Vec<u8>>,
    /// Key usage, critical.
    pub key_usage: Option<KeyUsage>,
    /// Basic constraints, critical.
    pub basic_constraints: Option<BasicConstraints>,
    /// Intel's SGX extension.
    pub sgx_extension: Option<SgxExtensionSpec>,
    /// More extensions, after all others.
    pub more_extensions: Vec<RawExtension>,
}

impl CertificateSpec {
    /// A CA certificate: may sign certificates and CRLs, with at most `cas_below` CAs below it.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn ca(name: Name, key: &EcdsaKey, cas_below: u8) -> Result<Self, BuildError> {
        Ok(Self {
            key_usage: Some(KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)),
            basic_constraints: Some(BasicConstraints { ca: true, path_len_constraint: Some(cas_below) }),
            ..Self::end_entity(name, key)?
        })
    }

    /// A certificate that may sign data. It issues itself and is valid at the Unix epoch alone until issuer,
    /// serial number and validity are set.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn end_entity(name: Name, key: &EcdsaKey) -> Result<Self, BuildError> {
        Ok(Self {
            version: 2,
            serial: vec![1],
            signature_algorithm: ECDSA_WITH_SHA_256,
            issuer: name.clone(),
            not_before: UnixTime::EPOCH,
            not_after: UnixTime::EPOCH,
            subject: name,
            subject_public_key_info: key.subject_public_key_info()?,
            authority_key_id: Some(key.key_id()),
            crl_distribution_point: None,
            subject_key_id: Some(key.key_id()),
            key_usage: Some(KeyUsage(KeyUsages::DigitalSignature | KeyUsages::NonRepudiation)),
            basic_constraints: Some(BasicConstraints { ca: false, path_len_constraint: None }),
            sgx_extension: None,
            more_extensions: Vec::new(),
        })
    }

    /// The extensions in Intel's order, each with the criticality Intel gives it.
    fn extensions(&self) -> Result<Vec<Vec<u8>>, BuildError> {
        let known = [
            self.authority_key_id.as_deref().map(RawExtension::authority_key_id),
            self.crl_distribution_point.as_deref().map(RawExtension::crl_distribution_point),
            self.subject_key_id.as_deref().map(RawExtension::subject_key_id),
            self.key_usage.map(RawExtension::key_usage),
            self.basic_constraints.as_ref().map(RawExtension::basic_constraints),
            self.sgx_extension.as_ref().map(SgxExtensionSpec::to_extension),
        ];
        let known = known.into_iter().flatten();
        known.chain(self.more_extensions.iter().cloned().map(Ok)).map(|extension| extension?.to_der()).collect()
    }
}

impl Specification for CertificateSpec {
    /// TBSCertificate in DER.
    fn to_be_signed(&self) -> Result<Vec<u8>, BuildError> {
        let mut parts = Vec::new();
        if self.version != 0 {
            parts.push(asn1::constructed(0, &asn1::unsigned(&[self.version])?)?);
        }
        parts.push(asn1::unsigned(&self.serial)?);
        parts.push(asn1::sequence(&[asn1::oid(self.signature_algorithm)?])?);
        parts.push(self.issuer.to_der()?);
        parts.push(asn1::sequence(&[time::x509(self.not_before)?, time::x509(self.not_after)?])?);
        parts.push(self.subject.to_der()?);
        parts.push(self.subject_public_key_info.clone());
        let extensions = self.extensions()?;
        if !extensions.is_empty() {
            parts.push(asn1::constructed(3, &asn1::sequence(&extensions)?)?);
        }
        asn1::sequence(&parts)
    }

    /// Certificate in DER.
    fn assemble(&self, to_be_signed: &[u8], signature: &[u8; 64]) -> Result<Vec<u8>, BuildError> {
        x509_signed(to_be_signed, self.signature_algorithm, signature)
    }
}

/// `SEQUENCE { toBeSigned, algorithm, signature }`, the shape of certificates and CRLs.
pub(super) fn x509_signed(
    to_be_signed: &[u8],
    algorithm: ObjectIdentifier,
    signature: &[u8; 64],
) -> Result<Vec<u8>, BuildError> {
    let algorithm = asn1::sequence(&[asn1::oid(algorithm)?])?;
    let signature = asn1::bit_string(&asn1::ecdsa_signature(signature)?)?;
    asn1::sequence(&[to_be_signed.to_vec(), algorithm, signature])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signed::Signed;
    use der::{Decode, Encode};

    fn root() -> Signed<CertificateSpec> {
        let key = EcdsaKey::generate().unwrap();
        let mut spec = CertificateSpec::ca(Name::simulated("Intel SGX Root CA"), &key, 1).unwrap();
        spec.crl_distribution_point = Some("https://example.invalid/root.der".to_owned());
        spec.not_after = UnixTime::from_seconds(2_524_608_000);
        Signed::new(spec, key)
    }

    #[test]
    fn a_certificate_reads_back_as_it_was_specified() {
        let der = root().build().unwrap();
        let read = x509_cert::Certificate::from_der(&der).unwrap();
        assert_eq!(read.to_der().unwrap(), der);
        let body = read.tbs_certificate();
        assert_eq!(body.version(), x509_cert::Version::V3);
        assert_eq!(body.issuer(), body.subject());
        assert_eq!(body.validity().not_after.to_string(), "2050-01-01T00:00:00Z");
        let oids: Vec<String> = body.extensions().unwrap().iter().map(|e| e.extn_id.to_string()).collect();
        assert_eq!(oids, ["2.5.29.35", "2.5.29.31", "2.5.29.14", "2.5.29.15", "2.5.29.19"], "Intel's order");
        let critical: Vec<bool> = body.extensions().unwrap().iter().map(|e| e.critical).collect();
        assert_eq!(critical, [false, false, false, true, true]);
        let values: Vec<String> =
            body.extensions().unwrap().iter().skip(3).map(|e| hex::encode(e.extn_value.as_bytes())).collect();
        assert_eq!(values, ["03020106", "30060101ff020101"], "as in Intel's root certificate");
    }

    #[test]
    fn an_extension_left_out_is_not_there_and_one_more_is_last() {
        let mut root = root();
        root.spec.key_usage = None;
        let oid = ObjectIdentifier::new_unwrap("1.2.3");
        root.spec.more_extensions.push(RawExtension { oid, critical: true, value: vec![1, 2] });
        let read = x509_cert::Certificate::from_der(&root.build().unwrap()).unwrap();
        let extensions = read.tbs_certificate().extensions().unwrap();
        assert_eq!(extensions.len(), 5);
        assert_eq!(extensions.last().unwrap().extn_id, oid);
    }

    #[test]
    fn a_version_1_certificate_has_no_version_field() {
        let mut root = root();
        root.spec.version = 0;
        let read = x509_cert::Certificate::from_der(&root.build().unwrap()).unwrap();
        assert_eq!(read.tbs_certificate().version(), x509_cert::Version::V1);
    }
}
