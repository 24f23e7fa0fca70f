//! The quoting enclaves themselves: one for enclaves, one for trust domains. Neither is Intel's, nor claims to be.

use abi::sgx::{Attributes, ReportBody};
use aws_lc_rs::digest::{Context, SHA256};
use zerocopy::FromZeros;

use crate::machine::COMPONENT_SVNS;

/// ISVSVN of the simulated quoting enclaves.
pub const QE_ISV_SVN: u16 = 8;
/// ISVPRODID of the simulated quoting enclave, the same as that of Intel's.
pub const QE_ISV_PROD_ID: u16 = 1;
/// ISVPRODID of the simulated quoting enclave for trust domains, the same as that of Intel's.
pub const TD_QE_ISV_PROD_ID: u16 = 2;

/// MRSIGNER of the simulated quoting enclave: not Intel's, for it is not Intel's enclave.
pub fn qe_mr_signer() -> [u8; 32] {
    sha256(&[b"Veritee simulation: signer of the quoting enclave"])
}

/// MRSIGNER of the simulated quoting enclave for trust domains: not Intel's either.
pub fn td_qe_mr_signer() -> [u8; 32] {
    sha256(&[b"Veritee simulation: signer of the TD quoting enclave"])
}

/// The report of the simulated quoting enclave, report data zero. Attributes are those of Intel's: initialised, 64-bit,
/// provisioning key.
pub(super) fn qe_report() -> ReportBody {
    let flags = Attributes::INIT | Attributes::MODE64BIT | Attributes::PROVISION_KEY;
    ReportBody {
        cpu_svn: COMPONENT_SVNS,
        attributes: Attributes { flags: flags.into(), xfrm: 0xe7.into() },
        mr_enclave: sha256(&[b"Veritee simulation: quoting enclave"]),
        mr_signer: qe_mr_signer(),
        isv_prod_id: QE_ISV_PROD_ID.into(),
        isv_svn: QE_ISV_SVN.into(),
        ..ReportBody::new_zeroed()
    }
}

/// The same of the quoting enclave for trust domains.
pub(super) fn td_qe_report() -> ReportBody {
    ReportBody {
        mr_enclave: sha256(&[b"Veritee simulation: TD quoting enclave"]),
        mr_signer: td_qe_mr_signer(),
        isv_prod_id: TD_QE_ISV_PROD_ID.into(),
        ..qe_report()
    }
}

pub(super) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}
