//! The verdict on evidence, for people and other programs.

use dcap::{Finding, IntelResult, Shortfall, Supplemental, Tee, VerifiedQuoteDescription};
use problem::Problem;
use serde::{Serialize, Serializer};
use unix_time::UnixTime;

use crate::choose::taken::Taken;
use crate::verify::by_number::StatusByNumber;

/// The verdict on evidence, and what is known of the evidence.
///
/// It proves nothing to a program: there is no way from it to an appraisal.
///
/// ```compile_fail
/// fn appraisal(verdict: collateral::Verdict) -> evidence::Appraisal { verdict.into() }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The verdict itself.
    #[serde(flatten)]
    pub decision: Decision,
    /// The time at which the evidence was judged.
    pub at: UnixTime,
    /// Every check with its result, if they were asked for; empty where there is no collateral for the platform.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "null_if_empty")]
    pub checks: Option<Vec<Finding>>,
    /// What is known of the evidence.
    #[serde(flatten)]
    pub evidence: EvidenceDescription,
}

impl Verdict {
    /// Rejects what cannot be read as evidence or collateral.
    pub fn unreadable(at: UnixTime, error: ErrorDescription) -> Self {
        Self { decision: Decision::Rejected { error }, at, checks: None, evidence: EvidenceDescription::default() }
    }
}

/// Whether evidence is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Decision {
    /// It is authentic and meets the requirements.
    Accepted,
    /// It is not authentic, or does not meet the requirements.
    Rejected {
        /// Why.
        error: ErrorDescription,
    },
}

impl Decision {
    /// Returns the word, as JSON has it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected { .. } => "rejected",
        }
    }
}

/// What is known of evidence, as far as its verification came.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceDescription {
    /// The TEE that the quote names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tee: Option<Tee>,
    /// The version of the quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote_version: Option<u16>,
    /// The pieces of collateral that were taken, once the platform is proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collateral: Option<Vec<Taken>>,
    /// The status under each evaluation data number, once the collateral is verified; empty unless there are several.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "null_if_empty")]
    pub by_evaluation_number: Option<Vec<StatusByNumber>>,
    /// The verdict of verification in the terms of Intel's library.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intel_result: Option<IntelResult>,
    /// What an authentic platform lacks to the best level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortfalls: Option<Vec<Shortfall>>,
    /// The contents of an authentic quote.
    #[serde(flatten)]
    pub quote: Option<VerifiedQuoteDescription>,
    /// Intel's supplemental data of an authentic quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplemental: Option<Supplemental>,
}

/// Why evidence is rejected, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorDescription {
    /// A stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl ErrorDescription {
    /// Describes a problem with its causes.
    pub fn of(problem: &impl Problem) -> Self {
        let (code, help) = (problem.code().into_owned(), problem.help().into_owned());
        Self { code, message: problem::chain(problem), help }
    }
}

fn null_if_empty<T: Serialize, S: Serializer>(all: &Option<Vec<T>>, serializer: S) -> Result<S::Ok, S::Error> {
    all.as_ref().filter(|all| !all.is_empty()).serialize(serializer)
}
