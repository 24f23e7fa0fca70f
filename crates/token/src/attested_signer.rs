//! Who holds the key that signed a token: the enclave that the quote in the key's certificate attests.

use std::borrow::Cow;

use abi::sgx::ReportBody;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use problem::Problem;

use crate::relying_party::Verifier;
use crate::signer_evidence::{SignerEvidence, SignerEvidenceError};

/// The measurements that the enclave of a signer has to have; a measurement that is `None` is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignerExpectations {
    /// MRSIGNER.
    pub mr_signer: Option<[u8; 32]>,
    /// MRENCLAVE.
    pub mr_enclave: Option<[u8; 32]>,
}

/// Why an enclave is not the expected holder of a signing key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The report data is not about the key.
    #[error("the quote in the signing key's certificate is about another key")]
    AnotherKey,
    /// A measurement is not the expected one.
    #[error("the signer's enclave has the {name} {}", hex::encode(.found))]
    Measurement {
        /// MRSIGNER or MRENCLAVE.
        name: &'static str,
        /// The measurement of the enclave.
        found: [u8; 32],
    },
}

impl Problem for SignerError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::AnotherKey => "signer_evidence_of_another_key",
            Self::Measurement { .. } => "signer_measurement",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::AnotherKey => "whoever signed is not who is attested",
            Self::Measurement { .. } => "it is another enclave than the one you trust",
        }
        .into()
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

impl SignerEvidence {
    /// Checks that an enclave holds the certificate's key. `enclave` is the report of [`SignerEvidence::quote`], after the quote was
    /// verified and accepted.
    ///
    /// 1. Its report data is about the key.
    /// 2. It has the expected measurements.
    ///
    /// # Errors
    /// [`SignerError`], for the first step that fails.
    pub fn check_holder(&self, enclave: &ReportBody, expected: &SignerExpectations) -> Result<(), SignerError> {
        if !self.is_about_the_key(&enclave.report_data) {
            return Err(SignerError::AnotherKey);
        }
        for (name, wanted, found) in [
            ("MRSIGNER", &expected.mr_signer, enclave.mr_signer),
            ("MRENCLAVE", &expected.mr_enclave, enclave.mr_enclave),
        ] {
            if wanted.is_some_and(|wanted| wanted != found) {
                return Err(SignerError::Measurement { name, found });
            }
        }
        Ok(())
    }
}
