//! TCB Info: what Intel says of a platform family's TCB levels, versions 2 and 3.

mod tdx_modules;
mod wire;

use std::sync::Arc;

use crate::sgx_extension::{Fmspc, SgxExtension};
use crate::signed_json::{self, MalformedJson, SignedJson};
use crate::tcb_status::TcbStatus;
use crate::tee::Tee;
pub use tdx_modules::{TdxModule, TdxModuleIdentity, TdxModuleLevel, TdxModules};
use unix_time::{UnixTime, ValidityPeriod};
use wire::{Demand, Head, Version2, Version3, Wire, field};

/// TCB Info as it was read; nothing about it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcbInfo {
    /// Version of the document: 2 or 3.
    pub version: u32,
    /// Which kind of enclave it is about; version 2 knows SGX alone.
    pub tee: Tee,
    /// From issueDate to nextUpdate.
    pub validity: ValidityPeriod,
    pub(crate) fmspc: Fmspc,
    /// PCEID that it is about.
    pub pce_id: [u8; 2],
    /// The set of levels it belongs to: rises with every TCB recovery.
    pub evaluation_data_number: u32,
    /// Highest first.
    pub levels: Vec<TcbLevel>,
    /// The TDX modules, in documents about TDX.
    pub tdx_modules: Option<TdxModules>,
}

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
    /// (Reference: appraisal step 13.)
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

    fn order(&self) -> ([u8; 16], u16, Option<[u8; 16]>) {
        (self.sgx_components, self.pce_svn, self.tdx_components)
    }
}

fn reaches(has: &[u8], needs: &[u8]) -> bool {
    has.len() == needs.len() && has.iter().zip(needs).all(|(has, needs)| has >= needs)
}

impl TcbInfo {
    /// Reads the inner object. The caller verifies the signature over these bytes first.
    ///
    /// # Errors
    /// Where a member is absent or has an impossible value, a component list does not have 16 entries, two levels
    /// demand the same, or the version, TCB type or TEE is not one that this crate knows.
    pub fn from_json(bytes: &[u8]) -> Result<Self, MalformedJson> {
        strict_json::check(bytes, signed_json::MAX_DEPTH)?;
        Self::of_strict(bytes)
    }

    /// The same of a document, which was found to be strict JSON when it was taken in.
    pub(crate) fn read(document: &SignedJson) -> Result<Self, MalformedJson> {
        Self::of_strict(document.body())
    }

    fn of_strict(bytes: &[u8]) -> Result<Self, MalformedJson> {
        // All of today's are of version 3: what is not is looked at a second time.
        match signed_json::content::<Wire<Version3>>(bytes) {
            Ok(wire) if wire.version != 2 => Self::of(wire),
            read => match (signed_json::content::<Head>(bytes)?.version, read) {
                (2, _) => Self::of(signed_json::content::<Wire<Version2>>(bytes)?),
                (3, Err(error)) => Err(error),
                (version, _) => Err(field(format!("TCB Info version {version} is not known, only 2 and 3"))),
            },
        }
    }

    fn of<'a, T: Into<Demand<'a>>>(mut wire: Wire<'_, T>) -> Result<Self, MalformedJson> {
        let tee = match (wire.version, wire.id) {
            (2, None) => Tee::Sgx,
            (3, Some(tee)) => tee,
            (2 | 3, _) => return Err(field("`id` does not fit the version of the TCB Info")),
            (version, _) => return Err(field(format!("TCB Info version {version} is not known, only 2 and 3"))),
        };
        if wire.tcb_type != 0 {
            return Err(field(format!("`tcbType` {} is not known, only 0", wire.tcb_type)));
        }
        if tee == Tee::Sgx && (wire.tdx_module.is_some() || wire.tdx_module_identities.is_some()) {
            return Err(field("TCB Info for SGX describes TDX modules"));
        }
        let tdx_modules = wire.tdx_modules(tee)?;
        let mut levels: Vec<TcbLevel> = Vec::with_capacity(wire.tcb_levels.len());
        for level in wire.tcb_levels {
            levels.push(level.read(tee, levels.last())?);
        }
        levels.sort_by_key(|level| std::cmp::Reverse(level.order()));
        if levels.is_empty() {
            return Err(field("TCB Info has no levels"));
        }
        if levels.windows(2).any(|pair| matches!(pair, [one, next] if one.order() == next.order())) {
            return Err(field("TCB Info has the same level twice"));
        }
        Ok(Self {
            version: wire.version,
            tee,
            validity: ValidityPeriod { from: wire.issue_date, until: wire.next_update },
            fmspc: Fmspc(wire.fmspc),
            pce_id: wire.pce_id,
            evaluation_data_number: wire.tcb_evaluation_data_number,
            levels,
            tdx_modules,
        })
    }

    /// Whether it is about the platform of that proven chain.
    pub fn is_about(&self, pck: &crate::pck::ProvenPck) -> bool {
        self.fmspc == pck.fmspc() && self.pce_id == *pck.platform().pce_id()
    }

    /// The FMSPC it is about as text, for people.
    pub fn fmspc_text(&self) -> String {
        self.fmspc.to_string()
    }
}
