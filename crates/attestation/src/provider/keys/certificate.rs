//! The certificate that a signing key is published with.

use std::borrow::Cow;

use jose::PublicKey;
use problem::Problem;
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, PublicKeyData, SerialNumber,
    SignatureAlgorithm,
};
use time::OffsetDateTime;
use token::{REPORT_EXTENSION, SigningKey, TokenAlgorithm};
use unix_time::{UnixTime, ValidityPeriod};

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The validity is empty or outside the years that certificates can name.
    #[error("validity from {not_before} to {not_after} is empty or out of range")]
    Validity {
        /// Its first second.
        not_before: UnixTime,
        /// Its last second.
        not_after: UnixTime,
    },
    /// The certificate could not be signed.
    #[error("certificate cannot be made")]
    Make(#[source] rcgen::Error),
}

impl Problem for CertificateError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Validity { .. } => "certificate_validity",
            Self::Make(_) => "certificate_make",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Validity { .. } => "choose a validity that ends after it begins, before the year 10000",
            Self::Make(_) => "try again; if it stays so, the cryptographic library is broken",
        }
        .into()
    }
}

/// Makes the certificate under which a signing key is published, in DER.
///
/// It is self-signed, subject and issuer are `CN=<issuer>` (validators compare it with the token's issuer), serial 1, no CA, with
/// subject and authority key identifiers. `report` is an Open Enclave report about the key's holder, whose report data is
/// [`SigningKey::report_data`]; it becomes the extension that [`token::SignerEvidence`] reads.
///
/// # Errors
/// [`CertificateError`].
pub fn signing_certificate(
    key: &SigningKey,
    issuer: &str,
    validity: ValidityPeriod,
    report: Option<&[u8]>,
) -> Result<Vec<u8>, CertificateError> {
    let ValidityPeriod { from: not_before, until: not_after } = validity;
    let invalid = || CertificateError::Validity { not_before, not_after };
    let moment = |time: UnixTime| OffsetDateTime::from_unix_timestamp(time.seconds()).map_err(|_| invalid());
    if not_before < UnixTime::EPOCH || not_after < not_before {
        return Err(invalid());
    }
    let mut parameters = CertificateParams::default();
    parameters.not_before = moment(not_before)?;
    parameters.not_after = moment(not_after)?;
    parameters.serial_number = Some(SerialNumber::from(vec![1]));
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, issuer);
    parameters.is_ca = IsCa::ExplicitNoCa;
    parameters.use_authority_key_identifier_extension = true;
    let extension = |report: &[u8]| CustomExtension::from_oid_content(&REPORT_EXTENSION, report.to_vec());
    parameters.custom_extensions.extend(report.map(extension));
    let signer = CertificateSigner { key, public: key.pair().public_key() };
    Ok(parameters.self_signed(&signer).map_err(CertificateError::Make)?.der().to_vec())
}

/// Lets rcgen sign with the key without a copy of its secret.
struct CertificateSigner<'a> {
    key: &'a SigningKey,
    public: PublicKey,
}

impl PublicKeyData for CertificateSigner<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.key.algorithm() {
            TokenAlgorithm::Rs256 => &rcgen::PKCS_RSA_SHA256,
            TokenAlgorithm::Es256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        }
    }
}

impl rcgen::SigningKey for CertificateSigner<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.key.pair().sign_certificate(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

#[cfg(test)]
mod tests {
    use crate::policy_jws::SignerCertificate;
    use der::{Decode, Encode};
    use token::SignerEvidence;
    use token::hash::{key_digest, key_id};
    use x509_cert::Certificate;
    use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, SubjectKeyIdentifier};

    use super::*;

    const ISS: &str = "https://attest.example";
    const NOW: i64 = 1_800_000_000;

    fn made(key: &SigningKey, from: i64, until: i64) -> Result<Vec<u8>, CertificateError> {
        let (from, until) = (UnixTime::from_seconds(from), UnixTime::from_seconds(until));
        signing_certificate(key, ISS, ValidityPeriod { from, until }, None)
    }

    #[test]
    fn certificate_is_self_signed_for_the_issuer() {
        let key = SigningKey::generate(TokenAlgorithm::Rs256).unwrap();
        let certificate = Certificate::from_der(&made(&key, NOW, 2_556_143_999).unwrap()).unwrap();
        let body = certificate.tbs_certificate();
        assert_eq!(body.subject().to_string(), format!("CN={ISS}"));
        assert_eq!(body.subject(), body.issuer());
        assert_eq!(body.serial_number().as_bytes(), [1]);
        assert_eq!(body.signature().oid.to_string(), "1.2.840.113549.1.1.11");
        assert_eq!(body.validity().not_before.to_unix_duration().as_secs(), 1_800_000_000);
        assert_eq!(body.validity().not_after.to_unix_duration().as_secs(), 2_556_143_999);

        let (_, constraints) = body.get_extension::<BasicConstraints>().unwrap().unwrap();
        assert!(!constraints.ca);
        let (_, subject) = body.get_extension::<SubjectKeyIdentifier>().unwrap().unwrap();
        let (_, authority) = body.get_extension::<AuthorityKeyIdentifier>().unwrap().unwrap();
        assert_eq!(authority.key_identifier.as_ref(), Some(&subject.0));
    }

    #[test]
    fn certificate_holds_and_is_signed_by_the_key() {
        for algorithm in [TokenAlgorithm::Rs256, TokenAlgorithm::Es256] {
            let key = SigningKey::generate(algorithm).unwrap();
            let der = made(&key, NOW, NOW + 1).unwrap();
            let certificate = Certificate::from_der(&der).unwrap();
            let spki = certificate.tbs_certificate().subject_public_key_info();
            assert_eq!(key_id(&key_digest(&spki.to_der().unwrap())), key.kid());
            assert!(key.is_in_certificate(&der));
            let certificate = SignerCertificate::from_der(&der).unwrap();
            assert!(certificate.signed(&certificate), "it is self-signed");
        }
    }

    #[test]
    fn evidence_about_the_key_is_in_its_certificate() {
        let key = SigningKey::generate(TokenAlgorithm::Es256).unwrap();
        let mut quote = vec![0; 1000];
        quote[48 + 320..48 + 384].copy_from_slice(&key.report_data());
        let report = abi::open_enclave::framed(&quote);
        let validity = ValidityPeriod { from: UnixTime::from_seconds(NOW), until: UnixTime::from_seconds(NOW + 1) };
        let der = signing_certificate(&key, ISS, validity, Some(&report)).unwrap();
        let evidence = SignerEvidence::in_certificate(&der).unwrap();
        assert!(evidence.quote() == quote && evidence.is_about_the_key(&key.report_data()));
    }

    #[test]
    fn refuses_validity_that_is_empty_or_out_of_range() {
        let key = SigningKey::generate(TokenAlgorithm::Es256).unwrap();
        for (from, until) in [(NOW, NOW - 1), (-1, NOW), (NOW, i64::MAX), (i64::MIN, i64::MAX)] {
            let result = made(&key, from, until);
            assert!(matches!(result, Err(CertificateError::Validity { .. })), "{from} {until}");
        }
    }
}
