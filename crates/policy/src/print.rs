//! A tree back to text, in the one way that `veritee policy fmt` writes it.

use std::fmt::Write;

use crate::claims::Value;
use crate::tree::{Action, Condition, New, Operand, OperandKind, Rule};

/// `c:[type=="svn", value>=2]`
pub(crate) fn condition(condition: &Condition, before: &[Condition]) -> String {
    let mut text = String::new();
    if condition.is_negated {
        text.push('!');
    }
    if let Some(name) = &condition.name {
        text.push_str(name);
        text.push(':');
    }
    text.push('[');
    for (number, test) in condition.tests.iter().enumerate() {
        if number > 0 {
            text.push_str(", ");
        }
        text.push_str(test.member.as_str());
        text.push_str(test.operator.as_str());
        operand(&test.operand, before, &mut text);
    }
    text.push(']');
    text
}

/// `=> issue(type="version", value=c.value)`
pub(crate) fn action(rule: &Rule) -> String {
    let mut text = format!("=> {}(", rule.action.name());
    match &rule.action {
        Action::Permit | Action::Deny => {}
        Action::Add(new) | Action::Issue(new) | Action::IssueProperty(new) => {
            new_claims(new, &rule.conditions, &mut text);
        }
    }
    text.push(')');
    text
}

fn new_claims(new: &New, conditions: &[Condition], text: &mut String) {
    let make = match new {
        New::Copy(condition) => {
            text.push_str("claim=");
            text.push_str(name_of(*condition, conditions));
            return;
        }
        New::Make(make) => make,
    };
    text.push_str("type=");
    operand(&make.name, conditions, text);
    text.push_str(", value=");
    operand(&make.value, conditions, text);
    for (name, given) in [("valueType", &make.value_type), ("issuer", &make.issuer)] {
        if let Some(given) = given {
            text.push_str(", ");
            text.push_str(name);
            text.push('=');
            operand(given, conditions, text);
        }
    }
}

fn operand(printed: &Operand, conditions: &[Condition], text: &mut String) {
    match &printed.kind {
        OperandKind::Literal(Value::String(content)) => quoted(content, text),
        OperandKind::Literal(Value::Integer(number)) => drop(write!(text, "{number}")),
        OperandKind::Literal(Value::Boolean(truth)) => drop(write!(text, "{truth}")),
        OperandKind::Member(condition, member) => {
            text.push_str(name_of(*condition, conditions));
            text.push('.');
            text.push_str(member.as_str());
        }
        OperandKind::Call(call) => {
            text.push_str(call.function.as_str());
            text.push('(');
            for (number, argument) in call.arguments.iter().enumerate() {
                if number > 0 {
                    text.push_str(", ");
                }
                operand(argument, conditions, text);
            }
            text.push(')');
        }
    }
}

fn quoted(content: &str, text: &mut String) {
    text.push('"');
    for c in content.chars() {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
}

fn name_of(condition: usize, conditions: &[Condition]) -> &str {
    conditions.get(condition).and_then(|condition| condition.name.as_deref()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
