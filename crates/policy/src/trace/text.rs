//! A decision as people read it.
//!
//! ```text
//! denied by rule 2 of authorizationrules, line 4
//!
//! authorizationrules
//!   rule 1, line 3: did not fire
//!     3 | [type=="svn", value>=5] => permit();
//!       condition 1 matched nothing
//!         svn = 3 (AttestationService) does not pass value>=5
//! ```

use std::fmt::Write;

use problem::untrusted::excerpt;

use super::{ConditionTrace, Explanation, Outcome, RuleTrace};
use crate::diagnostic::shown;
use crate::refusal::Refusal;
use crate::source::{Lines, Span};
use crate::tree::{Policy, Section};

/// The most characters of a line of source that are shown.
const MAX_LINE: usize = 160;
/// The most lines of a rule that are shown.
const MAX_LINES: usize = 12;

impl Explanation {
    /// The decision as text, rule by rule, with the source of each in this policy, whose decision it is; the outcome stands first.
    pub fn text(&self, policy: &Policy) -> String {
        let mut writer = Writer::of(self, policy.text());
        // Writing to a String does not fail.
        let _ = writer.outcome().and_then(|()| writer.rules());
        writer.text
    }

    /// The same without the outcome.
    pub fn rules_text(&self, policy: &Policy) -> String {
        let mut writer = Writer::of(self, policy.text());
        let _ = writer.rules();
        writer.text
    }
}

struct Writer<'a> {
    explanation: &'a Explanation,
    source: &'a str,
    lines: Lines<'a>,
    text: String,
}

impl<'a> Writer<'a> {
    fn of(explanation: &'a Explanation, source: &'a str) -> Self {
        Self { explanation, source, lines: Lines::of(source), text: String::new() }
    }

    fn rules(&mut self) -> std::fmt::Result {
        for section in Section::ALL {
            let rules: Vec<_> = self.explanation.rules.iter().filter(|rule| rule.section == section).collect();
            if rules.is_empty() {
                continue;
            }
            writeln!(self.text, "\n{}", section.as_str())?;
            for rule in rules {
                self.rule(rule)?;
            }
        }
        Ok(())
    }

    fn outcome(&mut self) -> std::fmt::Result {
        let by = self.explanation.deciding_rule().map(place);
        match (&self.explanation.outcome, by) {
            (Ok(_), Some(by)) => writeln!(self.text, "permitted by {by}"),
            (Ok(_), None) => writeln!(self.text, "permitted"),
            (Err(Refusal::Denied { .. }), Some(by)) => writeln!(self.text, "denied by {by}"),
            (Err(Refusal::NoPermit), _) => {
                writeln!(self.text, "not permitted: no rule of authorizationrules with permit() fired")
            }
            (Err(refusal), Some(by)) => writeln!(self.text, "refused: {by} ended in an error: {}", fault(refusal)),
            (Err(refusal), None) => writeln!(self.text, "refused: {}", problem::chain(refusal)),
        }
    }

    fn rule(&mut self, rule: &RuleTrace) -> std::fmt::Result {
        let what = match &rule.outcome {
            Outcome::Fired { .. } => format!("fired: {}", rule.action),
            Outcome::NotFired => "did not fire".to_owned(),
            Outcome::Failed { .. } => "ended in an error".to_owned(),
        };
        writeln!(self.text, "  rule {}, line {}: {what}", rule.number, rule.at.line)?;
        self.source_of(rule.span)?;
        for (number, condition) in rule.conditions.iter().enumerate() {
            self.condition(number.saturating_add(1), condition)?;
        }
        match &rule.outcome {
            Outcome::Fired { made } => {
                for number in made {
                    let claim = self.claim(*number);
                    let verb = match rule.action {
                        "issue" if self.explanation.withheld.contains(number) => "withheld from the token:",
                        "issue" => "issued",
                        "issueproperty" => "set property",
                        _ => "added",
                    };
                    writeln!(self.text, "      {verb} {claim}")?;
                }
                Ok(())
            }
            Outcome::NotFired => Ok(()),
            Outcome::Failed { fault } => writeln!(self.text, "      error: {fault}"),
        }
    }

    /// The lines of the rule, and of other rules on the same lines nothing.
    fn source_of(&mut self, span: Span) -> std::fmt::Result {
        let first = self.lines.position(span.start).line;
        let lines = span.of(self.source).lines();
        let count = lines.clone().count();
        for (number, line) in lines.take(MAX_LINES).enumerate() {
            // A tab is white space; everything else that a terminal would obey is escaped.
            let line = excerpt(&line.trim().replace('\t', " "), MAX_LINE);
            writeln!(self.text, "    {:>4} | {line}", first.saturating_add(number))?;
        }
        if count > MAX_LINES {
            writeln!(self.text, "         | …")?;
        }
        Ok(())
    }

    fn condition(&mut self, number: usize, condition: &ConditionTrace) -> std::fmt::Result {
        let verdict = if condition.holds { "holds" } else { "does not hold" };
        write!(self.text, "      condition {number} {verdict}: ")?;
        match (condition.matched.as_slice(), condition.near.as_slice()) {
            ([], []) => writeln!(self.text, "no claim matches"),
            ([], near) => {
                writeln!(self.text, "no claim matches")?;
                for near in near {
                    let test = shown(near.test.of(self.source));
                    let claim = self.claim(near.claim);
                    writeln!(self.text, "        {claim} does not pass {test}")?;
                }
                Ok(())
            }
            (matched, _) => {
                let claims: Vec<String> = matched.iter().map(|number| self.claim(*number)).collect();
                writeln!(self.text, "matched {}", claims.join(", "))
            }
        }
    }

    fn claim(&self, number: usize) -> String {
        self.explanation
            .claims
            .get(number)
            .map_or_else(String::new, |claim| format!("{} = {} ({})", shown(&claim.name), claim.value, claim.issuer))
    }
}

fn place(rule: &RuleTrace) -> String {
    format!("rule {} of {}, line {}", rule.number, rule.section.as_str(), rule.at.line)
}

/// Without the place, which has been said.
fn fault(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Evaluation(error) => problem::chain(&error.fault),
        other => problem::chain(other),
    }
}
