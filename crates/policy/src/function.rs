//! The functions of version 1.2.

use crate::claims::ValueType;

/// A function: its name, and what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// The result of a JMESPath query over a JSON text, as JSON text.
    JmesPath,
    /// A JSON text as values of claims.
    JsonToClaimValue,
    /// Whether every value of one set is in another.
    IsSubsetOf,
    /// Two texts as one.
    AppendString,
    /// Not.
    NegateBool,
    /// Whether a set has one value, and no other.
    ContainsOnlyValue,
}

impl Function {
    pub(crate) const ALL: [Self; 6] = [
        Self::JmesPath,
        Self::JsonToClaimValue,
        Self::IsSubsetOf,
        Self::AppendString,
        Self::NegateBool,
        Self::ContainsOnlyValue,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::JmesPath => "JmesPath",
            Self::JsonToClaimValue => "JsonToClaimValue",
            Self::IsSubsetOf => "IsSubsetOf",
            Self::AppendString => "AppendString",
            Self::NegateBool => "NegateBool",
            Self::ContainsOnlyValue => "ContainsOnlyValue",
        }
    }

    /// What stands between its parentheses, for help.
    pub(crate) const fn usage(self) -> &'static str {
        match self {
            Self::JmesPath => "JmesPath(json, query)",
            Self::JsonToClaimValue => "JsonToClaimValue(json)",
            Self::IsSubsetOf => "IsSubsetOf(subset, superset)",
            Self::AppendString => "AppendString(first, second)",
            Self::NegateBool => "NegateBool(boolean)",
            Self::ContainsOnlyValue => "ContainsOnlyValue(set, value)",
        }
    }

    pub(crate) const fn arity(self) -> usize {
        match self {
            Self::JsonToClaimValue | Self::NegateBool => 1,
            _ => 2,
        }
    }

    /// The type of the value that it gives, where it gives one type.
    pub(crate) const fn result(self) -> Option<ValueType> {
        match self {
            Self::JmesPath | Self::AppendString => Some(ValueType::String),
            Self::IsSubsetOf | Self::NegateBool | Self::ContainsOnlyValue => Some(ValueType::Boolean),
            Self::JsonToClaimValue => None,
        }
    }
}
