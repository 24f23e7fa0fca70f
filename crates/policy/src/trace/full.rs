//! The explanation of a whole evaluation: the configuration, and the decision that follows it.

use serde::{Serialize, Serializer};

use super::{Explanation, RuleTrace};
use crate::claims::Claim;
use crate::decision::Decision;
use crate::properties::Properties;
use crate::tree::Policy;
use crate::vocabulary::Vocabulary;

/// How a policy configured the verification, and how it then decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullExplanation {
    /// Of the configuration rules.
    pub configuration: Explanation,
    /// Of the other rules; none where the configuration failed.
    pub decision: Option<Explanation>,
}

impl Policy {
    /// Configures and decides as [`Policy::configure`] and [`Policy::decide`] do, and records how.
    pub fn explain_fully(&self, incoming: &[Claim], vocabulary: &Vocabulary) -> FullExplanation {
        let configuration = self.explain_configuration(vocabulary);
        let decision = configuration.outcome.is_ok().then(|| self.explain(incoming, vocabulary));
        FullExplanation { configuration, decision }
    }
}

impl FullExplanation {
    /// The explanation of the outcome: of the decision, or of the configuration that failed.
    pub fn last(&self) -> &Explanation {
        self.decision.as_ref().unwrap_or(&self.configuration)
    }

    /// The rules that were evaluated, in the order of evaluation.
    pub fn rules(&self) -> impl Iterator<Item = &RuleTrace> {
        self.configuration.rules.iter().chain(self.decision.iter().flat_map(|decision| &decision.rules))
    }

    /// Both as text, rule by rule, with the source of each; the outcome is the first line.
    pub fn text(&self, policy: &Policy) -> String {
        let Some(decision) = &self.decision else { return self.configuration.text(policy) };
        let text = decision.text(policy);
        let (outcome, rules) = text.split_once('\n').unwrap_or((&text, ""));
        let settings = self.configuration.rules_text(policy);
        format!("{outcome}\n{}", format!("{settings}{rules}").trim_end())
    }
}

/// What programs read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'e> {
    decision: Decision,
    message: Option<String>,
    deciding_rule: Option<&'e RuleTrace>,
    issued: &'e [Claim],
    withheld: Vec<&'e Claim>,
    properties: ReportProperties<'e>,
    incoming_claims: Option<usize>,
    claims: Option<&'e [Claim]>,
    configuration_claims: &'e [Claim],
    rules: Vec<&'e RuleTrace>,
}

#[derive(Serialize)]
struct ReportProperties<'e> {
    configuration: Option<&'e Properties>,
    issuance: Option<&'e Properties>,
}

impl Serialize for FullExplanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (last, decision) = (self.last(), self.decision.as_ref());
        Report {
            decision: Decision::of(&last.outcome),
            message: last.outcome.as_ref().err().map(|refusal| problem::chain(refusal)),
            deciding_rule: last.deciding_rule(),
            issued: last.outcome.as_ref().map(|permit| permit.issued.as_slice()).unwrap_or_default(),
            withheld: last.withheld().collect(),
            properties: ReportProperties {
                configuration: self.configuration.outcome.as_ref().ok().map(|permit| &permit.properties),
                issuance: decision.and_then(|last| last.outcome.as_ref().ok()).map(|permit| &permit.properties),
            },
            incoming_claims: decision.map(|decision| decision.incoming),
            claims: decision.map(|decision| decision.claims.as_slice()),
            configuration_claims: &self.configuration.claims,
            rules: self.rules().collect(),
        }
        .serialize(serializer)
    }
}
