//! TCB levels of a platform family, and their components.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use unix_time::UnixTime;

use crate::build_error::BuildError;
use crate::time;

/// One TCB level.
#[derive(Clone, Debug)]
pub struct TcbLevelSpec {
    /// SVNs to reach, 16 of them.
    pub components: Vec<TcbComponent>,
    /// SVN of the provisioning certification enclave to reach.
    pub pce_svn: u32,
    /// SVNs of the TDX components to reach, 16 of them; for TDX alone.
    pub tdx_components: Option<Vec<TcbComponent>>,
    /// When the level was set.
    pub tcb_date: UnixTime,
    /// What reaching it means, in Intel's words: `UpToDate`, `OutOfDate` and so on.
    pub tcb_status: String,
    /// Security advisories that apply; left out where there is none.
    pub advisory_ids: Vec<String>,
}

/// One component of a TCB level.
#[derive(Clone, Debug, Serialize)]
pub struct TcbComponent {
    /// SVN to reach, 0 to 255.
    pub svn: u32,
    /// Where the component comes from, such as `BIOS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What it is, such as `TXT SINIT`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

impl TcbComponent {
    /// SGX components of those SVNs; the first four are named as Intel names them.
    pub fn list(svns: &[u8]) -> Vec<Self> {
        const NAMED: [(&str, Option<&str>); 4] = [
            ("BIOS", Some("Early Microcode Update")),
            ("OS/VMM", Some("SGX Late Microcode Update")),
            ("OS/VMM", Some("TXT SINIT")),
            ("BIOS", None),
        ];
        Self::named(svns, &NAMED)
    }

    /// TDX components of those SVNs; the first three are named as Intel names them.
    pub fn tdx_list(svns: &[u8]) -> Vec<Self> {
        const MODULE: (&str, Option<&str>) = ("OS/VMM", Some("TDX Module"));
        Self::named(svns, &[MODULE, MODULE, ("OS/VMM", Some("TDX Late Microcode Update"))])
    }

    fn named(svns: &[u8], names: &[(&str, Option<&str>)]) -> Vec<Self> {
        let names = names.iter().map(Some).chain(std::iter::repeat(None));
        let component = |(&svn, name): (&u8, Option<&(&str, Option<&str>)>)| Self {
            svn: u32::from(svn),
            category: name.map(|&(category, _)| category.to_owned()),
            kind: name.and_then(|&(_, kind)| kind).map(str::to_owned),
        };
        svns.iter().zip(names).map(component).collect()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireLevel<'a> {
    tcb: WireTcb<'a>,
    tcb_date: String,
    tcb_status: &'a str,
    #[serde(rename = "advisoryIDs", skip_serializing_if = "<[String]>::is_empty")]
    advisory_ids: &'a [String],
}

#[derive(Serialize)]
#[serde(untagged)]
enum WireTcb<'a> {
    Listed {
        sgxtcbcomponents: &'a [TcbComponent],
        pcesvn: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        tdxtcbcomponents: Option<&'a [TcbComponent]>,
    },
    Numbered(Numbered<'a>),
}

/// The form of version 2: one member for each component.
struct Numbered<'a>(&'a [TcbComponent], u32);

impl Serialize for Numbered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (number, component) in (1_u32..).zip(self.0) {
            map.serialize_entry(&format!("sgxtcbcomp{number:02}svn"), &component.svn)?;
        }
        map.serialize_entry("pcesvn", &self.1)?;
        map.end()
    }
}

impl TcbLevelSpec {
    pub(super) fn wire(&self, version: u32) -> Result<WireLevel<'_>, BuildError> {
        Ok(WireLevel {
            tcb: if version < 3 {
                WireTcb::Numbered(Numbered(&self.components, self.pce_svn))
            } else {
                WireTcb::Listed {
                    sgxtcbcomponents: &self.components,
                    pcesvn: self.pce_svn,
                    tdxtcbcomponents: self.tdx_components.as_deref(),
                }
            },
            tcb_date: time::iso8601(self.tcb_date)?,
            tcb_status: &self.tcb_status,
            advisory_ids: &self.advisory_ids,
        })
    }
}
