//! The TCB levels of a platform family.

use std::sync::Arc;

use crate::documents::tcb_status::TcbStatus;
use crate::pki::sgx_extension::SgxExtension;
use unix_time::UnixTime;

/// One level: SVNs to reach, and what reaching them means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcbLevel {
    /// The 16 SVNs of the processor's components.
    pub sgx_components: [u8; 16],
    /// SVN of the provisioning certification enclave.
    pub pce_svn: u16,
    /// The 16 SVNs of the TDX components, in documents about TDX.
    pub tdx_components: Option<[u8; 16]>,
    /// What Intel calls the SGX components and who delivers them, where it says so (version 3).
    pub sgx_component_names: ComponentNames,
    /// The same of the TDX components.
    pub tdx_component_names: Option<ComponentNames>,
    /// What a platform at this level is.
    pub status: TcbStatus,
    /// When the level was set.
    pub date: UnixTime,
    /// Intel's security advisories that apply at this level.
    pub advisory_ids: Vec<String>,
}

/// What Intel calls a TCB component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentName {
    /// Who delivers it: `BIOS`, `OS/VMM`.
    pub category: String,
    /// What it is, such as `Early Microcode Update`.
    pub kind: Option<String>,
}

/// The names of 16 components, where they have one; levels share them.
pub type ComponentNames = Arc<[Option<ComponentName>; 16]>;

impl TcbLevel {
    /// Whether a platform has reached this level, with a TDX module of that TEE_TCB_SVN where there is one.
    /// (Appraisal step 4.15.)
    pub(crate) fn is_reached_by(&self, platform: &SgxExtension, tee_tcb_svn: Option<&[u8; 16]>) -> bool {
        let tdx = match (tee_tcb_svn, &self.tdx_components) {
            (None, None) => true,
            (Some(has), Some(needs)) => {
                // A module with a major version is rated by its identity: its two SVNs are not compared here.
                let from = if has.get(1).is_some_and(|&major| major > 0) { 2 } else { 0 };
                matches!((has.get(from..), needs.get(from..)), (Some(has), Some(needs)) if reaches(has, needs))
            }
            _ => false,
        };
        tdx && self.is_reached_without_tdx_by(platform)
    }

    /// Whether a platform has reached this level, whatever its TDX module.
    pub(crate) fn is_reached_without_tdx_by(&self, platform: &SgxExtension) -> bool {
        reaches(&platform.component_svns, &self.sgx_components) && platform.pce_svn >= self.pce_svn
    }

    pub(crate) fn order(&self) -> ([u8; 16], u16, Option<[u8; 16]>) {
        (self.sgx_components, self.pce_svn, self.tdx_components)
    }
}

fn reaches(has: &[u8], needs: &[u8]) -> bool {
    has.len() == needs.len() && has.iter().zip(needs).all(|(has, needs)| has >= needs)
}
