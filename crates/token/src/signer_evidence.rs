//! The evidence in the certificate of a key that signs tokens: a quote about whoever holds the key.
//!
//! Azure Attestation ran in an enclave and put its own quote into its certificates; so do we. Nothing is verified here but that
//! the quote is about this very key, once somebody has verified the quote.

use std::borrow::Cow;

use abi::open_enclave::{self, FramingError};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Decode, Encode};
use problem::Problem;
use x509_cert::Certificate;

use crate::hash::{key_digest, report_data};
use crate::relying_party::Verifier;

/// An Open Enclave report, header and quote: the extension that Azure's certificates have had since 2021.
pub const REPORT_EXTENSION: [u64; 9] = [1, 3, 6, 1, 4, 1, 311, 105, 1];
/// The same for reading.
const REPORT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.105.1");
/// A bare quote in a second octet string: the extension that Azure's certificates had before.
const QUOTE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113556.10.1.1");

/// Why there is no evidence in a certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerEvidenceError {
    /// The certificate is no X.509 in DER.
    #[error("the signing key's certificate is no X.509 in DER")]
    Certificate(#[source] der::Error),
    /// It has no extension with evidence.
    #[error("the signing key's certificate carries no evidence")]
    Missing,
    /// It has several.
    #[error("the signing key's certificate carries evidence more than once")]
    Several,
    /// The Open Enclave framing is wrong.
    #[error("the evidence in the signing key's certificate cannot be read")]
    Framing(#[from] FramingError),
    /// The octet string around the quote is malformed.
    #[error("the evidence in the signing key's certificate is no octet string")]
    OctetString(#[source] der::Error),
}

impl Problem for SignerEvidenceError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Certificate(_) => "signer_certificate_malformed",
            Self::Missing => "signer_not_attested",
            Self::Several => "signer_evidence_several",
            Self::Framing(_) | Self::OctetString(_) => "signer_evidence_malformed",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Missing => {
                "the service does not run in an enclave, or does not say so: trust it by its keys, or do not"
            }
            _ => "ask the issuer for a certificate that can be read",
        }
        .into()
    }
}

/// The quote in a certificate, and the key it has to be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerEvidence {
    quote: Vec<u8>,
    report_data: [u8; 64],
}

impl SignerEvidence {
    /// Reads the evidence out of a certificate in DER.
    ///
    /// # Errors
    /// [`SignerEvidenceError`].
    pub fn in_certificate(der: &[u8]) -> Result<Self, SignerEvidenceError> {
        let certificate = Certificate::from_der(der).map_err(SignerEvidenceError::Certificate)?;
        let body = certificate.tbs_certificate();
        let evidence = [REPORT, QUOTE];
        let mut found = body.extensions().into_iter().flatten().filter(|one| evidence.contains(&one.extn_id));
        let extension = match (found.next(), found.next()) {
            (Some(extension), None) => extension,
            (None, _) => return Err(SignerEvidenceError::Missing),
            (Some(_), Some(_)) => return Err(SignerEvidenceError::Several),
        };
        let value = extension.extn_value.as_bytes();
        let quote = if extension.extn_id == REPORT {
            open_enclave::quote_in(value)?
        } else {
            <&OctetStringRef>::from_der(value).map_err(SignerEvidenceError::OctetString)?.as_bytes()
        };
        let spki = body.subject_public_key_info().to_der().map_err(SignerEvidenceError::Certificate)?;
        Ok(Self { quote: quote.to_vec(), report_data: report_data(&key_digest(&spki)) })
    }

    /// The quote, to be verified as any other.
    pub fn quote(&self) -> &[u8] {
        &self.quote
    }

    /// Whether report data (64 bytes) of the verified quote is about the certificate's key: SHA-256 of the public key in PEM and
    /// a NUL, and zeros.
    pub fn is_about_the_key(&self, report_data: &[u8; 64]) -> bool {
        verify_slices_are_equal(&self.report_data, report_data).is_ok()
    }
}

impl Verifier {
    /// Returns the evidence in the certificate of the issuer's key `kid`, see [`VerifiedToken::kid`](crate::VerifiedToken::kid).
    ///
    /// # Errors
    /// [`SignerEvidenceError`]; a key without a certificate has no readable one.
    pub fn signer_evidence(&self, kid: &str) -> Result<SignerEvidence, SignerEvidenceError> {
        let key = self.keys().keys().iter().find(|key| key.kid() == kid);
        let certificate = key.and_then(|key| key.x5c().first()).and_then(|text| STANDARD.decode(text).ok());
        SignerEvidence::in_certificate(&certificate.unwrap_or_default())
    }
}
