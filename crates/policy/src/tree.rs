//! A policy as it is evaluated: checked, with identifiers resolved to the conditions they name.

use std::fmt;

use crate::claims::{Issuer, Value};
use crate::error::{ParseError, ParseErrors};
use crate::owned::OwnedNames;

/// A parsed policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) version: Version,
    pub(crate) configuration: Vec<Rule>,
    pub(crate) authorization: Vec<Rule>,
    pub(crate) issuance: Vec<Rule>,
}

/// The version of the language that a policy is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// authorizationrules and issuancerules.
    V1_0,
    /// Adds configurationrules.
    V1_1,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
        })
    }
}

/// Where something stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// Conditions, all of which must match, and what then happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) at: Position,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) action: Action,
}

/// Matches every claim that passes all its tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) tests: Vec<Test>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) property: Property,
    pub(crate) operator: Operator,
    pub(crate) operand: Operand,
}

/// A member of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Property {
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
pub(crate) enum Operand {
    Literal(Value),
    /// A member of every claim that an earlier condition matched, by its number within the rule.
    Member(usize, Property),
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
    Make(Make),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Make {
    pub(crate) name: Operand,
    pub(crate) value: Operand,
    pub(crate) value_type: Option<Operand>,
    pub(crate) issuer: Option<Operand>,
}

impl Policy {
    /// The version it is written in.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Refuses rules that plainly issue a claim of an owned name. Names that are known only in evaluation are refused
    /// there, by [`Policy::decide`].
    ///
    /// # Errors
    /// One for each such rule.
    pub fn check_owned(&self, owned: &OwnedNames) -> Result<(), ParseErrors> {
        let issued = |rule: &Rule| {
            let name = rule.issued_name().filter(|name| owned.owns(name))?;
            Some(ParseError {
                line: rule.at.line,
                column: rule.at.column,
                offending: crate::error::shown(name),
                message: "rule issues a claim that the service alone speaks for".to_owned(),
                help: Some("issue it under a name of your own".to_owned()),
            })
        };
        ParseErrors::new(self.issuance.iter().filter_map(issued).collect())
    }
}

impl Rule {
    /// The name of what the rule issues, where the text alone says it: the type is written out, or taken from a condition
    /// that asks for one type.
    fn issued_name(&self) -> Option<&str> {
        let condition = match &self.action {
            Action::Issue(New::Make(Make { name: Operand::Literal(Value::String(name)), .. })) => return Some(name),
            Action::Issue(New::Make(Make { name: Operand::Member(condition, Property::Type), .. })) => condition,
            Action::Issue(New::Copy(condition)) => condition,
            _ => return None,
        };
        self.conditions.get(*condition)?.tests.iter().find_map(|test| {
            match (test.property, test.operator, &test.operand) {
                (Property::Type, Operator::Equal, Operand::Literal(Value::String(name))) => Some(name.as_str()),
                _ => None,
            }
        })
    }
}

impl Property {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "type" => Some(Self::Type),
            "value" => Some(Self::Value),
            "valueType" => Some(Self::ValueType),
            "issuer" => Some(Self::Issuer),
            _ => None,
        }
    }

    /// That member of a claim, as a value.
    pub(crate) fn of(self, claim: &crate::claims::Claim) -> Value {
        match self {
            Self::Type => Value::String(claim.name.clone()),
            Self::Value => claim.value.clone(),
            Self::ValueType => Value::String(claim.value.type_name().to_owned()),
            Self::Issuer => Value::String(Issuer::as_str(claim.issuer).to_owned()),
        }
    }
}
