//! Who the architectural enclaves are. None of them is Intel's, nor claims to be.

use abi::sgx::Attributes;
use aws_lc_rs::digest::{Context, SHA256};
use sgx::Secs;

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

/// The quoting enclave.
pub(crate) fn qe_secs() -> Secs {
    secs(b"Veritee simulation: quoting enclave", qe_mr_signer(), QE_ISV_PROD_ID, QE_ISV_SVN)
}

/// The quoting enclave for trust domains.
pub(crate) fn td_qe_secs() -> Secs {
    secs(b"Veritee simulation: TD quoting enclave", td_qe_mr_signer(), TD_QE_ISV_PROD_ID, QE_ISV_SVN)
}

/// The provisioning certification enclave of that PCESVN.
pub(crate) fn pce_secs(isv_svn: u16) -> Secs {
    let mr_signer = sha256(&[b"Veritee simulation: signer of the provisioning certification enclave"]);
    secs(b"Veritee simulation: provisioning certification enclave", mr_signer, 1, isv_svn)
}

/// Attributes are those of Intel's: initialised, 64-bit, provisioning key.
fn secs(measured: &[u8], mr_signer: [u8; 32], isv_prod_id: u16, isv_svn: u16) -> Secs {
    let flags = Attributes::INIT | Attributes::MODE64BIT | Attributes::PROVISION_KEY;
    Secs {
        mr_enclave: sha256(&[measured]),
        mr_signer,
        attributes: Attributes { flags: flags.into(), xfrm: 0xe7.into() },
        misc_select: 0,
        isv_prod_id,
        isv_svn,
        config_id: [0; 64],
        config_svn: 0,
        isv_family_id: [0; 16],
        isv_ext_prod_id: [0; 16],
    }
}

pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

/// Report data that begins with a hash; the rest is zero.
pub(crate) fn hashed(parts: &[&[u8]]) -> [u8; 64] {
    let mut data = [0; 64];
    for (to, from) in data.iter_mut().zip(sha256(parts)) {
        *to = from;
    }
    data
}
