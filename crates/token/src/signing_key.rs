//! The key that signs tokens, and its certificate.

use std::borrow::Cow;

use problem::Problem;
use std::fmt;

use der::{Decode, Encode};
use jose::{KeyError, KeyKind, KeyPair, PublicKey};
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, PublicKeyData, SerialNumber,
    SignatureAlgorithm,
};
use time::OffsetDateTime;
use unix_time::{UnixTime, ValidityPeriod};
use x509_cert::Certificate;
use zeroize::Zeroizing;

use crate::algorithm::TokenAlgorithm;
use crate::hash::{key_digest, key_id, report_data};
use crate::signer_evidence;

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

/// A key that signs tokens, with RS256 or ES256. Its `Debug` shows the key id alone.
pub struct SigningKey {
    pair: KeyPair,
    /// SHA-256 of the public key; see [`key_digest`].
    digest: [u8; 32],
    kid: String,
}

impl SigningKey {
    /// Makes a new key: RSA of 2048 bits, which takes some hundred milliseconds, or P-256.
    ///
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate(algorithm: TokenAlgorithm) -> Result<Self, KeyError> {
        Self::new(match algorithm {
            TokenAlgorithm::Rs256 => KeyPair::generate_rsa()?,
            TokenAlgorithm::Es256 => KeyPair::generate_p256()?,
        })
    }

    /// Reads a key from PKCS#8 in DER (RFC 5208), unencrypted: RSA of 2048 to 4096 bits, or P-256. Which it is stands inside.
    ///
    /// # Errors
    /// [`KeyError::Pkcs8`], [`KeyError::Size`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        Self::new(KeyPair::from_pkcs8(der)?)
    }

    fn new(pair: KeyPair) -> Result<Self, KeyError> {
        let digest = key_digest(&pair.public_key_info()?);
        Ok(Self { pair, digest, kid: key_id(&digest) })
    }

    /// What it signs with.
    pub fn algorithm(&self) -> TokenAlgorithm {
        match self.pair.public_key().kind() {
            KeyKind::Rsa => TokenAlgorithm::Rs256,
            KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => TokenAlgorithm::Es256,
        }
    }

    /// Writes the key as PKCS#8 in DER; the bytes are wiped when they are dropped.
    ///
    /// # Errors
    /// [`KeyError::Encode`].
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.pair.to_pkcs8()
    }

    /// The key itself.
    pub fn pair(&self) -> &KeyPair {
        &self.pair
    }

    /// The key's id by Azure Attestation's rule; see [`crate::hash::key_id`].
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Whether a certificate in DER holds this key.
    pub fn is_in_certificate(&self, certificate: &[u8]) -> bool {
        let spki = |certificate: Certificate| certificate.tbs_certificate().subject_public_key_info().to_der();
        let spki = Certificate::from_der(certificate).and_then(spki);
        spki.is_ok_and(|spki| key_digest(&spki) == self.digest)
    }

    /// What evidence about the key's holder has for its report data: SHA-256 of the public key in PEM and a NUL, and zeros.
    pub fn report_data(&self) -> [u8; 64] {
        report_data(&self.digest)
    }

    /// Signs `message` with SHA-256 and RSASSA-PKCS1-v1_5, or ECDSA (r‖s, 64 bytes).
    ///
    /// # Errors
    /// [`KeyError::Sign`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.pair.sign(message)
    }

    /// Makes the certificate under which the key is published, in DER.
    ///
    /// It is self-signed, subject and issuer are `CN=<iss>` (validators compare it with the token's issuer), serial 1,
    /// no CA, with subject and authority key identifiers.
    /// `open_enclave_report` is evidence about whoever holds the key, whose report data is [`Self::report_data`]; it becomes the
    /// extension that [`crate::SignerEvidence`] reads.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn self_signed(
        &self,
        iss: &str,
        ValidityPeriod { from: not_before, until: not_after }: ValidityPeriod,
        open_enclave_report: Option<&[u8]>,
    ) -> Result<Vec<u8>, CertificateError> {
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
        parameters.distinguished_name.push(DnType::CommonName, iss);
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.use_authority_key_identifier_extension = true;
        parameters.custom_extensions.extend(
            open_enclave_report
                .map(|report| CustomExtension::from_oid_content(&signer_evidence::REPORT_EXTENSION, report.to_vec())),
        );
        let certificate = parameters
            .self_signed(&CertificateSigner { key: self, public: self.pair.public_key() })
            .map_err(CertificateError::Make)?;
        Ok(certificate.der().to_vec())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
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
        self.key.pair.sign_certificate(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}
