//! The instructions EREPORT and EGETKEY, as an enclave uses them.

use std::borrow::Cow;
use std::error::Error;

use abi::sgx::{KeyRequest, Report, TargetInfo};
use aws_lc_rs::cmac;
use problem::Problem;
use zerocopy::{FromZeros, IntoBytes};
use zeroize::Zeroizing;

use crate::cryptography::CryptographyError;

/// A key of 128 bits.
pub type Key128 = Zeroizing<[u8; 16]>;

/// Why the processor gives no key: the codes of EGETKEY, but for the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgetkeyError {
    /// SGX_INVALID_ATTRIBUTE, 2: the enclave may not have this key.
    #[error("enclave has not the attribute that this key needs")]
    InvalidAttribute,
    /// SGX_INVALID_CPUSVN, 0x20.
    #[error("CPUSVN asked for is higher than the processor's own")]
    InvalidCpuSvn,
    /// SGX_INVALID_ISVSVN, 0x40: of ISVSVN or CONFIGSVN.
    #[error("ISVSVN or CONFIGSVN asked for is higher than the enclave's own")]
    InvalidIsvSvn,
    /// SGX_INVALID_KEYNAME, 0x100.
    #[error("there is no key of that name")]
    InvalidKeyName,
    /// #GP: a reserved field is not zero, or a policy needs KSS and the enclave has none.
    #[error("key request is malformed (#GP)")]
    GeneralProtection,
}

impl Problem for EgetkeyError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::InvalidAttribute => "egetkey_invalid_attribute",
            Self::InvalidCpuSvn => "egetkey_invalid_cpusvn",
            Self::InvalidIsvSvn => "egetkey_invalid_isvsvn",
            Self::InvalidKeyName => "egetkey_invalid_keyname",
            Self::GeneralProtection => "general_protection",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::InvalidAttribute => {
                "ask for another key: this one is for enclaves with the attribute PROVISION_KEY or EINITTOKEN_KEY"
            }
            Self::InvalidCpuSvn => "ask for a CPUSVN that is at most the one in a report of this enclave",
            Self::InvalidIsvSvn => {
                "ask for an ISVSVN and a CONFIGSVN that are at most those in a report of this enclave"
            }
            Self::InvalidKeyName => "ask for one of the key names 0 to 4",
            Self::GeneralProtection => {
                "set the reserved fields to zero; use the policies of KSS and CONFIGSVN only in an enclave with KSS"
            }
        })
    }
}

impl EgetkeyError {
    /// The code in EAX; none where the processor faults instead.
    pub const fn eax(self) -> Option<u32> {
        match self {
            Self::InvalidAttribute => Some(2),
            Self::InvalidCpuSvn => Some(0x20),
            Self::InvalidIsvSvn => Some(0x40),
            Self::InvalidKeyName => Some(0x100),
            Self::GeneralProtection => None,
        }
    }
}

/// A processor as the enclave that runs on it sees it.
pub trait Enclu {
    /// Why there is no report or key.
    type Error: Error + Send + Sync + 'static;

    /// EREPORT: a report about this enclave, for the target to verify.
    ///
    /// # Errors
    /// As the processor refuses it.
    fn ereport(&self, target: &TargetInfo, report_data: [u8; 64]) -> Result<Report, Self::Error>;

    /// EGETKEY: a key of this enclave.
    ///
    /// # Errors
    /// As the processor refuses it.
    fn egetkey(&self, request: &KeyRequest) -> Result<Key128, Self::Error>;

    /// Local attestation: whether an enclave on this machine made the report for this one.
    ///
    /// # Errors
    /// As the processor refuses it.
    fn believes(&self, report: &Report) -> Result<bool, Self::Error> {
        let own = self.ereport(&TargetInfo::new_zeroed(), [0; 64])?.body;
        let request = KeyRequest {
            key_name: KeyRequest::REPORT.into(),
            key_id: report.key_id,
            cpu_svn: own.cpu_svn,
            ..KeyRequest::new_zeroed()
        };
        let key = self.egetkey(&request)?;
        Ok(verifies(report, &key).unwrap_or(false))
    }
}

/// Whether a report was made on this machine for the enclave that holds this report key, as that enclave finds out.
///
/// # Errors
/// Where the cryptographic library fails.
pub fn verifies(report: &Report, report_key: &Key128) -> Result<bool, CryptographyError> {
    let key = cmac::Key::new(cmac::AES_128, report_key.as_slice())?;
    Ok(cmac::verify(&key, report.body.as_bytes(), &report.mac).is_ok())
}
