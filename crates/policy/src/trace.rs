//! How a decision came about, rule by rule: as data, and as text beside the policy's source.

pub(crate) mod full;
mod text;

use serde::{Serialize, Serializer};

use crate::claims::Claim;
use crate::permit::Permit;
use crate::refusal::Refusal;
use crate::source::{Position, Span};
use crate::tree::Section;

/// A decision and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What [`crate::Policy::decide`] says of the same claims.
    pub outcome: Result<Permit, Refusal>,
    /// Every claim: first those of the evidence, then those that rules made, in that order.
    pub claims: Vec<Claim>,
    /// How many of them are of the evidence.
    pub incoming: usize,
    /// The numbers of the claims that rules issued under names that the service alone speaks for: the token does not get them.
    pub withheld: Vec<usize>,
    /// The rules that were evaluated, in the order of evaluation. Issuance rules are not where nothing is permitted.
    pub rules: Vec<RuleTrace>,
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleTrace {
    /// The section it stands in.
    pub section: Section,
    /// Its number there, from 1.
    pub number: usize,
    /// Where it stands, in bytes of the text.
    pub span: Span,
    /// The same as line and column.
    #[serde(flatten)]
    pub at: Position,
    /// `permit`, `deny`, `add`, `issue` or `issueproperty`.
    pub action: &'static str,
    /// Whether it fired.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Its conditions, up to the first that does not hold.
    pub conditions: Vec<ConditionTrace>,
}

/// Whether a rule fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// All conditions hold, and this was made.
    Fired {
        /// The numbers of the claims that it made.
        made: Vec<usize>,
    },
    /// A condition does not hold.
    NotFired,
    /// It ended the evaluation in an error.
    Failed {
        /// What is wrong.
        fault: String,
    },
}

/// What became of one condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConditionTrace {
    /// Where it stands, in bytes of the text.
    pub span: Span,
    /// Whether it holds.
    pub holds: bool,
    /// Whether it is one with `!`, which holds where nothing matches.
    pub is_negated: bool,
    /// The numbers of the claims that it matched.
    pub matched: Vec<usize>,
    /// Where nothing matched: claims of the type that it asks for, and the test that each did not pass.
    pub near: Vec<Near>,
}

/// A claim that a condition did not match, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Near {
    /// The number of the claim.
    pub claim: usize,
    /// Where the test stands that it did not pass, in bytes of the text.
    pub test: Span,
}

impl Explanation {
    /// Of claims that could not even be looked at.
    pub(crate) fn of_nothing(incoming: &[Claim], refusal: Refusal) -> Self {
        Self {
            outcome: Err(refusal),
            claims: incoming.to_vec(),
            incoming: incoming.len(),
            withheld: Vec::new(),
            rules: Vec::new(),
        }
    }

    /// The rule that denied; or the one that ended the evaluation in an error.
    pub fn deciding_rule(&self) -> Option<&RuleTrace> {
        match &self.outcome {
            Err(Refusal::Denied { at }) => self.rules.iter().find(|rule| rule.at == *at),
            Err(Refusal::Evaluation(_)) => {
                self.rules.last().filter(|rule| matches!(rule.outcome, Outcome::Failed { .. }))
            }
            Ok(_) => self.rules.iter().find(|rule| rule.action == "permit" && rule.has_fired()),
            Err(Refusal::NoPermit) => None,
        }
    }

    /// The claims that rules issued and the token does not get.
    pub fn withheld(&self) -> impl Iterator<Item = &Claim> {
        self.withheld.iter().filter_map(|number| self.claims.get(*number))
    }
}

impl RuleTrace {
    /// Whether all its conditions held and it did what it says.
    pub const fn has_fired(&self) -> bool {
        matches!(self.outcome, Outcome::Fired { .. })
    }
}

impl Serialize for Section {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
