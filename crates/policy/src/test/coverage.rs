//! Which rules fired in the cases of a run.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::source::{Lines, Span};
use crate::trace::RuleTrace;
use crate::tree::{Policy, Section};

/// Characters of a rule's source in a report.
const MAX_SOURCE: usize = 100;

/// How often the rules of one policy fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyCoverage {
    /// The name of the policy.
    pub policy: String,
    /// Its rules, by section in the order of evaluation.
    pub rules: Vec<RuleCoverage>,
}

/// How often one rule fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleCoverage {
    /// The section that has the rule.
    pub section: Section,
    /// Its number in the section, from 1.
    pub number: usize,
    /// The line of its beginning, from 1.
    pub line: usize,
    /// In how many cases it was evaluated.
    pub evaluated: usize,
    /// In how many cases it fired.
    pub fired: usize,
    /// The beginning of its source, in one line.
    #[serde(skip)]
    pub source: String,
    #[serde(skip)]
    span: Span,
}

/// The rules of every policy of a run.
#[derive(Default)]
pub(super) struct Coverage(BTreeMap<String, Vec<RuleCoverage>>);

impl Coverage {
    /// Counts the rules that one case evaluated.
    pub(super) fn count<'t>(&mut self, name: &str, policy: &Policy, traces: impl Iterator<Item = &'t RuleTrace>) {
        let rules = self.0.entry(name.to_owned()).or_insert_with(|| rules_of(policy));
        for trace in traces {
            if let Some(rule) = rules.iter_mut().find(|rule| rule.span == trace.span) {
                rule.evaluated = rule.evaluated.saturating_add(1);
                rule.fired = rule.fired.saturating_add(usize::from(trace.has_fired()));
            }
        }
    }

    pub(super) fn report(self) -> Vec<PolicyCoverage> {
        self.0.into_iter().map(|(policy, rules)| PolicyCoverage { policy, rules }).collect()
    }
}

fn rules_of(policy: &Policy) -> Vec<RuleCoverage> {
    let lines = Lines::of(policy.text());
    let rule = |number: usize, section: Section, span: Span| {
        let source = span.of(policy.text()).split_whitespace().collect::<Vec<_>>().join(" ");
        RuleCoverage {
            section,
            number,
            line: lines.position(span.start).line,
            evaluated: 0,
            fired: 0,
            source: source.chars().take(MAX_SOURCE).collect(),
            span,
        }
    };
    let of_section =
        |section| (1..).zip(policy.rules(section)).map(move |(number, found)| (number, section, found.span));
    Section::ALL.into_iter().flat_map(of_section).map(|(number, section, span)| rule(number, section, span)).collect()
}
