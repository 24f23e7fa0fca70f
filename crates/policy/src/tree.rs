//! A policy as it is evaluated and printed: checked, with identifiers resolved to the conditions that they name.

use std::fmt;

use crate::claims::{Claim, Value};
use crate::function::Function;
use crate::jmespath::Query;
use crate::source::{Position, Span};

/// A parsed policy, with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) text: Box<str>,
    pub(crate) version: Version,
    /// In the order of the text, each kind at most once.
    pub(crate) sections: Vec<SectionRules>,
}

/// The version of the language that a policy is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// authorizationrules and issuancerules.
    V1_0,
    /// Adds configurationrules.
    V1_1,
    /// Adds functions and `!`.
    V1_2,
}

impl Version {
    /// As it stands in a policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What rules are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Before evidence is verified: properties of the verification.
    Configuration,
    /// Whether the evidence is permitted.
    Authorization,
    /// What its token says.
    Issuance,
}

impl Section {
    /// In the order of evaluation.
    pub const ALL: [Self; 3] = [Self::Configuration, Self::Authorization, Self::Issuance];

    /// The name in a policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configurationrules",
            Self::Authorization => "authorizationrules",
            Self::Issuance => "issuancerules",
        }
    }
}

/// The rules of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SectionRules {
    pub(crate) section: Section,
    /// From its name to its `}`.
    pub(crate) span: Span,
    /// Its `{`.
    pub(crate) open: Span,
    pub(crate) rules: Vec<Rule>,
}

/// Conditions, all of which must hold, and what then happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Without its `;`.
    pub(crate) span: Span,
    /// Where that begins.
    pub(crate) at: Position,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) action: Action,
    /// From the action's name to its `)`.
    pub(crate) action_span: Span,
}

/// Matches every claim that passes all its tests; holds where it matches one, or, negated, where it matches none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) span: Span,
    pub(crate) is_negated: bool,
    pub(crate) name: Option<String>,
    pub(crate) tests: Vec<Test>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) span: Span,
    pub(crate) member: ClaimMember,
    pub(crate) operator: Operator,
    pub(crate) operand: Operand,
}

/// A member of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClaimMember {
    Type,
    Value,
    ValueType,
    Issuer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a test compares with, or an argument is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operand {
    pub(crate) span: Span,
    pub(crate) kind: OperandKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OperandKind {
    Literal(Value),
    /// A member of every claim that an earlier condition matched, by its number within the rule.
    Member(usize, ClaimMember),
    Call(Box<Call>),
}

/// A function and what it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) function: Function,
    pub(crate) arguments: Vec<Operand>,
    /// Of a JmesPath whose query stands in the text: read once.
    pub(crate) query: Option<Query>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Permit,
    Deny,
    Add(New),
    Issue(New),
    IssueProperty(New),
}

/// The claims that an action makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum New {
    /// A copy of every claim that a condition matched, with its issuer.
    Copy(usize),
    Make(Box<Make>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Make {
    pub(crate) name: Operand,
    pub(crate) value: Operand,
    pub(crate) value_type: Option<Operand>,
    pub(crate) issuer: Option<Operand>,
}

impl Policy {
    /// The text that it was parsed from; spans are places in it.
    pub const fn text(&self) -> &str {
        &self.text
    }

    /// The version it is written in.
    pub const fn version(&self) -> Version {
        self.version
    }

    pub(crate) fn rules(&self, section: Section) -> &[Rule] {
        let found = self.sections.iter().find(|rules| rules.section == section);
        found.map(|section| section.rules.as_slice()).unwrap_or_default()
    }

    /// Where the rules stand in the text, by section in the order of evaluation and then in the order of the text.
    pub fn rule_spans(&self) -> impl Iterator<Item = (Section, Span)> {
        Section::ALL.into_iter().flat_map(|section| self.rules(section).iter().map(move |rule| (section, rule.span)))
    }
}

impl Action {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Deny => "deny",
            Self::Add(_) => "add",
            Self::Issue(_) => "issue",
            Self::IssueProperty(_) => "issueproperty",
        }
    }

    pub(crate) const fn new_claims(&self) -> Option<&New> {
        match self {
            Self::Permit | Self::Deny => None,
            Self::Add(new) | Self::Issue(new) | Self::IssueProperty(new) => Some(new),
        }
    }
}

impl Condition {
    /// The type that it asks for, where the text says which.
    pub(crate) fn claim_type(&self) -> Option<&str> {
        self.tests.iter().find_map(|test| match (test.member, test.operator, &test.operand.kind) {
            (ClaimMember::Type, Operator::Equal, OperandKind::Literal(Value::String(name))) => Some(name.as_str()),
            _ => None,
        })
    }
}

impl Rule {
    /// The type of the claims that it makes, where the text says which: it is written out, or taken from a condition that
    /// asks for one type.
    pub(crate) fn made_type(&self) -> Option<&str> {
        let condition = match self.action.new_claims()? {
            New::Copy(condition) => condition,
            New::Make(make) => match &make.name.kind {
                OperandKind::Literal(Value::String(name)) => return Some(name),
                OperandKind::Member(condition, ClaimMember::Type) => condition,
                _ => return None,
            },
        };
        self.conditions.get(*condition)?.claim_type()
    }
}

impl Operand {
    pub(crate) const fn literal(&self) -> Option<&Value> {
        match &self.kind {
            OperandKind::Literal(value) => Some(value),
            OperandKind::Member(..) | OperandKind::Call(_) => None,
        }
    }

    /// The conditions that it takes members of, itself or within its calls.
    pub(crate) fn conditions(&self, found: &mut Vec<usize>) {
        match &self.kind {
            OperandKind::Literal(_) => {}
            OperandKind::Member(condition, _) => found.push(*condition),
            OperandKind::Call(call) => call.arguments.iter().for_each(|argument| argument.conditions(found)),
        }
    }
}

impl ClaimMember {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Type, Self::Value, Self::ValueType, Self::Issuer].into_iter().find(|member| member.as_str() == name)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Value => "value",
            Self::ValueType => "valueType",
            Self::Issuer => "issuer",
        }
    }

    /// That member of a claim, as a value.
    pub(crate) fn of(self, claim: &Claim) -> Value {
        match self {
            Self::Type => Value::String(claim.name.clone()),
            Self::Value => claim.value.clone(),
            Self::ValueType => Value::String(claim.value.value_type().as_str().to_owned()),
            Self::Issuer => Value::String(claim.issuer.as_str().to_owned()),
        }
    }
}

impl Operator {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Whether it needs values that have an order.
    pub(crate) const fn orders(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}
