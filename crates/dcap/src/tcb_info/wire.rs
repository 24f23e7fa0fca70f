//! TCB Info as Intel writes it in JSON, versions 2 and 3.

use serde::Deserialize;

use super::{ComponentName, TcbLevel, TdxModule, TdxModuleIdentity, TdxModules, Tee};
use crate::isv_level;
use crate::signed_json::{MalformedJson, hex_field};
use crate::tcb_status::TcbStatus;
use crate::time::UnixTime;

pub(super) fn field(message: impl Into<String>) -> MalformedJson {
    MalformedJson::Field(message.into())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wire<T> {
    pub(super) id: Option<Tee>,
    pub(super) version: u32,
    pub(super) issue_date: UnixTime,
    pub(super) next_update: UnixTime,
    #[serde(deserialize_with = "hex_field")]
    pub(super) fmspc: [u8; 6],
    #[serde(deserialize_with = "hex_field")]
    pub(super) pce_id: [u8; 2],
    pub(super) tcb_type: u32,
    pub(super) tcb_evaluation_data_number: u32,
    pub(super) tdx_module: Option<TdxModule>,
    pub(super) tdx_module_identities: Option<Vec<WireModuleIdentity>>,
    pub(super) tcb_levels: Vec<WireLevel<T>>,
}

/// The one member that says how the others are to be read.
#[derive(Deserialize)]
pub(super) struct Head {
    pub(super) version: u32,
}

impl<T> Wire<T> {
    pub(super) fn tdx_modules(&mut self, tee: Tee) -> Result<Option<TdxModules>, MalformedJson> {
        let base = match (tee, self.tdx_module) {
            (Tee::Sgx, _) => return Ok(None),
            (Tee::Tdx, None) => return Err(field("TCB Info for TDX does not describe the TDX module")),
            (Tee::Tdx, Some(base)) => base,
        };
        let identities = match self.tdx_module_identities.take() {
            None => Vec::new(),
            Some(identities) if identities.is_empty() => return Err(field("`tdxModuleIdentities` is empty")),
            Some(identities) => identities.into_iter().map(WireModuleIdentity::read).collect::<Result<Vec<_>, _>>()?,
        };
        let mut majors: Vec<u8> = identities.iter().map(|identity| identity.major).collect();
        majors.sort_unstable();
        if majors.windows(2).any(|pair| matches!(pair, [one, next] if one == next)) {
            return Err(field("TCB Info has the same TDX module twice"));
        }
        Ok(Some(TdxModules { base, identities }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireModuleIdentity {
    id: String,
    #[serde(deserialize_with = "hex_field")]
    mrsigner: [u8; 48],
    #[serde(deserialize_with = "hex_field")]
    attributes: [u8; 8],
    tcb_levels: Vec<isv_level::Wire>,
}

impl WireModuleIdentity {
    /// The id is `TDX_` and the major version in two hexadecimal digits.
    fn read(self) -> Result<TdxModuleIdentity, MalformedJson> {
        // `from_str_radix` would take a sign for a digit.
        let is_hex = |digits: &&str| digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let major = self.id.strip_prefix("TDX_").filter(is_hex);
        let major = major.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let major = major.ok_or_else(|| field("a TDX module's `id` is not `TDX_` and two hexadecimal digits"))?;
        Ok(TdxModuleIdentity {
            major,
            module: TdxModule { mr_signer: self.mrsigner, attributes: self.attributes },
            levels: isv_level::sorted(self.tcb_levels, "TDX module identity")?,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireLevel<T> {
    tcb: T,
    tcb_date: UnixTime,
    tcb_status: TcbStatus,
    #[serde(rename = "advisoryIDs", default)]
    advisory_ids: Vec<String>,
}

/// What a level demands: components and their names, of SGX and of TDX, and PCESVN.
pub(super) struct Demand {
    sgx: ([u8; 16], [Option<ComponentName>; 16]),
    tdx: Option<([u8; 16], [Option<ComponentName>; 16])>,
    pce_svn: u16,
}

impl<T: Into<Demand>> WireLevel<T> {
    pub(super) fn read(self, tee: Tee) -> Result<TcbLevel, MalformedJson> {
        let Demand { sgx: (sgx_components, sgx_component_names), tdx, pce_svn } = self.tcb.into();
        let (tdx_components, tdx_component_names) = tdx.map_or((None, UNNAMED), |(svns, names)| (Some(svns), names));
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
            sgx_component_names,
            tdx_component_names,
            status: self.tcb_status,
            date: self.tcb_date,
            advisory_ids: self.advisory_ids,
        })
    }
}

const UNNAMED: [Option<ComponentName>; 16] = [const { None }; 16];

#[derive(Deserialize)]
struct Component {
    svn: u8,
    category: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

fn apart(components: [Component; 16]) -> ([u8; 16], [Option<ComponentName>; 16]) {
    let svns = components.each_ref().map(|component| component.svn);
    let names = components.map(|component| {
        let kind = component.kind;
        component.category.map(|category| ComponentName { category, kind })
    });
    (svns, names)
}

/// `tcb` of a level in version 3.
#[derive(Deserialize)]
pub(super) struct Version3 {
    sgxtcbcomponents: [Component; 16],
    pcesvn: u16,
    tdxtcbcomponents: Option<[Component; 16]>,
}

impl From<Version3> for Demand {
    fn from(tcb: Version3) -> Self {
        Self { sgx: apart(tcb.sgxtcbcomponents), tdx: tcb.tdxtcbcomponents.map(apart), pce_svn: tcb.pcesvn }
    }
}

macro_rules! tcb_version_2 {
    ($($component:ident)*) => {
        /// `tcb` of a level in version 2.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Version2 { $($component: u8,)* pcesvn: u16 }

        impl From<Version2> for Demand {
            fn from(tcb: Version2) -> Self {
                Self { sgx: ([$(tcb.$component),*], UNNAMED), tdx: None, pce_svn: tcb.pcesvn }
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
