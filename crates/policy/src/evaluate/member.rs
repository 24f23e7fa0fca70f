//! Members of claims, as tests compare them.

use crate::claims::{Claim, Value};
use crate::tree::{ClaimMember, Operator};

/// A member of a claim, not copied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Member<'a> {
    Text(&'a str),
    Integer(i64),
    Boolean(bool),
}

impl<'a> Member<'a> {
    #[inline]
    pub(super) fn of(claim: &'a Claim, member: ClaimMember) -> Self {
        match member {
            ClaimMember::Type => Self::Text(&claim.name),
            ClaimMember::Value => Self::value(&claim.value),
            ClaimMember::ValueType => Self::Text(claim.value.value_type().as_str()),
            ClaimMember::Issuer => Self::Text(claim.issuer.as_str()),
        }
    }

    #[inline]
    pub(super) fn value(value: &'a Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text),
            Value::Integer(number) => Self::Integer(*number),
            Value::Boolean(truth) => Self::Boolean(*truth),
        }
    }

    /// Bytes that a comparison looks at.
    #[inline]
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Integer(_) | Self::Boolean(_) => 8,
        }
    }
}

/// Kinds that differ never match, not even as unequal; only integers have an order.
#[inline]
pub(super) fn compare(left: Member<'_>, operator: Operator, right: Member<'_>) -> bool {
    match (left, right) {
        (Member::Integer(left), Member::Integer(right)) => match operator {
            Operator::Equal => left == right,
            Operator::NotEqual => left != right,
            Operator::Less => left < right,
            Operator::LessOrEqual => left <= right,
            Operator::Greater => left > right,
            Operator::GreaterOrEqual => left >= right,
        },
        (Member::Text(_), Member::Text(_)) | (Member::Boolean(_), Member::Boolean(_)) => match operator {
            Operator::Equal => left == right,
            Operator::NotEqual => left != right,
            _ => false,
        },
        _ => false,
    }
}
