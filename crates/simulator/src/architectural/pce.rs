//! The provisioning certification enclave: it knows the machine's name to Intel, and vouches for quoting enclaves.

use abi::sgx::{Attributes, KeyRequest, Report, TargetInfo};
use sgx::Secs;
use sgx::enclu::{Key128, verifies};
use zerocopy::{FromZeros, IntoBytes};

use super::error::EnclaveError;
use super::{identity, kdf};
use crate::build_error::BuildError;
use crate::cpu::Cpu;
use crate::key::EcdsaKey;
use crate::ppid::PpidKey;

/// The enclave on a processor.
#[derive(Debug)]
pub struct Pce<'a> {
    cpu: &'a Cpu,
    secs: Secs,
}

impl<'a> Pce<'a> {
    /// The enclave of that PCESVN.
    pub fn new(cpu: &'a Cpu, isv_svn: u16) -> Self {
        Self { cpu, secs: identity::pce_secs(isv_svn) }
    }

    /// As the target of reports.
    pub fn target_info(&self) -> TargetInfo {
        self.secs.target_info()
    }

    /// PPID: what Intel knows the machine by. The same at every level.
    ///
    /// # Errors
    /// See [`EnclaveError`].
    pub fn ppid(&self) -> Result<[u8; 16], EnclaveError> {
        let key = self.provisioning_key(self.cpu.cpu_svn().lowest(), 0)?;
        Ok(*kdf::cmac_of(&key, &[0; 16])?)
    }

    /// The provisioning certification key of a level that is at most the machine's own. Intel has it too.
    ///
    /// # Errors
    /// See [`EnclaveError`].
    pub(crate) fn pck(&self, cpu_svn: [u8; 16], isv_svn: u16) -> Result<EcdsaKey, EnclaveError> {
        let key = self.provisioning_key(cpu_svn, isv_svn)?;
        Ok(kdf::private_key(&key, b"PAK_KEY_DER")?)
    }

    /// Signs the body of a report by a quoting enclave of this machine, with the key of that level: raw r then s.
    ///
    /// # Errors
    /// See [`EnclaveError`].
    pub fn certify(&self, report: &Report, cpu_svn: [u8; 16], isv_svn: u16) -> Result<[u8; 64], EnclaveError> {
        self.admit(report)?;
        Ok(self.pck(cpu_svn, isv_svn)?.sign(report.body.as_bytes())?)
    }

    /// PPID encrypted for Intel: RSA-OAEP with SHA-256 under a key of 3072 bits with the exponent 10001, to which the report
    /// commits as Intel's does: the crypto suite, the modulus, the exponent in four bytes.
    ///
    /// # Errors
    /// See [`EnclaveError`].
    pub fn encrypted_ppid(&self, report: &Report, key: &PpidKey) -> Result<Vec<u8>, EnclaveError> {
        self.admit(report)?;
        if report.body.report_data != key.commitment()? {
            return Err(EnclaveError::Commitment);
        }
        Ok(key.encrypt(&self.ppid()?)?)
    }

    /// Lets through quoting enclaves of this machine alone.
    fn admit(&self, report: &Report) -> Result<(), EnclaveError> {
        verify(self.cpu, &self.secs, report)?;
        match report.body.attributes.flags.get() & Attributes::PROVISION_KEY {
            0 => Err(EnclaveError::NotPrivileged),
            _ => Ok(()),
        }
    }

    fn provisioning_key(&self, cpu_svn: [u8; 16], isv_svn: u16) -> Result<Key128, EnclaveError> {
        let all = Attributes { flags: u64::MAX.into(), xfrm: 0.into() };
        let request = KeyRequest {
            key_name: KeyRequest::PROVISION.into(),
            isv_svn: isv_svn.into(),
            cpu_svn,
            attribute_mask: all,
            misc_mask: u32::MAX.into(),
            ..KeyRequest::new_zeroed()
        };
        Ok(self.cpu.egetkey(&self.secs, &request)?)
    }
}

/// Whether a report was made on this machine for that enclave.
pub(super) fn verify(cpu: &Cpu, enclave: &Secs, report: &Report) -> Result<(), EnclaveError> {
    let request = KeyRequest {
        key_name: KeyRequest::REPORT.into(),
        cpu_svn: cpu.cpu_svn().bytes(),
        key_id: report.key_id,
        ..KeyRequest::new_zeroed()
    };
    let key = cpu.egetkey(enclave, &request)?;
    if verifies(report, &key).map_err(BuildError::from)? { Ok(()) } else { Err(EnclaveError::InvalidReport) }
}
