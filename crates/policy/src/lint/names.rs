//! The names that rules issue and set.

use super::Linter;
use crate::claims::{Issuer, Value};
use crate::tree::{Action, ClaimMember, Make, New, Operator, Rule, Section};

impl Linter<'_> {
    /// Names that are known only in evaluation are refused there.
    pub(super) fn issued_name(&mut self, rule: &Rule, new: &New) {
        let Some(name) = rule.made_type() else { return };
        if self.vocabulary.owned.withholds(name) {
            let help = "remove the rule, or issue it under a name of your own";
            let message = "rule issues a claim that the token never gets: the service alone speaks for its name";
            self.findings.warning("issued-without-effect", rule.action_span, message, help);
            return;
        }
        if self.vocabulary.owned.owns(name) {
            let help = "issue it under a name of your own";
            let message = "rule issues a claim that the service alone speaks for";
            self.findings.error("owned-name", rule.action_span, message, help);
            return;
        }
        let New::Copy(condition) = new else { return };
        let may_be_service = rule.conditions.get(*condition).is_some_and(|condition| {
            condition.tests.iter().all(|test| match (test.member, test.operator, test.operand.literal()) {
                (ClaimMember::Issuer, Operator::Equal, Some(Value::String(issuer))) => {
                    issuer == Issuer::AttestationService.as_str()
                }
                _ => true,
            })
        });
        if may_be_service && self.vocabulary.read_only.contains(&name) {
            let help = "issue what you need of it, by JmesPath";
            let message = "rule issues a copy of a claim that is there to be read only";
            self.findings.error("read-only-claim", rule.action_span, message, help);
        }
    }

    /// Rules whose property a later rule without conditions sets in any case.
    pub(super) fn overwritten_properties(&mut self, rules: &[Rule]) {
        let mut always_set: Vec<(&str, usize)> = Vec::new();
        for rule in rules.iter().rev() {
            let Action::IssueProperty(New::Make(make)) = &rule.action else { continue };
            let Some(Value::String(name)) = make.name.literal() else { continue };
            match always_set.iter().find(|(set, _)| set == name) {
                Some((_, line)) => {
                    let help =
                        format!("line {line} sets it in any case; give that rule conditions, or remove this one");
                    let message = "property that a later rule overwrites";
                    self.findings.warning("property-overwritten", rule.action_span, message, help.as_str());
                }
                // Few names are properties: others are errors anyway, and need no room here.
                None if rule.conditions.is_empty() && self.vocabulary.property(name).is_some() => {
                    always_set.push((name, rule.at.line));
                }
                None => {}
            }
        }
    }

    /// One that nothing heeds would be taken for a rule that holds.
    pub(super) fn property(&mut self, section: Section, make: &Make) {
        let Some(Value::String(name)) = make.name.literal() else { return };
        let Some(property) = self.vocabulary.property(name) else {
            let here = self.vocabulary.properties.iter().filter(|property| property.section == section);
            let here: Vec<&str> = here.map(|property| property.name).collect();
            let help = match (self.vocabulary.similar_property(name), here.as_slice()) {
                (Some(similar), _) => format!("did you mean \"{similar}\"?"),
                (None, []) => format!("{} has no properties here; remove the rule", section.as_str()),
                (None, here) => format!("{} has: {}", section.as_str(), here.join(", ")),
            };
            return self.findings.error("property-unknown", make.name.span, "unknown property", help);
        };
        if property.section != section {
            let help = format!("it belongs to {}", property.section.as_str());
            let message = "property that this section does not have";
            return self.findings.error("property-elsewhere", make.name.span, message, help);
        }
        if let Some(value) = make.value.literal().filter(|value| !property.domain.has(value)) {
            let default = property.default.as_ref().map(|default| format!("; where no rule sets it, {default}"));
            let help = format!("{} is {}{}", property.name, property.domain, default.unwrap_or_default());
            let message = format!("property that cannot be {value}");
            self.findings.error("property-value", make.value.span, message, help);
        }
    }
}
