//! What vouches for the key of a quoting enclave.

use abi::sgx::{Attributes, KeyRequest, ReportBody};
use sgx::Secs;
use sgx::enclu::Key128;
use sgx::sealing::{SealedFor, seal, unseal};
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::error::EnclaveError;
use super::pce::Pce;
use super::{identity, kdf};
use crate::cpu::Cpu;
use crate::inside::Inside;
use crate::key::{EcdsaKey, Signer};
use crate::machine::Tcb;
use crate::quoting::{AUTH_DATA, QuoteSpec};

/// A quoting enclave, and what it wants to find again at its next start where it found nothing.
pub(super) type Started<E> = (E, Option<Vec<u8>>);

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

/// What a quoting enclave keeps in clear beside its key.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Kept {
    version: U32,
    cpu_svn: [u8; 16],
    pce_svn: U16,
    qe_report: ReportBody,
    signature: [u8; 64],
    qe_id: [u8; 16],
}

impl Kept {
    const VERSION: u32 = 1;
}

impl Certification {
    /// Has the certification enclave vouch for the attestation key of that quoting enclave, with the key of that level; gives what
    /// is to be kept of it too.
    pub(super) fn made(
        cpu: &Cpu,
        secs: &Secs,
        label: &[u8],
        pce: &Pce<'_>,
        level: Tcb,
    ) -> Result<Started<Self>, EnclaveError> {
        let key = kdf::private_key(&seal_key(cpu, secs, cpu.cpu_svn().bytes(), secs.isv_svn)?, label)?;
        let qe_id = kdf::id(&seal_key(cpu, secs, cpu.cpu_svn().lowest(), 0)?, b"QE_ID_DER")?;
        let report = cpu.ereport(secs, &pce.target_info(), identity::hashed(&[&key.public_key(), &AUTH_DATA]))?;
        let signature = pce.certify(&report, level.cpu_svn, level.pce_svn)?;
        let made = Self { key, qe_id, qe_report: report.body, signature, tcb: level };
        let sealed = made.seal(cpu, secs)?;
        Ok((made, Some(sealed)))
    }

    /// What the quoting enclave keeps: the key sealed to its signer, the rest in clear beside it.
    fn seal(&self, cpu: &Cpu, secs: &Secs) -> Result<Vec<u8>, EnclaveError> {
        let clear = Kept {
            version: Kept::VERSION.into(),
            cpu_svn: self.tcb.cpu_svn,
            pce_svn: self.tcb.pce_svn.into(),
            qe_report: self.qe_report,
            signature: self.signature,
            qe_id: self.qe_id,
        };
        let inside = Inside { cpu, enclave: secs };
        Ok(seal(&inside, SealedFor::Signer, &self.key.to_pkcs8()?, clear.as_bytes())?)
    }

    /// What it kept, where this machine sealed it at the levels that it has still; otherwise it is made anew.
    pub(super) fn unseal(cpu: &Cpu, secs: &Secs, blob: &[u8], level: Tcb) -> Option<Self> {
        let unsealed = unseal(&Inside { cpu, enclave: secs }, blob).ok()?;
        let kept = Kept::read_from_bytes(&unsealed.clear).ok().filter(|kept| kept.version.get() == Kept::VERSION)?;
        let tcb = Tcb { cpu_svn: kept.cpu_svn, pce_svn: kept.pce_svn.get() };
        let is_current = tcb == level && kept.qe_report.cpu_svn == cpu.cpu_svn().bytes();
        let key = EcdsaKey::from_pkcs8(&unsealed.secret).ok().filter(|_| is_current)?;
        Some(Self { key, qe_id: kept.qe_id, qe_report: kept.qe_report, signature: kept.signature, tcb })
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
