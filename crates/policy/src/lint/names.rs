//! The names that rules issue and set.

use super::Linter;
use crate::claims::{Issuer, Value};
use crate::tree::{Make, New, Operator, Property, Rule, Section};

impl Linter<'_> {
    /// Names that are known only in evaluation are refused there.
    pub(super) fn issued_name(&mut self, rule: &Rule, new: &New) {
        let Some(name) = rule.made_type() else { return };
        if self.vocabulary.owned.owns(name) {
            let help = "issue it under a name of your own";
            let message = "rule issues a claim that the service alone speaks for";
            self.findings.error("owned-name", rule.action_span, message, help);
            return;
        }
        let New::Copy(condition) = new else { return };
        let may_be_service = rule.conditions.get(*condition).is_some_and(|condition| {
            condition.tests.iter().all(|test| match (test.property, test.operator, test.operand.literal()) {
                (Property::Issuer, Operator::Equal, Some(Value::String(issuer))) => {
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
            let help = format!("{} is {}; where no rule sets it, {}", property.name, property.domain, property.default);
            let message = format!("property that cannot be {value}");
            self.findings.error("property-value", make.value.span, message, help);
        }
    }
}
