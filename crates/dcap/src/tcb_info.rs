//! TCB Info: what Intel says of a platform family's TCB levels, versions 2 and 3.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::sgx_extension::{Fmspc, SgxExtension};
use crate::signed_json::{MalformedJson, hex_field};
use crate::tcb_status::TcbStatus;
use crate::time::{UnixTime, Window};

/// Which kind of enclave a document or quote is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Tee {
    /// Intel SGX.
    Sgx,
    /// Intel TDX.
    Tdx,
}

impl std::fmt::Display for Tee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sgx => "SGX",
            Self::Tdx => "TDX",
        })
    }
}

/// TCB Info as it was read; nothing about it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcbInfo {
    /// Version of the document: 2 or 3.
    pub version: u32,
    /// Which kind of enclave it is about; version 2 knows SGX alone.
    pub tee: Tee,
    /// From issueDate to nextUpdate.
    pub validity: Window,
    pub(crate) fmspc: Fmspc,
    /// PCEID that it is about.
    pub pce_id: [u8; 2],
    /// The set of levels it belongs to: rises with every TCB recovery.
    pub evaluation_data_number: u32,
    /// Highest first.
    pub levels: Vec<TcbLevel>,
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
    /// What a platform at this level is.
    pub status: TcbStatus,
    /// When the level was set.
    pub date: UnixTime,
    /// Intel's security advisories that apply at this level.
    pub advisory_ids: Vec<String>,
}

impl TcbLevel {
    /// Whether a platform has reached this level. (Reference: appraisal step 13, SGX part.)
    pub(crate) fn is_reached_by(&self, platform: &SgxExtension) -> bool {
        let components = platform.component_svns.iter().zip(&self.sgx_components);
        components.fold(true, |all, (has, needs)| all && has >= needs) && platform.pce_svn >= self.pce_svn
    }

    fn order(&self) -> ([u8; 16], u16, Option<[u8; 16]>) {
        (self.sgx_components, self.pce_svn, self.tdx_components)
    }
}

impl TcbInfo {
    /// Reads the inner object. The caller verifies the signature over these bytes first.
    ///
    /// # Errors
    /// Where a member is absent or has an impossible value, a component list does not have 16 entries, two levels
    /// demand the same, or the version, TCB type or TEE is not one that this crate knows.
    pub fn from_json(bytes: &[u8]) -> Result<Self, MalformedJson> {
        let wire: Wire = strict_json::from_slice(bytes, crate::signed_json::MAX_DEPTH)?;
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
        let read = |level| WireLevel::read(level, wire.version, tee);
        let mut levels = wire.tcb_levels.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
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
            validity: Window { from: wire.issue_date, until: wire.next_update },
            fmspc: Fmspc(wire.fmspc),
            pce_id: wire.pce_id,
            evaluation_data_number: wire.tcb_evaluation_data_number,
            levels,
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

fn field(message: impl Into<String>) -> MalformedJson {
    MalformedJson::Field(message.into())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    id: Option<Tee>,
    version: u32,
    issue_date: UnixTime,
    next_update: UnixTime,
    #[serde(deserialize_with = "hex_field")]
    fmspc: [u8; 6],
    #[serde(deserialize_with = "hex_field")]
    pce_id: [u8; 2],
    tcb_type: u32,
    tcb_evaluation_data_number: u32,
    #[serde(borrow)]
    tdx_module: Option<&'a RawValue>,
    #[serde(borrow)]
    tdx_module_identities: Option<&'a RawValue>,
    #[serde(borrow)]
    tcb_levels: Vec<WireLevel<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLevel<'a> {
    #[serde(borrow)]
    tcb: &'a RawValue,
    tcb_date: UnixTime,
    tcb_status: TcbStatus,
    #[serde(rename = "advisoryIDs", default)]
    advisory_ids: Vec<String>,
}

impl WireLevel<'_> {
    fn read(self, version: u32, tee: Tee) -> Result<TcbLevel, MalformedJson> {
        let (sgx_components, tdx_components, pce_svn) = if version == 2 {
            let tcb: TcbVersion2 = parse(self.tcb)?;
            (tcb.components(), None, tcb.pcesvn)
        } else {
            let tcb: TcbVersion3 = parse(self.tcb)?;
            let tdx = tcb.tdxtcbcomponents.map(|all| all.map(|component| component.svn));
            (tcb.sgxtcbcomponents.map(|component| component.svn), tdx, tcb.pcesvn)
        };
        if tdx_components.is_some() != (tee == Tee::Tdx) {
            return Err(field(format!("a level has or lacks `tdxtcbcomponents` in TCB Info for {tee}")));
        }
        if matches!(self.tcb_status, TcbStatus::TdRelaunchAdvised | TcbStatus::TdRelaunchAdvisedConfigurationNeeded) {
            return Err(field(format!("a level has status `{}`, which is a verdict and no level", self.tcb_status)));
        }
        Ok(TcbLevel {
            sgx_components,
            pce_svn,
            tdx_components,
            status: self.tcb_status,
            date: self.tcb_date,
            advisory_ids: self.advisory_ids,
        })
    }
}

fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, MalformedJson> {
    serde_json::from_str(raw.get()).map_err(|error| field(format!("a level's `tcb` cannot be read: {error}")))
}

#[derive(Deserialize, Clone, Copy)]
struct Component {
    svn: u8,
}

#[derive(Deserialize)]
struct TcbVersion3 {
    sgxtcbcomponents: [Component; 16],
    pcesvn: u16,
    tdxtcbcomponents: Option<[Component; 16]>,
}

macro_rules! tcb_version_2 {
    ($($component:ident)*) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct TcbVersion2 { $($component: u8,)* pcesvn: u16 }

        impl TcbVersion2 {
            const fn components(&self) -> [u8; 16] {
                [$(self.$component),*]
            }
        }
    };
}

tcb_version_2! {
    sgxtcbcomp01svn sgxtcbcomp02svn sgxtcbcomp03svn sgxtcbcomp04svn
    sgxtcbcomp05svn sgxtcbcomp06svn sgxtcbcomp07svn sgxtcbcomp08svn
    sgxtcbcomp09svn sgxtcbcomp10svn sgxtcbcomp11svn sgxtcbcomp12svn
    sgxtcbcomp13svn sgxtcbcomp14svn sgxtcbcomp15svn sgxtcbcomp16svn
}
