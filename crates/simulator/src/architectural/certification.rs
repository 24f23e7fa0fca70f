//! What vouches for the key of a quoting enclave.

use abi::sgx::{Attributes, KeyRequest, Report, ReportBody};
use zerocopy::FromZeros;

use super::{EnclaveError, Pce, identity, kdf};
use crate::cpu::{Cpu, Key128, Secs};
use crate::key::{EcdsaKey, Signer};
use crate::machine::Tcb;
use crate::quoting::QuoteSpec;

/// QE authentication data, the same in every quote of Intel's: 00 to 1f.
pub(crate) const AUTH_DATA: [u8; 32] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
    31,
];

/// An attestation key, and the certification enclave's word for it.
#[derive(Clone, Debug)]
pub struct Certification {
    pub(super) key: EcdsaKey,
    pub(super) qe_id: [u8; 16],
    /// The report that binds the key to the quoting enclave, and its signature by the PCK.
    pub(super) qe_report: ReportBody,
    pub(super) signature: [u8; 64],
    pub(super) tcb: Tcb,
}

impl Certification {
    /// Has the certification enclave vouch for the attestation key of that quoting enclave, with the key of that level.
    pub(super) fn new(cpu: &Cpu, secs: &Secs, label: &[u8], pce: &Pce<'_>, level: Tcb) -> Result<Self, EnclaveError> {
        let key = kdf::private_key(&seal_key(cpu, secs, cpu.cpu_svn().bytes(), secs.isv_svn)?, label)?;
        let qe_id = kdf::id(&seal_key(cpu, secs, cpu.cpu_svn().lowest(), 0)?, b"QE_ID_DER")?;
        let report = cpu.ereport(secs, &pce.target_info(), identity::hashed(&[&key.public_key(), &AUTH_DATA]))?;
        let signature = pce.certify(&report, level.cpu_svn, level.pce_svn)?;
        let Report { body: qe_report, .. } = report;
        Ok(Self { key, qe_id, qe_report, signature, tcb: level })
    }

    /// How the quoting enclave quotes: what was certified once stands in every quote.
    pub(super) fn spec(&self, pce_svn: u16) -> QuoteSpec {
        let signature = Signer::Bytes(self.signature);
        let spec = QuoteSpec::new(&self.key, self.qe_id, pce_svn, self.qe_report, signature);
        QuoteSpec { qe_report_data: Some(self.qe_report.report_data), ..spec }
    }

    /// QE ID: what names the machine in the header of its quotes.
    pub const fn qe_id(&self) -> [u8; 16] {
        self.qe_id
    }

    /// ECDSA_ID: SHA-256 over the attestation key and the authentication data.
    pub fn ecdsa_id(&self) -> [u8; 32] {
        identity::sha256(&[&self.key.public_key(), &AUTH_DATA])
    }

    /// The level that the certification is for.
    pub const fn tcb(&self) -> Tcb {
        self.tcb
    }
}

/// Sealed to the signer, whether or not the enclave is 64-bit: what depends on nothing but machine, signer and levels.
fn seal_key(cpu: &Cpu, secs: &Secs, cpu_svn: [u8; 16], isv_svn: u16) -> Result<Key128, EnclaveError> {
    let request = KeyRequest {
        key_name: KeyRequest::SEAL.into(),
        key_policy: KeyRequest::MRSIGNER.into(),
        isv_svn: isv_svn.into(),
        cpu_svn,
        attribute_mask: Attributes { flags: (!Attributes::MODE64BIT).into(), xfrm: 0.into() },
        misc_mask: u32::MAX.into(),
        ..KeyRequest::new_zeroed()
    };
    Ok(cpu.egetkey(secs, &request)?)
}
