//! What is printed is read back as the same tree.

use proptest::prelude::*;

use super::{action, condition};
use crate::claims::Value;
use crate::function::Function;
use crate::jmespath::Query;
use crate::source::{Position, Span};
use crate::tree::{
    Action, Call, ClaimMember, Condition, Make, New, Operand, OperandKind, Operator, Policy, Rule, Section,
    SectionRules, Test, Version,
};

fn operand(kind: OperandKind) -> Operand {
    Operand { span: Span::default(), kind }
}

fn any_text() -> impl Strategy<Value = String> {
    "[ -~é“”\t]{1,12}"
}

fn any_literal() -> impl Strategy<Value = Operand> {
    prop_oneof![
        any_text().prop_map(Value::String),
        any::<i64>().prop_map(Value::Integer),
        any::<bool>().prop_map(Value::Boolean),
    ]
    .prop_map(|value| operand(OperandKind::Literal(value)))
}

/// An operand over conditions of these numbers.
fn any_operand(conditions: Vec<usize>) -> BoxedStrategy<Operand> {
    let leaf = if conditions.is_empty() {
        any_literal().boxed()
    } else {
        let member = (proptest::sample::select(conditions), 0_usize..4).prop_map(|(condition, member)| {
            let member = [ClaimMember::Type, ClaimMember::Value, ClaimMember::ValueType, ClaimMember::Issuer][member];
            operand(OperandKind::Member(condition, member))
        });
        prop_oneof![any_literal(), member].boxed()
    };
    leaf.prop_recursive(3, 8, 2, |inner| {
        (0_usize..6, inner.clone(), inner).prop_map(|(function, first, second)| {
            let function = Function::ALL[function];
            // A literal query would have to be one.
            let is_literal = second.literal().is_some();
            let arguments = match function {
                Function::JmesPath if is_literal => {
                    vec![first, operand(OperandKind::Literal(Value::String("a[?b == '\\x'].\"c\"".to_owned())))]
                }
                _ if function.arity() == 1 => vec![first],
                _ => vec![first, second],
            };
            let query = match (function, arguments.get(1).and_then(Operand::literal)) {
                (Function::JmesPath, Some(Value::String(text))) => Query::parse(text).ok(),
                _ => None,
            };
            operand(OperandKind::Call(Box::new(Call { function, arguments, query })))
        })
    })
    .boxed()
}

fn any_test(conditions: Vec<usize>) -> impl Strategy<Value = Test> {
    let of_type = any_text().prop_map(|name| (ClaimMember::Type, Operator::Equal, Value::String(name)));
    let of_order =
        any::<i64>().prop_map(|number| (ClaimMember::Value, Operator::GreaterOrEqual, Value::Integer(number)));
    let literal = prop_oneof![of_type, of_order]
        .prop_map(|(member, operator, value)| (member, operator, operand(OperandKind::Literal(value))));
    let compared = any_operand(conditions).prop_map(|operand| (ClaimMember::Value, Operator::NotEqual, operand));
    prop_oneof![literal, compared].prop_map(|(member, operator, operand)| Test {
        span: Span::default(),
        member,
        operator,
        operand,
    })
}

/// Conditions, of which those with an even number have names.
fn any_conditions() -> impl Strategy<Value = Vec<Condition>> {
    let first = proptest::collection::vec(any_test(vec![]), 1..3);
    let second = proptest::collection::vec(any_test(vec![0]), 1..3);
    (first, second, 0_usize..3, any::<bool>()).prop_map(|(first, second, count, is_negated)| {
        let of = |tests, name: Option<&str>, is_negated| Condition {
            span: Span::default(),
            is_negated,
            name: name.map(str::to_owned),
            tests,
        };
        let all = vec![of(first, Some("c1"), false), of(second, None, is_negated)];
        all.into_iter().take(count).collect()
    })
}

fn any_rule(section: Section) -> impl Strategy<Value = Rule> {
    any_conditions().prop_flat_map(move |conditions| {
        let named = if conditions.is_empty() { vec![] } else { vec![0] };
        let is_named = !named.is_empty();
        let value = any_operand(named);
        (Just(conditions), any_text(), value, any::<bool>(), 0_usize..4).prop_map(
            move |(conditions, name, value, is_typed, kind)| {
                let text = |text: &str| operand(OperandKind::Literal(Value::String(text.to_owned())));
                let make = New::Make(Box::new(Make {
                    name: text(&name),
                    value,
                    value_type: is_typed.then(|| text("Integer")),
                    issuer: is_typed.then(|| text("CustomClaim")),
                }));
                let action = match (section, kind) {
                    (Section::Configuration, _) => Action::IssueProperty(make),
                    (Section::Authorization, 0) => Action::Permit,
                    (Section::Authorization, 1) => Action::Deny,
                    (_, 2) if is_named => Action::Add(New::Copy(0)),
                    (Section::Authorization, _) => Action::Add(make),
                    (Section::Issuance, 0) => Action::IssueProperty(make),
                    (Section::Issuance, _) => Action::Issue(make),
                };
                let (span, at) = (Span::default(), Position::default());
                Rule { span, at, conditions, action, action_span: Span::default() }
            },
        )
    })
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let rules = |section| proptest::collection::vec(any_rule(section), 0..4);
    (rules(Section::Configuration), rules(Section::Authorization), rules(Section::Issuance)).prop_map(
        |(configuration, authorization, issuance)| {
            let of = |section, rules| SectionRules { section, span: Span::default(), open: Span::default(), rules };
            let sections = vec![
                of(Section::Issuance, issuance),
                of(Section::Configuration, configuration),
                of(Section::Authorization, authorization),
            ];
            Policy { text: "".into(), version: Version::V1_2, sections }
        },
    )
}

fn print(policy: &Policy) -> String {
    let mut text = format!("version={};", policy.version);
    for section in &policy.sections {
        text += section.section.as_str();
        text.push('{');
        for rule in &section.rules {
            for (number, printed) in rule.conditions.iter().enumerate() {
                text += if number > 0 { "&&" } else { "" };
                text += &condition(printed, &rule.conditions[..number]);
            }
            text += &action(rule);
            text.push(';');
        }
        text += "};";
    }
    text
}

/// Without its text and places in it, which a printed policy has anew.
fn without_places(policy: &mut Policy) {
    fn clear(operand: &mut Operand) {
        operand.span = Span::default();
        if let OperandKind::Call(call) = &mut operand.kind {
            call.arguments.iter_mut().for_each(clear);
        }
    }
    policy.text = "".into();
    for section in &mut policy.sections {
        (section.span, section.open) = (Span::default(), Span::default());
        for rule in &mut section.rules {
            (rule.span, rule.at, rule.action_span) = (Span::default(), Position::default(), Span::default());
            for condition in &mut rule.conditions {
                condition.span = Span::default();
                for test in &mut condition.tests {
                    test.span = Span::default();
                    clear(&mut test.operand);
                }
            }
            if let Action::Add(New::Make(make))
            | Action::Issue(New::Make(make))
            | Action::IssueProperty(New::Make(make)) = &mut rule.action
            {
                clear(&mut make.name);
                clear(&mut make.value);
                make.value_type.as_mut().map(clear);
                make.issuer.as_mut().map(clear);
            }
        }
    }
}

proptest! {
    #[test]
    fn a_printed_policy_is_read_as_the_same(policy in any_policy()) {
        let text = print(&policy);
        let mut read = Policy::parse(&text).unwrap_or_else(|errors| panic!("{text}\n{errors}"));
        without_places(&mut read);
        prop_assert_eq!(&read, &policy, "{}", text);
        let mut formatted = Policy::parse(&crate::format(&text).unwrap()).unwrap();
        without_places(&mut formatted);
        prop_assert_eq!(&formatted, &policy);
    }
}
