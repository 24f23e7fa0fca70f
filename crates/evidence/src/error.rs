//! Why evidence is not authentic, and why authentic evidence is not accepted.

use std::borrow::Cow;

use abi::open_enclave::FramingError;
use dcap::{PckError, QuoteError, VerifyError};
use problem::Problem;

/// Why evidence could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The Open Enclave framing is wrong.
    #[error("report cannot be read")]
    Framing(#[from] FramingError),
    /// The quote cannot be read.
    #[error("quote cannot be read")]
    Quote(#[from] QuoteError),
    /// A quote of a trust domain was given as one of an enclave.
    #[error("quote is of no SGX enclave")]
    NotAnSgxQuote,
    /// A quote of an enclave was given as one of a trust domain.
    #[error("quote is of no TDX trust domain")]
    NotATdxQuote,
    /// The platform's certificate chain does not lead to a trusted root.
    #[error("platform is not proven")]
    Pck(#[from] PckError),
    /// The endorsement that was asked for was not supplied.
    #[error("collateral for the platform was not supplied")]
    EndorsementMissing,
    /// The quote is not authentic.
    #[error("quote is not authentic")]
    Verify(#[from] VerifyError),
}

impl Problem for EvidenceError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Framing(_) => "open_enclave_report_malformed",
            Self::Quote(error) => return error.code(),
            Self::NotAnSgxQuote => "quote_not_sgx",
            Self::NotATdxQuote => "quote_not_tdx",
            Self::Pck(error) => return error.code(),
            Self::EndorsementMissing => "endorsement_missing",
            Self::Verify(error) => return error.code(),
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Framing(_) => "send the report as Open Enclave made it, or the bare quote as an SGX quote",
            Self::Quote(error) => return error.help(),
            Self::NotAnSgxQuote => "attest it as a quote of a trust domain",
            Self::NotATdxQuote => "attest it as a quote of an enclave",
            Self::Pck(error) => return error.help(),
            Self::EndorsementMissing => "supply the collateral of the platform family that the appraisal asks for",
            Self::Verify(error) => return error.help(),
        };
        text.into()
    }
}

impl EvidenceError {
    /// Returns whether the certificate chain is missing: the evidence carries none and none was supplied with it.
    pub const fn is_chain_missing(&self) -> bool {
        matches!(self, Self::Pck(PckError::NoChain(_)))
    }

    /// Returns whether every signature was verified before the evidence was refused. Before that, anybody can have made it: a
    /// platform's certificate chain is public.
    pub const fn is_after_signatures(&self) -> bool {
        match self {
            Self::Verify(error) => matches!(
                error,
                VerifyError::TcbNotSupported
                    | VerifyError::QeTcbNotSupported
                    | VerifyError::TdxModuleTcbNotSupported
                    | VerifyError::TdxModuleStatusUnknown(_)
                    | VerifyError::TcbRevoked(_)
            ),
            _ => false,
        }
    }
}

/// Why authentic evidence was not accepted.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// The quote does not meet the requirements.
    #[error("quote is authentic and not accepted")]
    Quote(#[from] dcap::Refusal),
}

impl Problem for Refusal {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Quote(refusal) => refusal.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Quote(refusal) => refusal.help(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refusals_after_every_signature_are_about_proven_evidence() {
        for error in
            [VerifyError::TcbNotSupported, VerifyError::QeTcbNotSupported, VerifyError::TdxModuleTcbNotSupported]
        {
            assert!(EvidenceError::from(error).is_after_signatures());
        }
        for error in [VerifyError::QuoteSignature, VerifyError::QeReportSignature, VerifyError::AttestationKeyBinding] {
            assert!(!EvidenceError::from(error).is_after_signatures());
        }
        assert!(!EvidenceError::Pck(PckError::CaType).is_after_signatures());
    }
}
