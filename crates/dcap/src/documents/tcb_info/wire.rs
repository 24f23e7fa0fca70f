//! TCB Info as Intel writes it in JSON, versions 2 and 3.

use std::sync::Arc;

use serde::Deserialize;

use crate::documents::signed_document::{MalformedJson, field, hex_field};
use crate::documents::tcb_info::level::{ComponentName, ComponentNames, TcbLevel};
use crate::documents::tcb_info::tdx_modules::{TdxModule, TdxModules, WireIdentity};
use crate::documents::tcb_status::TcbStatus;
use crate::documents::text::{Text, present};
use crate::quote::tee::Tee;
use unix_time::UnixTime;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wire<'a, T> {
    #[serde(default, deserialize_with = "present")]
    pub(crate) id: Option<Tee>,
    pub(crate) version: u32,
    pub(crate) issue_date: UnixTime,
    pub(crate) next_update: UnixTime,
    #[serde(deserialize_with = "hex_field")]
    pub(crate) fmspc: [u8; 6],
    #[serde(deserialize_with = "hex_field")]
    pub(crate) pce_id: [u8; 2],
    pub(crate) tcb_type: u32,
    pub(crate) tcb_evaluation_data_number: u32,
    #[serde(default, deserialize_with = "present")]
    pub(crate) tdx_module: Option<TdxModule>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(crate) tdx_module_identities: Option<Vec<WireIdentity<'a>>>,
    pub(crate) tcb_levels: Vec<WireLevel<T>>,
}

/// The one member that says how the others are to be read.
#[derive(Deserialize)]
pub(crate) struct Head {
    pub(crate) version: u32,
}

impl<T> Wire<'_, T> {
    pub(crate) fn tdx_modules(&mut self, tee: Tee) -> Result<Option<TdxModules>, MalformedJson> {
        match (tee, self.tdx_module) {
            (Tee::Sgx, _) => Ok(None),
            (Tee::Tdx, None) => Err(field("TCB Info for TDX does not describe the TDX module")),
            (Tee::Tdx, Some(base)) => TdxModules::read(base, self.tdx_module_identities.take()).map(Some),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireLevel<T> {
    tcb: T,
    tcb_date: UnixTime,
    tcb_status: TcbStatus,
    #[serde(rename = "advisoryIDs", default)]
    advisory_ids: Vec<String>,
}

/// What a level demands: components of SGX and of TDX, and PCESVN.
pub(crate) struct Demand<'a> {
    sgx: [Component<'a>; 16],
    tdx: Option<[Component<'a>; 16]>,
    pce_svn: u16,
}

impl<'a, T: Into<Demand<'a>>> WireLevel<T> {
    /// Component names are the same at all levels of a document, and so shared with the level before.
    pub(crate) fn read(self, tee: Tee, before: Option<&TcbLevel>) -> Result<TcbLevel, MalformedJson> {
        let Demand { sgx, tdx, pce_svn } = self.tcb.into();
        if tdx.is_some() != (tee == Tee::Tdx) {
            return Err(field(format!("a level has or lacks `tdxtcbcomponents` in TCB Info for {tee}")));
        }
        if matches!(self.tcb_status, TcbStatus::TdRelaunchAdvised | TcbStatus::TdRelaunchAdvisedConfigurationNeeded) {
            return Err(field(format!("a level has status `{}`, which is a verdict and no level", self.tcb_status)));
        }
        Ok(TcbLevel {
            sgx_components: sgx.each_ref().map(|component| component.svn),
            pce_svn,
            tdx_components: tdx.as_ref().map(|tdx| tdx.each_ref().map(|component| component.svn)),
            sgx_component_names: names(&sgx, before.map(|level| &level.sgx_component_names)),
            tdx_component_names: tdx.as_ref().map(|tdx| {
                let before = before.and_then(|level| level.tdx_component_names.as_ref());
                names(tdx, before)
            }),
            status: self.tcb_status,
            date: self.tcb_date,
            advisory_ids: self.advisory_ids,
        })
    }
}

fn names(components: &[Component<'_>; 16], before: Option<&ComponentNames>) -> ComponentNames {
    if let Some(before) = before
        && components.iter().zip(before.iter()).all(|(component, name)| component.is_named(name.as_ref()))
    {
        return Arc::clone(before);
    }
    Arc::new(components.each_ref().map(Component::name))
}

#[derive(Deserialize, Default)]
struct Component<'a> {
    svn: u8,
    #[serde(borrow, default, deserialize_with = "present")]
    category: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present", rename = "type")]
    kind: Option<Text<'a>>,
}

impl Component<'_> {
    fn name(&self) -> Option<ComponentName> {
        let kind = || self.kind.as_ref().map(|kind| kind.0.to_string());
        self.category.as_ref().map(|category| ComponentName { category: category.0.to_string(), kind: kind() })
    }

    fn is_named(&self, name: Option<&ComponentName>) -> bool {
        match (&self.category, name) {
            (None, None) => true,
            (Some(category), Some(name)) => {
                category.0 == name.category && self.kind.as_ref().map(|kind| &*kind.0) == name.kind.as_deref()
            }
            _ => false,
        }
    }
}

/// `tcb` of a level in version 3.
#[derive(Deserialize)]
pub(crate) struct Version3<'a> {
    #[serde(borrow)]
    sgxtcbcomponents: [Component<'a>; 16],
    pcesvn: u16,
    #[serde(borrow, default, deserialize_with = "present")]
    tdxtcbcomponents: Option<[Component<'a>; 16]>,
}

impl<'a> From<Version3<'a>> for Demand<'a> {
    fn from(tcb: Version3<'a>) -> Self {
        Self { sgx: tcb.sgxtcbcomponents, tdx: tcb.tdxtcbcomponents, pce_svn: tcb.pcesvn }
    }
}

macro_rules! tcb_version_2 {
    ($($component:ident)*) => {
        /// `tcb` of a level in version 2.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct Version2 { $($component: u8,)* pcesvn: u16 }

        impl From<Version2> for Demand<'_> {
            fn from(tcb: Version2) -> Self {
                let sgx = [$(tcb.$component),*].map(|svn| Component { svn, ..Component::default() });
                Self { sgx, tdx: None, pce_svn: tcb.pcesvn }
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
