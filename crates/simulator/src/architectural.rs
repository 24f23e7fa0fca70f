//! Intel's architectural enclaves, simulated: the provisioning certification enclave, and quoting enclaves for enclaves and for
//! trust domains.
//!
//! They run on a simulated processor as any enclave does: what they know they have from EGETKEY and EREPORT, under identities of
//! their own. Nothing here is Intel's code, nor claims to be.

use std::borrow::Cow;

mod certification;
mod identity;
mod kdf;
mod pce;
mod quoting_enclave;
mod td_quoting_enclave;

use abi::sgx::{KeyRequest, Report};
use problem::Problem;
use sgx::Secs;
use sgx::enclu::{EgetkeyError, verifies};
use sgx::sealing::SealError;
use zerocopy::FromZeros;

use crate::build_error::BuildError;
use crate::cpu::{Cpu, EreportError};
use crate::inside::EncluError;

pub(crate) use certification::AUTH_DATA;
pub use certification::Certification;
pub use identity::{QE_ISV_PROD_ID, QE_ISV_SVN, TD_QE_ISV_PROD_ID, qe_mr_signer, td_qe_mr_signer};
pub(crate) use identity::{hashed, qe_secs, sha256, td_qe_secs};
pub use pce::Pce;
pub use quoting_enclave::{QuotingEnclave, Requester};
pub use td_quoting_enclave::TdQuotingEnclave;

/// A quoting enclave, and what it wants to find again at its next start where it found nothing.
type Started<E> = (E, Option<Vec<u8>>);

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

/// Whether a report was made on this machine for that enclave.
fn verify(cpu: &Cpu, enclave: &Secs, report: &Report) -> Result<(), EnclaveError> {
    let request = KeyRequest {
        key_name: KeyRequest::REPORT.into(),
        cpu_svn: cpu.cpu_svn().bytes(),
        key_id: report.key_id,
        ..KeyRequest::new_zeroed()
    };
    let key = cpu.egetkey(enclave, &request)?;
    if verifies(report, &key).map_err(BuildError::from)? { Ok(()) } else { Err(EnclaveError::InvalidReport) }
}
