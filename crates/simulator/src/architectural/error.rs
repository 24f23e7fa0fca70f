//! Why an architectural enclave refuses.

use std::borrow::Cow;

use problem::Problem;
use sgx::enclu::EgetkeyError;
use sgx::sealing::SealError;

use crate::build_error::BuildError;
use crate::cpu::EreportError;
use crate::inside::EncluError;

/// Why an architectural enclave refuses.
#[derive(Debug, thiserror::Error)]
pub enum EnclaveError {
    /// The report was not made on this machine for this enclave, or was changed.
    #[error("report is not for this enclave of this machine")]
    InvalidReport,
    /// The report of whoever asks for the PPID commits to another key than is to encrypt it.
    #[error("report does not commit to the key that the PPID is to be encrypted under")]
    Commitment,
    /// Whoever asks the certification enclave has not the attribute PROVISION_KEY.
    #[error("enclave that asks has not the attribute PROVISION_KEY")]
    NotPrivileged,
    /// The processor gives no key.
    #[error("processor gives no key")]
    Key(#[from] EgetkeyError),
    /// The attestation key could not be sealed.
    #[error("attestation key could not be sealed")]
    Seal(#[from] SealError<EncluError>),
    /// The target of a report is malformed.
    #[error(transparent)]
    Report(#[from] EreportError),
    /// Something could not be made.
    #[error("enclave could not make its answer")]
    Build(#[from] BuildError),
}

impl Problem for EnclaveError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::InvalidReport => "invalid_report",
            Self::Commitment => "ppid_commitment",
            Self::NotPrivileged => "not_privileged",
            Self::Key(error) => return error.code(),
            Self::Seal(error) => return error.code(),
            Self::Report(error) => return error.code(),
            Self::Build(error) => return error.code(),
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::InvalidReport => {
                "make the report on the same platform, for the target info that its quoting enclave gives"
            }
            Self::Commitment => {
                "put SHA-256 over crypto suite, modulus and exponent into the report data, and zeros after it"
            }
            Self::NotPrivileged => "only quoting enclaves may ask for certification",
            Self::Key(_) => "the platform is at a lower level than what was certified: certify it anew",
            Self::Seal(error) => return error.help(),
            Self::Report(error) => return error.help(),
            Self::Build(error) => return error.help(),
        })
    }
}
