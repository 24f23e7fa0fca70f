//! TCB Info: what Intel says of a platform family's TCB levels, versions 2 and 3.

pub(crate) mod level;
pub(crate) mod tdx_modules;
mod wire;

use crate::documents::known_members;
use crate::documents::signed_document::{self, Content, Document, MAX_DEPTH, MalformedJson, field};
use crate::documents::tcb_info::level::TcbLevel;
use crate::documents::tcb_info::tdx_modules::TdxModules;
use crate::documents::tcb_info::wire::{Demand, Head, Version2, Version3, Wire};
use crate::pki::platform_family::PlatformFamily;
use crate::pki::sgx_extension::Fmspc;
use crate::quote::tee::Tee;
use unix_time::ValidityPeriod;

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

impl TcbInfo {
    /// Reads the inner object. The caller verifies the signature over these bytes first.
    ///
    /// # Errors
    /// Where a member is absent or has an impossible value, a component list does not have 16 entries, two levels
    /// demand the same, or the version, TCB type or TEE is not one that this crate knows.
    pub fn from_json(bytes: &[u8]) -> Result<Self, MalformedJson> {
        strict_json::check(bytes, MAX_DEPTH)?;
        Self::of_strict(bytes)
    }

    fn of_strict(bytes: &[u8]) -> Result<Self, MalformedJson> {
        // All of today's are of version 3: what is not is looked at a second time.
        match signed_document::content::<Wire<Version3>>(bytes) {
            Ok(wire) if wire.version != 2 => Self::of(wire),
            read => match (signed_document::content::<Head>(bytes)?.version, read) {
                (2, _) => Self::of(signed_document::content::<Wire<Version2>>(bytes)?),
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

    /// Returns whether it is about that platform family.
    pub fn is_about(&self, family: &PlatformFamily) -> bool {
        self.tee == family.tee() && self.fmspc == family.fmspc() && self.pce_id == *family.pce_id()
    }

    /// The FMSPC it is about as text, for people.
    pub fn fmspc_text(&self) -> String {
        self.fmspc.to_string()
    }
}

impl Document for TcbInfo {}

impl Content for TcbInfo {
    const MEMBER: &'static str = "tcbInfo";

    fn read(strict: &[u8]) -> Result<Self, MalformedJson> {
        Self::of_strict(strict)
    }

    fn read_known(text: &str) -> Option<Self> {
        // All of today's are of version 3.
        let wire = known_members::read::<Wire<'_, Version3<'_>>>(text)?;
        if wire.version == 2 { None } else { Self::of(wire).ok() }
    }
}
