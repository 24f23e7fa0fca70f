//! The processor of a simulated machine: EREPORT and EGETKEY.
//!
//! It alone holds the device's keys, and it is told by nobody but its caller which enclave runs: [`Secs`] is what it measured
//! when it loaded the enclave. Source: Intel SDM volume 3D, chapters 37 and 40, and Intel's simulation of the instructions.

use std::borrow::Cow;

use problem::Problem;

mod derivation;
mod keys;
mod svn;
mod trust_domain;

use abi::sgx::{Attributes, KeyRequest, Report, TargetInfo};
use aws_lc_rs::cmac;
use sgx::Secs;
use sgx::enclu::{EgetkeyError, Key128};
use zerocopy::IntoBytes;

use crate::build_error::BuildError;
use derivation::Derivation;
pub use keys::DeviceKeys;
pub use svn::CpuSvn;

/// Why the processor makes no report.
#[derive(Debug, thiserror::Error)]
pub enum EreportError {
    /// #GP: a reserved field of TARGETINFO is not zero.
    #[error("target of the report is malformed (#GP)")]
    MalformedTarget,
    /// The cryptographic library failed.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl Problem for EreportError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::MalformedTarget => "ereport_malformed_target",
            Self::Build(error) => return error.code(),
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::MalformedTarget => {
                "give the target info of the enclave that is to verify the report, its reserved fields zero"
            }
            Self::Build(error) => return error.help(),
        })
    }
}

/// A processor with its microcode.
#[derive(Clone, Debug)]
pub struct Cpu {
    keys: DeviceKeys,
    cpu_svn: CpuSvn,
    /// KEYID of the reports that it makes until it is started again.
    report_key_id: [u8; 32],
}

impl Cpu {
    /// A processor at that level; `report_key_id` is drawn anew at each start.
    pub const fn new(keys: DeviceKeys, cpu_svn: CpuSvn, report_key_id: [u8; 32]) -> Self {
        Self { keys, cpu_svn, report_key_id }
    }

    /// One with the keys and levels of the simulation mode of Intel's SDK, which everybody knows: for comparing with it.
    pub fn sdk_compat(cpu_svn: CpuSvn) -> Self {
        Self { keys: DeviceKeys::sdk(), cpu_svn, report_key_id: DeviceKeys::SDK_REPORT_KEY_ID }
    }

    /// Its level.
    pub const fn cpu_svn(&self) -> CpuSvn {
        self.cpu_svn
    }

    /// EREPORT: a report about the enclave that runs, for the target to verify.
    ///
    /// # Errors
    /// [`EreportError`].
    pub fn ereport(&self, enclave: &Secs, target: &TargetInfo, report_data: [u8; 64]) -> Result<Report, EreportError> {
        let is_clean = target.reserved1 == [0; 2] && target.reserved2 == [0; 8] && target.reserved3 == [0; 384];
        if !is_clean {
            return Err(EreportError::MalformedTarget);
        }
        let body = enclave.report_body(self.cpu_svn.bytes(), report_data);
        let key = self.report_key(
            &target.mr_enclave,
            &target.attributes,
            target.misc_select.get(),
            &target.config_id,
            target.config_svn.get(),
            (&self.cpu_svn.bytes(), &self.report_key_id),
        )?;
        Ok(Report { mac: mac(&key, body.as_bytes())?, key_id: self.report_key_id, body })
    }

    /// EGETKEY: a key for the enclave that runs. The rules are checked in this order:
    ///
    /// 1. reserved fields are zero, and what needs KSS has it;
    /// 2. the name is one of a key;
    /// 3. the enclave has the attribute that PROVISION, PROVISION_SEAL or EINITTOKEN needs;
    /// 4. CPUSVN, ISVSVN and CONFIGSVN are at most the own ones. The report key is for the current CPUSVN as the verifier of the
    ///    report asks for it.
    ///
    /// # Errors
    /// [`EgetkeyError`]; also #GP where the cryptographic library fails.
    pub fn egetkey(&self, enclave: &Secs, request: &KeyRequest) -> Result<Key128, EgetkeyError> {
        check_form(enclave, request)?;
        let name = request.key_name.get();
        check_attribute(enclave, name)?;
        let cpu_svn = self.cpu_svn.asked_for(&request.cpu_svn).ok_or(EgetkeyError::InvalidCpuSvn)?;
        // The report key does not depend on it.
        if name != KeyRequest::REPORT && request.isv_svn.get() > enclave.isv_svn {
            return Err(EgetkeyError::InvalidIsvSvn);
        }
        if request.config_svn.get() > enclave.config_svn {
            return Err(EgetkeyError::InvalidIsvSvn);
        }
        let request = KeyRequest { cpu_svn, ..*request };
        let key = match name {
            KeyRequest::REPORT => self.report_key(
                &enclave.mr_enclave,
                &enclave.attributes,
                enclave.misc_select,
                &enclave.config_id,
                enclave.config_svn,
                (&cpu_svn, &request.key_id),
            ),
            KeyRequest::SEAL => self.keys.derive(name, &Derivation::seal(enclave, &request, &self.keys.owner_epoch)),
            KeyRequest::EINITTOKEN => {
                self.keys.derive(name, &Derivation::einittoken(enclave, &request, &self.keys.owner_epoch))
            }
            KeyRequest::PROVISION => self.keys.derive(name, &Derivation::provision(enclave, &request)),
            _ => self.keys.derive(name, &Derivation::provision_seal(enclave, &request)),
        };
        key.map_err(|_| EgetkeyError::GeneralProtection)
    }

    /// The key of reports to an enclave; `at` is the CPUSVN and the KEYID.
    fn report_key(
        &self,
        mr_enclave: &[u8; 32],
        attributes: &Attributes,
        misc_select: u32,
        config_id: &[u8; 64],
        config_svn: u16,
        at: (&[u8; 16], &[u8; 32]),
    ) -> Result<Key128, BuildError> {
        let target = derivation::Target { mr_enclave, attributes, misc_select, config_id, config_svn };
        self.keys.derive(KeyRequest::REPORT, &Derivation::report(&target, at, &self.keys.owner_epoch))
    }
}

/// Rule 1, and 2.
fn check_form(enclave: &Secs, request: &KeyRequest) -> Result<(), EgetkeyError> {
    let kss_policies =
        KeyRequest::NOISVPRODID | KeyRequest::CONFIGID | KeyRequest::ISVFAMILYID | KeyRequest::ISVEXTPRODID;
    let policies = KeyRequest::MRENCLAVE | KeyRequest::MRSIGNER | kss_policies;
    let policy = request.key_policy.get();
    let is_clean = request.reserved1 == [0; 2] && request.reserved2 == [0; 434] && policy & !policies == 0;
    let needs_kss = policy & kss_policies != 0 || request.config_svn.get() > 0;
    if !is_clean || (needs_kss && !enclave.attributes.is_kss()) {
        return Err(EgetkeyError::GeneralProtection);
    }
    if request.key_name.get() > KeyRequest::SEAL { Err(EgetkeyError::InvalidKeyName) } else { Ok(()) }
}

/// Rule 3.
fn check_attribute(enclave: &Secs, key_name: u16) -> Result<(), EgetkeyError> {
    let needed = match key_name {
        KeyRequest::PROVISION | KeyRequest::PROVISION_SEAL => Attributes::PROVISION_KEY,
        KeyRequest::EINITTOKEN => Attributes::EINITTOKEN_KEY,
        _ => return Ok(()),
    };
    if enclave.attributes.flags.get() & needed == 0 { Err(EgetkeyError::InvalidAttribute) } else { Ok(()) }
}

fn mac(key: &Key128, bytes: &[u8]) -> Result<[u8; 16], BuildError> {
    let key = cmac::Key::new(cmac::AES_128, key.as_slice())?;
    let mut mac = [0; 16];
    mac.copy_from_slice(cmac::sign(&key, bytes)?.as_ref());
    Ok(mac)
}
