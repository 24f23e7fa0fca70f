//! Which rules some case made fire.

use std::collections::BTreeMap;
use std::path::PathBuf;

use policy::{Lines, RuleTrace, Section, Span};
use serde_json::{Value, json};

use super::file::TestFile;
use crate::failure::Failure;
use crate::show;

/// The most of a rule's source that is shown.
const MAX_SHOWN: usize = 100;

/// The rules of every policy under test.
#[derive(Default)]
pub struct Coverage(BTreeMap<PathBuf, Vec<Rule>>);

struct Rule {
    section: Section,
    number: usize,
    line: usize,
    span: Span,
    source: String,
    evaluated: usize,
    fired: usize,
}

impl Coverage {
    /// What became of the rules in one case.
    pub fn add(&mut self, file: &TestFile, traces: &[RuleTrace]) {
        let rules = self.0.entry(file.policy_path.clone()).or_insert_with(|| rules_of(file));
        for trace in traces {
            if let Some(rule) = rules.iter_mut().find(|rule| rule.span == trace.span) {
                rule.evaluated += 1;
                rule.fired += usize::from(trace.has_fired());
            }
        }
    }

    pub fn show(&self) -> Result<(), Failure> {
        for (policy, rules) in &self.0 {
            let fired = rules.iter().filter(|rule| rule.fired > 0).count();
            show::line(&format!("coverage of {}: {fired} of {} rules fired", policy.display(), rules.len()))?;
            for rule in rules.iter().filter(|rule| rule.fired == 0) {
                let why = if rule.evaluated == 0 { "was never evaluated" } else { "never fired" };
                let (number, section, line) = (rule.number, rule.section.as_str(), rule.line);
                show::line(&format!("  rule {number} of {section}, line {line}, {why}"))?;
                show::line(&format!("    {line:>4} | {}", show::inline(&rule.source)))?;
            }
        }
        Ok(())
    }

    pub fn json(&self) -> Value {
        let policies = self.0.iter().map(|(policy, rules)| {
            let rules = rules.iter().map(|rule| {
                json!({
                    "section": rule.section,
                    "number": rule.number,
                    "line": rule.line,
                    "evaluated": rule.evaluated,
                    "fired": rule.fired,
                })
            });
            json!({"policy": policy.display().to_string(), "rules": rules.collect::<Vec<_>>()})
        });
        policies.collect()
    }
}

fn rules_of(file: &TestFile) -> Vec<Rule> {
    let lines = Lines::of(&file.text);
    let mut numbers = BTreeMap::new();
    let rule = |(section, span): (Section, Span)| {
        let number = numbers.entry(section).or_insert(0);
        *number += 1;
        let source: String = span.of(&file.text).split_whitespace().collect::<Vec<_>>().join(" ");
        Rule {
            section,
            number: *number,
            line: lines.position(span.start).line,
            span,
            source: source.chars().take(MAX_SHOWN).collect(),
            evaluated: 0,
            fired: 0,
        }
    };
    file.policy.rule_spans().map(rule).collect()
}
