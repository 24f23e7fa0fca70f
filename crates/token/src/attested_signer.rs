//! The enclave that signed a token: the one that the quote in the key's certificate attests.

use std::borrow::Cow;

use evidence::{Appraisal, Details};
use problem::Problem;
use serde::Serialize;

use crate::signer_evidence::SignerEvidence;

/// The measurements that the enclave of a signer must have; a measurement that is `None` is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignerExpectations {
    /// MRSIGNER.
    pub mr_signer: Option<[u8; 32]>,
    /// MRENCLAVE.
    pub mr_enclave: Option<[u8; 32]>,
}

/// The enclave that signed a token. As JSON it has the members `mrEnclave`, `mrSigner`, `tcbStatus`, `simulated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AttestedSigner {
    /// MRENCLAVE, 32 bytes; hexadecimal in JSON.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub mr_enclave: [u8; 32],
    /// MRSIGNER, 32 bytes; hexadecimal in JSON.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub mr_signer: [u8; 32],
    /// The TCB status of its platform, as Intel spells it.
    pub tcb_status: String,
    /// Whether the platform is a simulated one.
    pub simulated: bool,
}

/// Why an enclave is not the expected holder of a signing key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The quote attests something else than an enclave.
    #[error("the signing key is held by no SGX enclave")]
    NotAnEnclave,
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
            Self::NotAnEnclave => "signer_no_enclave",
            Self::AnotherKey => "signer_evidence_of_another_key",
            Self::Measurement { .. } => "signer_measurement",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::NotAnEnclave => "ask the issuer for a key that an SGX enclave holds",
            Self::AnotherKey => "the enclave that is attested is not the one that signed",
            Self::Measurement { .. } => "it is another enclave than the one you trust",
        }
        .into()
    }
}

impl SignerEvidence {
    /// Checks that an enclave holds the certificate's key, by the appraisal of [`SignerEvidence::quote`]:
    ///
    /// 1. The evidence is of an enclave.
    /// 2. Its report data is about the key.
    /// 3. It has the expected measurements.
    ///
    /// # Errors
    /// [`SignerError`], for the first step that fails.
    pub fn check_holder(
        &self,
        appraisal: &Appraisal,
        expected: &SignerExpectations,
    ) -> Result<AttestedSigner, SignerError> {
        let enclave = appraisal.enclave().ok_or(SignerError::NotAnEnclave)?;
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
        let Details::Quote(quote) = appraisal.details();
        Ok(AttestedSigner {
            mr_enclave: enclave.mr_enclave,
            mr_signer: enclave.mr_signer,
            tcb_status: quote.tcb().status.as_str().to_owned(),
            simulated: appraisal.is_simulated(),
        })
    }
}
