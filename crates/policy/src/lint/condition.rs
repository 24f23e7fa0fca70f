//! Conditions that can never match, and the claims that they ask for.

use super::Linter;
use crate::claims::{Issuer, Value, ValueType};
use crate::tree::{ClaimMember, Condition, New, OperandKind, Operator, Section, Test};
use crate::vocabulary::{Form, KnownClaim};

impl Linter<'_> {
    pub(super) fn condition(&mut self, section: Section, condition: &Condition) {
        if let Some((first, second)) = contradiction(condition) {
            let help = format!(
                "`{}` and `{}` exclude each other",
                first.span.of(&self.policy.text),
                second.span.of(&self.policy.text)
            );
            self.never(condition, second, help);
            return;
        }
        if section == Section::Configuration {
            let may_be_made = condition.claim_type().map_or(!self.made.is_empty(), |name| self.made.may_have(name));
            if !condition.is_negated && !may_be_made {
                let help = "configuration comes before evidence: only what rules before this one set is there";
                self.never_at("never-matches", condition, condition.span, help.to_owned());
            }
            return;
        }
        let Some(name) = condition.claim_type() else { return };
        if !self.claim_may_exist(name, condition) {
            self.unknown_claim(name, condition);
            return;
        }
        let Some(known) = self.vocabulary.claim(name).filter(|_| !self.made.may_have(name)) else { return };
        if let Some(current) = self.vocabulary.current_name(name) {
            let at = type_test(condition);
            let help = format!("write \"{current}\"");
            self.findings.warning("deprecated-name", at, "name of older policies", help);
        }
        let known = *known;
        for test in &condition.tests {
            self.known_value(condition, test, known);
        }
    }

    /// A test that no value of the claim passes.
    fn known_value(&mut self, condition: &Condition, test: &Test, known: KnownClaim) {
        if test.member != ClaimMember::Value {
            return;
        }
        let KnownClaim { name, value_type, form } = known;
        match &test.operand.kind {
            OperandKind::Literal(value) if value.value_type() != value_type => {
                self.never(condition, test, other_kind(value, known));
            }
            OperandKind::Literal(value) if test.operator == Operator::Equal && !form.has(value) => {
                self.never(condition, test, format!("{name} is {form}"));
            }
            OperandKind::Literal(_) => {}
            OperandKind::Call(call)
                if let Some(result) = call.function.result().filter(|result| *result != value_type) =>
            {
                self.never(
                    condition,
                    test,
                    format!("{name} has the type {}, and {} never equals it", value_type.as_str(), result.as_str()),
                );
            }
            OperandKind::Member(..) | OperandKind::Call(_)
                if test.operator.orders() && value_type != ValueType::Integer =>
            {
                self.never(condition, test, format!("{name} has the type {}, which has no order", value_type.as_str()));
            }
            OperandKind::Member(..) | OperandKind::Call(_) => {}
        }
    }

    fn claim_may_exist(&self, name: &str, condition: &Condition) -> bool {
        let may_be_from = |issuer: Issuer| {
            condition.tests.iter().all(|test| match (test.member, test.operator, test.operand.literal()) {
                (ClaimMember::Issuer, Operator::Equal, Some(Value::String(asked))) => asked == issuer.as_str(),
                _ => true,
            })
        };
        let is_evidence = may_be_from(Issuer::AttestationService) && self.vocabulary.claim(name).is_some();
        let is_custom = may_be_from(Issuer::CustomClaim) && self.vocabulary.has_custom_claims;
        let may_be_made = may_be_from(Issuer::AttestationPolicy) || may_be_from(Issuer::CustomClaim);
        is_evidence || is_custom || (may_be_made && self.made.may_have(name))
    }

    fn unknown_claim(&mut self, name: &str, condition: &Condition) {
        let at = type_test(condition);
        let who = match self.vocabulary.evidence {
            Some(evidence) => format!("claim that {evidence} evidence never has, nor any rule before this makes"),
            None => "claim that no kind of evidence has, nor any rule before this makes".to_owned(),
        };
        let help = if self.vocabulary.claim(name).is_some() {
            "the evidence has it with the issuer \"AttestationService\"; leave the issuer out".to_owned()
        } else if let Some(current) = self.vocabulary.current_name(name) {
            format!("its name is \"{current}\"")
        } else if self.is_made_later(name, condition) {
            "the rule that makes it stands after this one; put it before".to_owned()
        } else if let Some(similar) = self.vocabulary.similar_claim(name) {
            format!("did you mean \"{similar}\"?")
        } else {
            "make it with add in a rule before this, or ask for a claim that there is".to_owned()
        };
        let consequence = if condition.is_negated { "; the condition always holds" } else { "" };
        self.findings.warning("claim-unknown", at, format!("{who}{consequence}"), help);
    }

    fn is_made_later(&self, name: &str, condition: &Condition) -> bool {
        let sections = [Section::Authorization, Section::Issuance];
        let mut rules = sections.into_iter().flat_map(|section| self.policy.rules(section));
        rules.any(|rule| {
            let is_other = !rule.conditions.iter().any(|own| own.span == condition.span);
            is_other && matches!(rule.action.new_claims(), Some(New::Make(_))) && rule.made_type() == Some(name)
        })
    }

    fn never(&mut self, condition: &Condition, test: &Test, help: String) {
        self.never_at("never-matches", condition, test.span, help);
    }

    fn never_at(&mut self, code: &'static str, condition: &Condition, at: crate::source::Span, help: String) {
        let message =
            if condition.is_negated { "condition that always holds" } else { "condition that can never match" };
        self.findings.warning(code, at, message, help);
    }
}

/// How to compare a claim with a value of another type.
fn other_kind(value: &Value, known: KnownClaim) -> String {
    let (name, value_type) = (known.name, known.value_type.as_str());
    match (value, known.value_type) {
        (Value::String(text), ValueType::Integer) if text.parse::<i64>().is_ok() => {
            format!("{name} has the type {value_type}: write {text} without quotes")
        }
        (Value::String(text), ValueType::Boolean) if matches!(text.as_str(), "true" | "false") => {
            format!("{name} has the type {value_type}: write {text} without quotes")
        }
        (value, ValueType::String) if known.form == Form::Any => {
            format!("{name} has the type {value_type}: write \"{value}\"")
        }
        (value, _) => format!("{name} has the type {value_type}, and {} never equals it", value.value_type().as_str()),
    }
}

/// Where the condition asks for the type.
fn type_test(condition: &Condition) -> crate::source::Span {
    let test = condition.tests.iter().find(|test| test.member == ClaimMember::Type && test.operator == Operator::Equal);
    test.map_or(condition.span, |test| test.span)
}

/// Two tests of a condition that no claim passes both of, whatever the claims.
fn contradiction(condition: &Condition) -> Option<(&Test, &Test)> {
    let pairs = condition.tests.iter().enumerate().flat_map(|(number, first)| {
        condition.tests.iter().skip(number.saturating_add(1)).map(move |second| (first, second))
    });
    pairs.into_iter().find(|(first, second)| excludes(first, second) || excludes(second, first))
}

fn excludes(first: &Test, second: &Test) -> bool {
    let (Some(a), Some(b)) = (first.operand.literal(), second.operand.literal()) else { return false };
    match (first.member, second.member) {
        (ClaimMember::ValueType, ClaimMember::Value) => {
            first.operator == Operator::Equal && *a != Value::String(b.value_type().as_str().to_owned())
        }
        (one, other) if one != other => false,
        (ClaimMember::Value, _) if a.value_type() != b.value_type() => true,
        _ => {
            let is_between = |a: i64, b: i64| overlap(range(first.operator, a), range(second.operator, b));
            let excludes_ranges = matches!((a, b), (Value::Integer(a), Value::Integer(b)) if !is_between(*a, *b));
            let excludes_values = match (first.operator, second.operator) {
                (Operator::Equal, Operator::Equal) => a != b,
                (Operator::Equal, Operator::NotEqual) => a == b,
                _ => false,
            };
            excludes_ranges || excludes_values
        }
    }
}

/// The integers that pass such a test, first and last; all of them for `!=`.
fn range(operator: Operator, number: i64) -> (i128, i128) {
    let (number, least, most) = (i128::from(number), i128::from(i64::MIN), i128::from(i64::MAX));
    match operator {
        Operator::Equal => (number, number),
        Operator::NotEqual => (least, most),
        Operator::Less => (least, number.saturating_sub(1)),
        Operator::LessOrEqual => (least, number),
        Operator::Greater => (number.saturating_add(1), most),
        Operator::GreaterOrEqual => (number, most),
    }
}

fn overlap(a: (i128, i128), b: (i128, i128)) -> bool {
    a.0.max(b.0) <= a.1.min(b.1)
}
