//! TCB Info: what simulated Intel says of the TCB levels of a platform family.
//!
//! For SGX, version 3 and the older version 2. Source: Intel PCS API, `/sgx/certification/v4/tcb` and `/v3/tcb`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::build_error::BuildError;
use crate::signed::Specification;
use crate::{signed_json, time};

/// What a TCB Info says. Members are written in Intel's order.
#[derive(Clone, Debug)]
pub struct TcbInfoSpec {
    /// `SGX` or `TDX`; left out below version 3.
    pub id: String,
    /// 3, or 2 for the older form with numbered components.
    pub version: u32,
    /// Since when it holds, Unix time.
    pub issue_date: i64,
    /// When the next one is due, Unix time.
    pub next_update: i64,
    /// Platform family, 12 hexadecimal digits.
    pub fmspc: String,
    /// Provisioning certification enclave, 4 hexadecimal digits.
    pub pce_id: String,
    /// How levels are compared; 0 is the only known way.
    pub tcb_type: u32,
    /// The set of levels it belongs to.
    pub tcb_evaluation_data_number: u32,
    /// The levels, highest first.
    pub tcb_levels: Vec<TcbLevelSpec>,
}

/// One TCB level.
#[derive(Clone, Debug)]
pub struct TcbLevelSpec {
    /// SVNs to reach, 16 of them.
    pub components: Vec<TcbComponent>,
    /// SVN of the provisioning certification enclave to reach.
    pub pce_svn: u32,
    /// When the level was set, Unix time.
    pub tcb_date: i64,
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
    /// Components of those SVNs; the first four are named as Intel names them.
    pub fn list(svns: &[u8]) -> Vec<Self> {
        const NAMED: [(&str, Option<&str>); 4] = [
            ("BIOS", Some("Early Microcode Update")),
            ("OS/VMM", Some("SGX Late Microcode Update")),
            ("OS/VMM", Some("TXT SINIT")),
            ("BIOS", None),
        ];
        let names = NAMED.into_iter().map(Some).chain(std::iter::repeat(None));
        let component = |(&svn, name): (&u8, Option<(&str, Option<&str>)>)| Self {
            svn: u32::from(svn),
            category: name.map(|(category, _)| category.to_owned()),
            kind: name.and_then(|(_, kind)| kind).map(str::to_owned),
        };
        svns.iter().zip(names).map(component).collect()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    version: u32,
    issue_date: String,
    next_update: String,
    fmspc: &'a str,
    pce_id: &'a str,
    tcb_type: u32,
    tcb_evaluation_data_number: u32,
    tcb_levels: Vec<WireLevel<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireLevel<'a> {
    tcb: WireTcb<'a>,
    tcb_date: String,
    tcb_status: &'a str,
    #[serde(rename = "advisoryIDs", skip_serializing_if = "<[String]>::is_empty")]
    advisory_ids: &'a [String],
}

#[derive(Serialize)]
#[serde(untagged)]
enum WireTcb<'a> {
    Listed { sgxtcbcomponents: &'a [TcbComponent], pcesvn: u32 },
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
    fn wire(&self, version: u32) -> Result<WireLevel<'_>, BuildError> {
        Ok(WireLevel {
            tcb: if version < 3 {
                WireTcb::Numbered(Numbered(&self.components, self.pce_svn))
            } else {
                WireTcb::Listed { sgxtcbcomponents: &self.components, pcesvn: self.pce_svn }
            },
            tcb_date: time::iso8601(self.tcb_date)?,
            tcb_status: &self.tcb_status,
            advisory_ids: &self.advisory_ids,
        })
    }
}

impl Specification for TcbInfoSpec {
    /// The inner object, compact.
    fn to_be_signed(&self) -> Result<Vec<u8>, BuildError> {
        let levels: Result<Vec<_>, _> = self.tcb_levels.iter().map(|level| level.wire(self.version)).collect();
        let wire = Wire {
            id: (self.version >= 3).then_some(&self.id),
            version: self.version,
            issue_date: time::iso8601(self.issue_date)?,
            next_update: time::iso8601(self.next_update)?,
            fmspc: &self.fmspc,
            pce_id: &self.pce_id,
            tcb_type: self.tcb_type,
            tcb_evaluation_data_number: self.tcb_evaluation_data_number,
            tcb_levels: levels?,
        };
        Ok(serde_json::to_vec(&wire)?)
    }

    /// `{"tcbInfo":…,"signature":…}`.
    fn assemble(&self, to_be_signed: &[u8], signature: &[u8; 64]) -> Result<Vec<u8>, BuildError> {
        signed_json::wrap("tcbInfo", to_be_signed, signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(version: u32) -> TcbInfoSpec {
        TcbInfoSpec {
            id: "SGX".to_owned(),
            version,
            issue_date: 1_684_159_691,
            next_update: 1_686_751_691,
            fmspc: "00606a000000".to_owned(),
            pce_id: "0000".to_owned(),
            tcb_type: 0,
            tcb_evaluation_data_number: 15,
            tcb_levels: vec![TcbLevelSpec {
                components: TcbComponent::list(&[11, 11, 3, 3, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
                pce_svn: 13,
                tcb_date: 1_676_419_200,
                tcb_status: "SWHardeningNeeded".to_owned(),
                advisory_ids: vec!["INTEL-SA-00615".to_owned()],
            }],
        }
    }

    #[test]
    fn version_3_is_written_byte_for_byte_as_intel_writes_it() {
        let real = concat!(
            r#"{"id":"SGX","version":3,"issueDate":"2023-05-15T14:08:11Z","nextUpdate":"2023-06-14T14:08:11Z","#,
            r#""fmspc":"00606a000000","pceId":"0000","tcbType":0,"tcbEvaluationDataNumber":15,"tcbLevels":[{"tcb":"#,
            r#"{"sgxtcbcomponents":[{"svn":11,"category":"BIOS","type":"Early Microcode Update"},"#,
            r#"{"svn":11,"category":"OS/VMM","type":"SGX Late Microcode Update"},"#,
            r#"{"svn":3,"category":"OS/VMM","type":"TXT SINIT"},{"svn":3,"category":"BIOS"},{"svn":255},{"svn":255},"#,
            r#"{"svn":1},{"svn":0},{"svn":0},{"svn":0},{"svn":0},{"svn":0},{"svn":0},{"svn":0},{"svn":0},{"svn":0}],"#,
            r#""pcesvn":13},"tcbDate":"2023-02-15T00:00:00Z","tcbStatus":"SWHardeningNeeded","#,
            r#""advisoryIDs":["INTEL-SA-00615"]}]}"#
        );
        assert_eq!(String::from_utf8(spec(3).to_be_signed().unwrap()).unwrap(), real);
    }

    #[test]
    fn version_2_has_numbered_components_and_no_id() {
        let text = String::from_utf8(spec(2).to_be_signed().unwrap()).unwrap();
        assert!(text.starts_with(r#"{"version":2,"issueDate":"#));
        assert!(text.contains(r#"{"tcb":{"sgxtcbcomp01svn":11,"sgxtcbcomp02svn":11,"#));
        assert!(text.contains(r#""sgxtcbcomp16svn":0,"pcesvn":13},"tcbDate":"#));
    }

    #[test]
    fn no_advisories_means_no_member() {
        let mut spec = spec(3);
        spec.tcb_levels[0].advisory_ids.clear();
        assert!(!String::from_utf8(spec.to_be_signed().unwrap()).unwrap().contains("advisoryIDs"));
    }
}
