//! The key that signs tokens, and its certificate.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::{Decode, Encode};
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, PublicKeyData, SerialNumber,
    SignatureAlgorithm,
};
use time::OffsetDateTime;
use x509_cert::Certificate;
use zeroize::Zeroizing;

use crate::algorithm::TokenAlgorithm;
use crate::hash::key_id;
use crate::signer_evidence;

/// The fewest bytes in the modulus of a key: 2048 bits.
const MIN_MODULUS: usize = 256;
/// The most bytes in the modulus of a key: 4096 bits.
const MAX_MODULUS: usize = 512;

/// Why a signing key cannot be made, read, written or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The library made no key.
    #[error("no key could be generated")]
    Generate(#[source] aws_lc_rs::error::Unspecified),
    /// Not the PKCS#8 of a consistent RSA or P-256 key.
    #[error("signing key is no RSA or P-256 key in PKCS#8 DER")]
    Pkcs8(#[source] aws_lc_rs::error::KeyRejected),
    /// The modulus is not of 2048 to 4096 bits.
    #[error("signing key has a modulus of {bytes} bytes instead of {MIN_MODULUS} to {MAX_MODULUS}")]
    Size {
        /// Its length.
        bytes: usize,
    },
    /// The library did not write the key.
    #[error("signing key cannot be encoded")]
    Encode(#[source] aws_lc_rs::error::Unspecified),
    /// The library did not sign.
    #[error("signing failed")]
    Sign(#[source] aws_lc_rs::error::Unspecified),
    /// The header of what was to be signed could not be written.
    #[error("header cannot be written")]
    Header(#[source] serde_json::Error),
}

impl KeyError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Generate(_) => "key_generation",
            Self::Pkcs8(_) => "key_pkcs8",
            Self::Size { .. } => "key_size",
            Self::Encode(_) => "key_encoding",
            Self::Sign(_) => "key_signing",
            Self::Header(_) => "key_header",
        }
    }

    /// What the operator can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Pkcs8(_) => {
                "give an unencrypted RSA or P-256 private key in PKCS#8 DER, as `openssl genpkey -outform DER` writes"
            }
            Self::Size { .. } => "use an RSA key of 2048 to 4096 bits",
            Self::Generate(_) | Self::Encode(_) | Self::Sign(_) | Self::Header(_) => {
                "try again; if it stays so, the cryptographic library is broken"
            }
        }
    }
}

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The validity is empty or outside the years that certificates can name.
    #[error("validity from {not_before} to {not_after} is empty or out of range")]
    Validity {
        /// Its beginning, in seconds since 1970 UTC.
        not_before: i64,
        /// Its end.
        not_after: i64,
    },
    /// The certificate could not be signed.
    #[error("certificate cannot be made")]
    Make(#[source] rcgen::Error),
}

impl CertificateError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Validity { .. } => "certificate_validity",
            Self::Make(_) => "certificate_make",
        }
    }

    /// What the operator can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Validity { .. } => "choose a validity that ends after it begins, before the year 10000",
            Self::Make(_) => "try again; if it stays so, the cryptographic library is broken",
        }
    }
}

/// A key that signs tokens, with RS256 or ES256. Its `Debug` shows the key id alone.
pub struct SigningKey {
    pair: Pair,
    kid: String,
}

/// The library wipes both when they are dropped.
enum Pair {
    Rsa(Box<KeyPair>),
    P256(EcdsaKeyPair),
}

impl SigningKey {
    /// Makes a new key: RSA of 2048 bits, which takes some hundred milliseconds, or P-256.
    ///
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate(algorithm: TokenAlgorithm) -> Result<Self, KeyError> {
        Self::new(match algorithm {
            TokenAlgorithm::Rs256 => {
                Pair::Rsa(Box::new(KeyPair::generate(KeySize::Rsa2048).map_err(KeyError::Generate)?))
            }
            TokenAlgorithm::Es256 => {
                Pair::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(KeyError::Generate)?)
            }
        })
    }

    /// Reads a key from PKCS#8 in DER (RFC 5208), unencrypted: RSA of 2048 to 4096 bits, or P-256. Which it is stands inside.
    ///
    /// # Errors
    /// [`KeyError::Pkcs8`], [`KeyError::Size`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        match EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
            Ok(pair) => Self::new(Pair::P256(pair)),
            Err(_) => Self::new(Pair::Rsa(Box::new(KeyPair::from_pkcs8(der).map_err(KeyError::Pkcs8)?))),
        }
    }

    fn new(pair: Pair) -> Result<Self, KeyError> {
        let spki: PublicKeyX509Der<'_> = match &pair {
            Pair::Rsa(pair) => {
                let bytes = pair.public_modulus_len();
                if !(MIN_MODULUS..=MAX_MODULUS).contains(&bytes) {
                    return Err(KeyError::Size { bytes });
                }
                pair.public_key().as_der()
            }
            Pair::P256(pair) => pair.public_key().as_der(),
        }
        .map_err(KeyError::Encode)?;
        let kid = key_id(spki.as_ref());
        Ok(Self { pair, kid })
    }

    /// What it signs with.
    pub const fn algorithm(&self) -> TokenAlgorithm {
        match &self.pair {
            Pair::Rsa(_) => TokenAlgorithm::Rs256,
            Pair::P256(_) => TokenAlgorithm::Es256,
        }
    }

    /// Writes the key as PKCS#8 in DER; the bytes are wiped when they are dropped.
    ///
    /// # Errors
    /// [`KeyError::Encode`].
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let der = match &self.pair {
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(KeyError::Encode)?;
                der.as_ref().to_vec()
            }
            Pair::P256(pair) => pair.to_pkcs8v1().map_err(KeyError::Encode)?.as_ref().to_vec(),
        };
        Ok(Zeroizing::new(der))
    }

    /// The key's id by Azure Attestation's rule; see [`crate::hash::key_id`].
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Whether a certificate in DER holds this key.
    pub fn is_in_certificate(&self, certificate: &[u8]) -> bool {
        let spki = |certificate: Certificate| certificate.tbs_certificate().subject_public_key_info().to_der();
        let spki = Certificate::from_der(certificate).and_then(spki);
        spki.is_ok_and(|spki| key_id(&spki) == self.kid)
    }

    /// What evidence about the key's holder has for its report data: the key's id decoded, SHA-256 of the public key in PEM and a
    /// NUL, and zeros.
    pub fn report_data(&self) -> [u8; 64] {
        let mut report_data = [0; 64];
        // An id is the base64 of 32 bytes.
        let _ = STANDARD.decode_slice(&self.kid, &mut report_data);
        report_data
    }

    /// Signs `message` with SHA-256 and RSASSA-PKCS1-v1_5, or ECDSA (r‖s, 64 bytes).
    ///
    /// # Errors
    /// [`KeyError::Sign`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(KeyError::Sign)?;
                Ok(signature)
            }
            Pair::P256(pair) => Ok(pair.sign(&random, message).map_err(KeyError::Sign)?.as_ref().to_vec()),
        }
    }

    /// Makes the certificate under which the key is published, in DER.
    ///
    /// It is self-signed, subject and issuer are `CN=<iss>` (validators compare it with the token's issuer), serial 1,
    /// no CA, with subject and authority key identifiers. `not_before` and `not_after` are seconds since 1970 UTC.
    /// `open_enclave_report` is evidence about whoever holds the key, whose report data is [`Self::report_data`]; it becomes the
    /// extension that [`crate::SignerEvidence`] reads.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn self_signed(
        &self,
        iss: &str,
        not_before: i64,
        not_after: i64,
        open_enclave_report: Option<&[u8]>,
    ) -> Result<Vec<u8>, CertificateError> {
        let invalid = || CertificateError::Validity { not_before, not_after };
        let moment = |seconds| OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| invalid());
        if not_before < 0 || not_after < not_before {
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
                .map(|report| CustomExtension::from_oid_content(&signer_evidence::REPORT, report.to_vec())),
        );
        let certificate = parameters.self_signed(&CertificateSigner(self)).map_err(CertificateError::Make)?;
        Ok(certificate.der().to_vec())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Lets rcgen sign with the key without a copy of its secret.
struct CertificateSigner<'a>(&'a SigningKey);

impl PublicKeyData for CertificateSigner<'_> {
    fn der_bytes(&self) -> &[u8] {
        match &self.0.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::P256(pair) => pair.public_key().as_ref(),
        }
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.0.algorithm() {
            TokenAlgorithm::Rs256 => &rcgen::PKCS_RSA_SHA256,
            TokenAlgorithm::Es256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        }
    }
}

impl rcgen::SigningKey for CertificateSigner<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let failed = |_| rcgen::Error::RemoteKeyError;
        match &self.0.pair {
            Pair::Rsa(_) => self.0.sign(message).map_err(failed),
            // In certificates signatures are in DER, in tokens they are not: the same key, read for the other form.
            Pair::P256(_) => {
                let pkcs8 = self.0.to_pkcs8().map_err(failed)?;
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8);
                let pair = pair.map_err(|_| rcgen::Error::RemoteKeyError)?;
                let signature = pair.sign(&SystemRandom::new(), message).map_err(|_| rcgen::Error::RemoteKeyError)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}
