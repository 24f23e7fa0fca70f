//! TCB levels by ISVSVN: of quoting enclaves and of TDX modules.

use serde::Serialize;
use unix_time::UnixTime;

use crate::build_error::BuildError;
use crate::time;

/// One level of an enclave or a TDX module.
#[derive(Clone, Debug)]
pub struct IsvLevelSpec {
    /// ISVSVN to reach.
    pub isv_svn: u16,
    /// When the level was set.
    pub tcb_date: UnixTime,
    /// `UpToDate`, `OutOfDate` or `Revoked`.
    pub tcb_status: String,
    /// Security advisories that apply; left out where there is none.
    pub advisory_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireLevel<'a> {
    tcb: WireTcb,
    tcb_date: String,
    tcb_status: &'a str,
    #[serde(rename = "advisoryIDs", skip_serializing_if = "<[String]>::is_empty")]
    advisory_ids: &'a [String],
}

#[derive(Serialize)]
struct WireTcb {
    isvsvn: u16,
}

impl IsvLevelSpec {
    fn wire(&self) -> Result<WireLevel<'_>, BuildError> {
        Ok(WireLevel {
            tcb: WireTcb { isvsvn: self.isv_svn },
            tcb_date: time::iso8601(self.tcb_date)?,
            tcb_status: &self.tcb_status,
            advisory_ids: &self.advisory_ids,
        })
    }
}

/// Those levels as Intel writes them.
pub(crate) fn wire(levels: &[IsvLevelSpec]) -> Result<Vec<WireLevel<'_>>, BuildError> {
    levels.iter().map(IsvLevelSpec::wire).collect()
}
