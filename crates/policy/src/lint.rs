//! What a policy that can be read hardly means: names that nothing has, conditions that never hold, rules that make no
//! difference; and, as errors, what whoever evaluates it will refuse.

mod condition;
mod names;

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostics, Findings};
use crate::source::Span;
use crate::tree::{Action, New, Operand, OperandKind, Policy, Rule, Section};
use crate::vocabulary::Vocabulary;

/// Everything that can be said of a text: the mistakes of one that is no policy, or the errors and warnings of one that is.
pub fn lint(text: &str, vocabulary: &Vocabulary) -> Diagnostics {
    match Policy::parse(text) {
        Ok(policy) => policy.lint(vocabulary),
        Err(mistakes) => mistakes,
    }
}

impl Policy {
    /// Finds the errors that [`Policy::lint`] finds, and looks for no warnings: in time that is linear in the text.
    ///
    /// # Errors
    /// What evaluation with this vocabulary would refuse.
    pub fn check(&self, vocabulary: &Vocabulary) -> Result<(), Diagnostics> {
        let mut linter =
            Linter { findings: Findings::new(&self.text), vocabulary, made: Made::default(), policy: self };
        for section in Section::ALL {
            for rule in self.rules(section) {
                if linter.findings.is_full() {
                    return linter.findings.finish().errors();
                }
                linter.names(section, rule);
            }
        }
        linter.findings.finish().errors()
    }

    /// What is wrong with a policy for whoever has this vocabulary (errors), and what is hardly meant (warnings).
    pub fn lint(&self, vocabulary: &Vocabulary) -> Diagnostics {
        let mut linter =
            Linter { findings: Findings::new(&self.text), vocabulary, made: Made::default(), policy: self };
        linter.outcome();
        for section in Section::ALL {
            if section == Section::Authorization {
                // Claims of the configuration are gone when evidence is judged.
                linter.made = Made::default();
            }
            linter.overwritten_properties(self.rules(section));
            for rule in self.rules(section) {
                linter.rule(section, rule);
                linter.made.by(rule);
            }
        }
        linter.findings.finish()
    }
}

struct Linter<'t> {
    findings: Findings<'t>,
    vocabulary: &'t Vocabulary,
    policy: &'t Policy,
    made: Made<'t>,
}

/// The types of the claims that the rules before have made.
#[derive(Default)]
struct Made<'t> {
    types: BTreeSet<&'t str>,
    /// Whether some type is known in evaluation only.
    has_unknown: bool,
}

impl<'t> Made<'t> {
    fn by(&mut self, rule: &'t Rule) {
        // A copy is of a type that is there already.
        if let Some(New::Make(_)) = rule.action.new_claims() {
            match rule.made_type() {
                Some(name) => drop(self.types.insert(name)),
                None => self.has_unknown = true,
            }
        }
    }

    fn is_empty(&self) -> bool {
        !self.has_unknown && self.types.is_empty()
    }

    fn may_have(&self, name: &str) -> bool {
        self.has_unknown || self.types.contains(name)
    }
}

impl<'t> Linter<'t> {
    /// Whether anything is ever permitted, and whether every rule about it makes a difference.
    fn outcome(&mut self) {
        let rules = self.policy.rules(Section::Authorization);
        let section = self.policy.sections.iter().find(|rules| rules.section == Section::Authorization);
        if !rules.iter().any(|rule| rule.action == Action::Permit) {
            let end = self.policy.text.trim_end().len();
            let at = section.map_or(Span::new(end, end), |section| section.span);
            let help = "add a rule such as: [type==\"...\", value==\"...\"] => permit();";
            self.findings.warning("no-permit", at, "no rule permits: every attestation is refused", help);
        }
        if let Some(rule) = rules.iter().find(|rule| rule.action == Action::Deny && rule.conditions.is_empty()) {
            let help = "a deny wins over every permit; give it conditions, or remove it";
            self.findings.warning("denies-everything", rule.span, "rule denies every attestation", help);
        }
        let permits_all = rules.iter().find(|rule| rule.action == Action::Permit && rule.conditions.is_empty());
        let Some(permits_all) = permits_all else { return };
        for rule in rules.iter().filter(|rule| rule.action == Action::Permit && rule.span != permits_all.span) {
            let help =
                format!("line {} permits every attestation; remove it, or make this rule a deny", permits_all.at.line);
            self.findings.warning("permit-without-effect", rule.span, "rule makes no difference", help);
        }
    }

    fn rule(&mut self, section: Section, rule: &'t Rule) {
        self.unused_identifiers(rule);
        for condition in &rule.conditions {
            self.condition(section, condition);
            for test in &condition.tests {
                self.queries(&test.operand);
            }
        }
        match rule.action.new_claims() {
            None | Some(New::Copy(_)) => {}
            Some(New::Make(make)) => {
                let given = [Some(&make.name), Some(&make.value), make.value_type.as_ref(), make.issuer.as_ref()];
                given.into_iter().flatten().for_each(|operand| self.queries(operand));
            }
        }
        self.names(section, rule);
    }

    /// The names that a rule issues and sets.
    fn names(&mut self, section: Section, rule: &Rule) {
        match &rule.action {
            Action::Issue(new) => self.issued_name(rule, new),
            Action::IssueProperty(New::Make(make)) => self.property(section, make),
            _ => {}
        }
    }

    fn unused_identifiers(&mut self, rule: &Rule) {
        let mut used = Vec::new();
        for test in rule.conditions.iter().flat_map(|condition| &condition.tests) {
            test.operand.conditions(&mut used);
        }
        match rule.action.new_claims() {
            None => {}
            Some(New::Copy(condition)) => used.push(*condition),
            Some(New::Make(make)) => {
                let given = [Some(&make.name), Some(&make.value), make.value_type.as_ref(), make.issuer.as_ref()];
                given.into_iter().flatten().for_each(|operand| operand.conditions(&mut used));
            }
        }
        for (number, condition) in rule.conditions.iter().enumerate() {
            if let Some(name) = &condition.name
                && !used.contains(&number)
            {
                let help = format!("remove `{name}:`, or use {name}.value");
                self.findings.warning("identifier-unused", condition.span, "identifier that is never used", help);
            }
        }
    }

    /// What the queries of an operand hardly mean.
    fn queries(&mut self, operand: &Operand) {
        let OperandKind::Call(call) = &operand.kind else { return };
        if let (Some(query), Some(text)) = (&call.query, call.arguments.get(1)) {
            for warning in query.warnings() {
                let at = crate::parse::place_in_text(text.span, &self.policy.text, warning.at);
                let message = format!("JMESPath query: {}", warning.message);
                self.findings.warning("query-doubtful", at, message, warning.help.as_str());
            }
        }
        call.arguments.iter().for_each(|argument| self.queries(argument));
    }
}
