//! Evaluation numbers: sets of levels that Intel keeps beside each other.

use serde::Serialize;
use unix_time::UnixTime;

use super::Tee;
use crate::build_error::BuildError;
use crate::intel::EVALUATION_DATA_NUMBER;
use crate::isv_level::IsvLevelSpec;
use crate::signed::Specification;
use crate::signed_json;
use crate::tcb_info::TcbInfoSpec;
use crate::time::{self, DAY};

/// The set that a document belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evaluation {
    /// The one before the standard one: older levels are good enough still.
    Previous,
    /// The one that Intel gives where none is asked for.
    Standard,
    /// The one that becomes the standard one: it demands more than any machine has.
    Early,
}

impl Evaluation {
    /// All that are served, the newest first.
    pub(super) const ALL: [Self; 3] = [Self::Early, Self::Standard, Self::Previous];

    pub(super) const fn number(self) -> u32 {
        match self {
            Self::Previous => EVALUATION_DATA_NUMBER.saturating_sub(1),
            Self::Standard => EVALUATION_DATA_NUMBER,
            Self::Early => EVALUATION_DATA_NUMBER.saturating_add(1),
        }
    }

    pub(super) fn of_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|evaluation| evaluation.number() == number)
    }

    /// Rates the levels of TCB Info of the standard set anew.
    pub(super) fn rate(self, tcb_info: &mut TcbInfoSpec) {
        tcb_info.tcb_evaluation_data_number = self.number();
        match self {
            Self::Standard => {}
            Self::Previous => {
                for level in &mut tcb_info.tcb_levels {
                    level.tcb_status = "UpToDate".to_owned();
                    level.advisory_ids.clear();
                }
            }
            Self::Early => {
                let Some(newest) = tcb_info.tcb_levels.first().cloned() else { return };
                let mut demanded = newest;
                demanded.tcb_date = demanded.tcb_date.plus(60 * DAY);
                if let Some(component) = demanded.components.first_mut() {
                    component.svn = component.svn.saturating_add(1);
                }
                if let Some(newest) = tcb_info.tcb_levels.first_mut() {
                    newest.tcb_status = "OutOfDate".to_owned();
                    newest.advisory_ids = vec!["INTEL-SA-01111".to_owned()];
                }
                tcb_info.tcb_levels.insert(0, demanded);
            }
        }
    }

    /// The same with those of an enclave: what was good enough before.
    pub(super) fn rate_enclave(self, levels: &mut [IsvLevelSpec]) {
        if self == Self::Previous {
            for level in levels {
                level.tcb_status = "UpToDate".to_owned();
                level.advisory_ids.clear();
            }
        }
    }
}

/// Which evaluation numbers are served: `tcbEvaluationDataNumbers` of Intel's API.
pub(super) struct EvaluationNumbers {
    pub(super) tee: Tee,
    pub(super) issue_date: UnixTime,
    pub(super) next_update: UnixTime,
    /// When Intel was made.
    pub(super) created: UnixTime,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: &'static str,
    version: u32,
    issue_date: String,
    next_update: String,
    tcb_eval_numbers: Vec<WireNumber>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireNumber {
    tcb_evaluation_data_number: u32,
    tcb_recovery_event_date: String,
    tcb_date: String,
}

impl Specification for EvaluationNumbers {
    fn to_be_signed(&self) -> Result<Vec<u8>, BuildError> {
        // A recovery each half year; the early set is the latest.
        let number = |(evaluation, age_days): (Evaluation, i64)| {
            let date =
                time::midnight(self.created.plus(age_days.saturating_mul(DAY).saturating_neg())).max(UnixTime::EPOCH);
            Ok(WireNumber {
                tcb_evaluation_data_number: evaluation.number(),
                tcb_recovery_event_date: time::iso8601(date)?,
                tcb_date: time::iso8601(date)?,
            })
        };
        let numbers = Evaluation::ALL.into_iter().zip([30, 90, 270]).map(number).collect::<Result<_, BuildError>>()?;
        Ok(serde_json::to_vec(&Wire {
            id: self.tee.id(),
            version: 1,
            issue_date: time::iso8601(self.issue_date)?,
            next_update: time::iso8601(self.next_update)?,
            tcb_eval_numbers: numbers,
        })?)
    }

    fn assemble(&self, to_be_signed: &[u8], signature: &[u8; 64]) -> Result<Vec<u8>, BuildError> {
        signed_json::wrap("tcbEvaluationDataNumbers", to_be_signed, signature)
    }
}
