//! What the processor knows of an enclave.

use abi::sgx::{Attributes, TargetInfo};
use zerocopy::FromZeros;

/// SECS, as far as keys and reports depend on it: measured when the enclave was loaded, and never the enclave's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secs {
    /// MRENCLAVE.
    pub mr_enclave: [u8; 32],
    /// MRSIGNER.
    pub mr_signer: [u8; 32],
    /// ATTRIBUTES.
    pub attributes: Attributes,
    /// MISCSELECT.
    pub misc_select: u32,
    /// ISVPRODID.
    pub isv_prod_id: u16,
    /// ISVSVN.
    pub isv_svn: u16,
    /// CONFIGID.
    pub config_id: [u8; 64],
    /// CONFIGSVN.
    pub config_svn: u16,
    /// ISVFAMILYID.
    pub isv_family_id: [u8; 16],
    /// ISVEXTPRODID.
    pub isv_ext_prod_id: [u8; 16],
}

impl Secs {
    /// The enclave as the target of reports.
    pub fn target_info(&self) -> TargetInfo {
        TargetInfo {
            mr_enclave: self.mr_enclave,
            attributes: self.attributes,
            config_svn: self.config_svn.into(),
            misc_select: self.misc_select.into(),
            config_id: self.config_id,
            ..TargetInfo::new_zeroed()
        }
    }
}
