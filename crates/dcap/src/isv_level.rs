//! TCB levels by ISVSVN: of quoting enclaves and of TDX modules.

use serde::Deserialize;

use crate::signed_json::MalformedJson;
use crate::tcb_status::TcbStatus;
use crate::time::UnixTime;

/// One level: ISVSVN to reach, and what reaching it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsvLevel {
    /// SVN to reach.
    pub isv_svn: u16,
    /// UpToDate, OutOfDate or Revoked.
    pub status: TcbStatus,
    /// When the level was set.
    pub date: UnixTime,
    /// Intel's security advisories that apply at this level.
    pub advisory_ids: Vec<String>,
}

/// The highest level that an SVN reaches; levels are sorted, highest first.
pub(crate) fn reached(levels: &[IsvLevel], isv_svn: u16) -> Option<&IsvLevel> {
    levels.iter().find(|level| isv_svn >= level.isv_svn)
}

/// Reads levels, highest first. There has to be one, and none twice.
pub(crate) fn sorted(levels: Vec<Wire>, of: &str) -> Result<Vec<IsvLevel>, MalformedJson> {
    let mut levels = levels.into_iter().map(Wire::read).collect::<Result<Vec<_>, _>>()?;
    levels.sort_by_key(|level| std::cmp::Reverse(level.isv_svn));
    if levels.is_empty() {
        return Err(MalformedJson::Field(format!("{of} has no levels")));
    }
    if levels.windows(2).any(|pair| matches!(pair, [one, next] if one.isv_svn == next.isv_svn)) {
        return Err(MalformedJson::Field(format!("{of} has the same level twice")));
    }
    Ok(levels)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wire {
    tcb: WireTcb,
    tcb_date: UnixTime,
    tcb_status: TcbStatus,
    #[serde(rename = "advisoryIDs", default)]
    advisory_ids: Vec<String>,
}

#[derive(Deserialize)]
struct WireTcb {
    isvsvn: u16,
}

impl Wire {
    fn read(self) -> Result<IsvLevel, MalformedJson> {
        if !matches!(self.tcb_status, TcbStatus::UpToDate | TcbStatus::OutOfDate | TcbStatus::Revoked) {
            return Err(MalformedJson::Field(format!("a level by ISVSVN cannot have status `{}`", self.tcb_status)));
        }
        Ok(IsvLevel {
            isv_svn: self.tcb.isvsvn,
            status: self.tcb_status,
            date: self.tcb_date,
            advisory_ids: self.advisory_ids,
        })
    }
}
