//! TCB Info: what simulated Intel says of the TCB levels of a platform family.
//!
//! Version 3 for SGX and TDX, and the older version 2 for SGX. Source: Intel PCS API, `/sgx/certification/v4/tcb`,
//! `/tdx/certification/v4/tcb` and `/sgx/certification/v3/tcb`.

mod level;
mod tdx_module;

use serde::Serialize;

use crate::build_error::BuildError;
use crate::signed::Specification;
use crate::{signed_json, time};

use level::WireLevel;
pub use level::{TcbComponent, TcbLevelSpec};
pub use tdx_module::{TdxModuleIdentitySpec, TdxModuleSpec};
use tdx_module::{WireIdentity, WireModule};
use unix_time::UnixTime;

/// What a TCB Info says. Members are written in Intel's order.
#[derive(Clone, Debug)]
pub struct TcbInfoSpec {
    /// `SGX` or `TDX`; left out below version 3.
    pub id: String,
    /// 3, or 2 for the older form with numbered components.
    pub version: u32,
    /// Since when it holds.
    pub issue_date: UnixTime,
    /// When the next one is due.
    pub next_update: UnixTime,
    /// Platform family, 12 hexadecimal digits.
    pub fmspc: String,
    /// Provisioning certification enclave, 4 hexadecimal digits.
    pub pce_id: String,
    /// How levels are compared; 0 is the only known way.
    pub tcb_type: u32,
    /// The set of levels it belongs to.
    pub tcb_evaluation_data_number: u32,
    /// The TDX module of major version 0; for TDX alone.
    pub tdx_module: Option<TdxModuleSpec>,
    /// TDX modules of later major versions; for TDX alone.
    pub tdx_module_identities: Option<Vec<TdxModuleIdentitySpec>>,
    /// The levels, highest first.
    pub tcb_levels: Vec<TcbLevelSpec>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    tdx_module: Option<WireModule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tdx_module_identities: Option<Vec<WireIdentity<'a>>>,
    tcb_levels: Vec<WireLevel<'a>>,
}

impl Specification for TcbInfoSpec {
    /// The inner object, compact.
    fn to_be_signed(&self) -> Result<Vec<u8>, BuildError> {
        let identities = self.tdx_module_identities.as_deref().map(tdx_module::wire);
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
            tdx_module: self.tdx_module.as_ref().map(TdxModuleSpec::wire),
            tdx_module_identities: identities.transpose()?,
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
            issue_date: UnixTime::from_seconds(1_684_159_691),
            next_update: UnixTime::from_seconds(1_686_751_691),
            fmspc: "00606a000000".to_owned(),
            pce_id: "0000".to_owned(),
            tcb_type: 0,
            tcb_evaluation_data_number: 15,
            tdx_module: None,
            tdx_module_identities: None,
            tcb_levels: vec![TcbLevelSpec {
                components: TcbComponent::list(&[11, 11, 3, 3, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
                pce_svn: 13,
                tdx_components: None,
                tcb_date: UnixTime::from_seconds(1_676_419_200),
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
    fn tdx_modules_and_components_are_written_as_intel_writes_them() {
        let mut spec = spec(3);
        spec.tdx_module = Some(TdxModuleSpec::intel());
        spec.tdx_module_identities = Some(vec![TdxModuleIdentitySpec {
            id: "TDX_03".to_owned(),
            module: TdxModuleSpec::intel(),
            tcb_levels: vec![crate::IsvLevelSpec {
                isv_svn: 3,
                tcb_date: UnixTime::from_seconds(1_731_456_000),
                tcb_status: "UpToDate".to_owned(),
                advisory_ids: vec![],
            }],
        }]);
        spec.tcb_levels[0].tdx_components = Some(TcbComponent::tdx_list(&[5, 0, 8, 0]));
        let text = String::from_utf8(spec.to_be_signed().unwrap()).unwrap();
        let module = format!(
            r#""mrsigner":"{}","attributes":"0000000000000000","attributesMask":"FFFFFFFFFFFFFFFF""#,
            "0".repeat(96)
        );
        let modules = format!(
            r#""tcbEvaluationDataNumber":15,"tdxModule":{{{module}}},"tdxModuleIdentities":[{{"id":"TDX_03",{module},{}"#,
            r#""tcbLevels":[{"tcb":{"isvsvn":3},"tcbDate":"2024-11-13T00:00:00Z","tcbStatus":"UpToDate"}]}],"tcbLevels":"#
        );
        let components = concat!(
            r#""pcesvn":13,"tdxtcbcomponents":[{"svn":5,"category":"OS/VMM","type":"TDX Module"},"#,
            r#"{"svn":0,"category":"OS/VMM","type":"TDX Module"},"#,
            r#"{"svn":8,"category":"OS/VMM","type":"TDX Late Microcode Update"},{"svn":0}]},"tcbDate":"#
        );
        assert!(text.contains(&modules) && text.contains(components), "{text}");
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
