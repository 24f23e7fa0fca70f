//! TCB levels by ISVSVN: of quoting enclaves and of TDX modules.

use serde::Deserialize;

use crate::documents::signed_document::MalformedJson;
use crate::documents::tcb_status::TcbStatus;
use unix_time::UnixTime;

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

/// Reads the levels of an enclave, highest first. There has to be one. Of several levels of one ISVSVN the one with the
/// newest date counts, as in Intel's library, and the others are left out; two of one date are refused.
pub(crate) fn of_enclave(levels: Vec<Wire<TcbStatus>>) -> Result<Vec<IsvLevel>, MalformedJson> {
    let mut levels = levels.into_iter().map(Wire::read).collect::<Result<Vec<_>, _>>()?;
    levels.sort_by_key(|level| std::cmp::Reverse((level.isv_svn, level.date)));
    if levels.is_empty() {
        return Err(MalformedJson::Field("enclave identity has no levels".to_owned()));
    }
    let is_same = |one: &IsvLevel, next: &IsvLevel| (one.isv_svn, one.date) == (next.isv_svn, next.date);
    if levels.windows(2).any(|pair| matches!(pair, [one, next] if is_same(one, next))) {
        return Err(MalformedJson::Field("enclave identity has the same level twice".to_owned()));
    }
    levels.dedup_by_key(|level| level.isv_svn);
    Ok(levels)
}

/// A level as documents have it, with a status of an enclave or of a TDX module.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wire<S> {
    tcb: WireTcb,
    tcb_date: UnixTime,
    pub(crate) tcb_status: S,
    #[serde(rename = "advisoryIDs", default)]
    advisory_ids: Vec<String>,
}

#[derive(Deserialize)]
struct WireTcb {
    isvsvn: u16,
}

impl<S> Wire<S> {
    pub(crate) const fn isv_svn(&self) -> u16 {
        self.tcb.isvsvn
    }

    pub(crate) fn with_status(self, status: TcbStatus) -> IsvLevel {
        IsvLevel { isv_svn: self.tcb.isvsvn, status, date: self.tcb_date, advisory_ids: self.advisory_ids }
    }
}

impl Wire<TcbStatus> {
    fn read(self) -> Result<IsvLevel, MalformedJson> {
        match self.tcb_status {
            status @ (TcbStatus::UpToDate | TcbStatus::OutOfDate | TcbStatus::Revoked) => Ok(self.with_status(status)),
            other => Err(MalformedJson::Field(format!("a level by ISVSVN cannot have status `{other}`"))),
        }
    }
}
