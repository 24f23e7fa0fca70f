//! What the processor knows of an enclave.

use abi::sgx::{Attributes, ReportBody, TargetInfo};
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

    /// What a report says of the enclave.
    pub fn report_body(&self, cpu_svn: [u8; 16], report_data: [u8; 64]) -> ReportBody {
        ReportBody {
            cpu_svn,
            misc_select: self.misc_select.into(),
            isv_ext_prod_id: self.isv_ext_prod_id,
            attributes: self.attributes,
            mr_enclave: self.mr_enclave,
            mr_signer: self.mr_signer,
            config_id: self.config_id,
            isv_prod_id: self.isv_prod_id.into(),
            isv_svn: self.isv_svn.into(),
            config_svn: self.config_svn.into(),
            isv_family_id: self.isv_family_id,
            report_data,
            ..ReportBody::new_zeroed()
        }
    }
}
