//! The work of one query: what it may still make, and how it fails.

use std::borrow::Cow;
use std::cmp::Ordering;

use problem::Problem;

use super::{Json, number};
use crate::fuel::{Fuel, OutOfFuel, comparison};
use crate::limits::{MAX_QUERY_NODES, MAX_QUERY_TEXT};

/// Why a query gave nothing, not even `null`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryFailure {
    /// A function was given a value of the wrong type.
    #[error("{function} needs {expected} and gets {found}")]
    WrongType {
        /// The function.
        function: &'static str,
        /// What it needs.
        expected: &'static str,
        /// The type of what it gets.
        found: &'static str,
    },
    /// A number too large for JSON.
    #[error("{function} gives a number that JSON does not have")]
    NotFinite {
        /// The function.
        function: &'static str,
    },
    /// More values, or a longer text, than a query may give.
    #[error("query gives more than {MAX_QUERY_NODES} values, or a text that is too long for a claim")]
    TooLarge,
    /// More steps than an evaluation may take.
    #[error(transparent)]
    OutOfFuel(#[from] OutOfFuel),
}

impl Problem for QueryFailure {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::WrongType { .. } => "policy_query_wrong_type".into(),
            Self::NotFinite { .. } => "policy_query_not_finite".into(),
            Self::TooLarge => "policy_query_too_large".into(),
            Self::OutOfFuel(cause) => cause.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::WrongType { .. } => "select values of the right type, for example with a filter on type(@)".into(),
            Self::NotFinite { .. } => "use smaller numbers".into(),
            Self::TooLarge => "select less with the query".into(),
            Self::OutOfFuel(_) => "use fewer rules, or a query that reads less".into(),
        }
    }
}

/// Steps for a value that is made: put into its array, moved, released.
const MADE: usize = 4;

pub(super) struct Evaluation<'f> {
    pub(super) fuel: &'f mut Fuel,
    nodes_left: usize,
    text_left: usize,
}

impl<'f> Evaluation<'f> {
    pub(super) const fn new(fuel: &'f mut Fuel) -> Self {
        Self { fuel, nodes_left: MAX_QUERY_NODES, text_left: MAX_QUERY_TEXT }
    }

    /// Before values are made: an array, or a part of one, with so many.
    pub(super) fn make(&mut self, nodes: usize) -> Result<(), QueryFailure> {
        self.fuel.spend(nodes.saturating_mul(MADE))?;
        self.nodes_left = self.nodes_left.checked_sub(nodes).ok_or(QueryFailure::TooLarge)?;
        Ok(())
    }

    /// A text that was made, not found.
    pub(super) fn made_text(&mut self, text: String) -> Result<Json, QueryFailure> {
        self.text_left = self.text_left.checked_sub(text.len()).ok_or(QueryFailure::TooLarge)?;
        self.fuel.copy(text.len())?;
        Ok(Json::string(text))
    }

    /// Deep equality; every value looked at is a step, however often it is shared.
    pub(super) fn equal(&mut self, left: &Json, right: &Json) -> Result<bool, QueryFailure> {
        self.fuel.spend(1)?;
        match (left, right) {
            (Json::Null, Json::Null) => Ok(true),
            (Json::Boolean(left), Json::Boolean(right)) => Ok(left == right),
            (Json::Number(left), Json::Number(right)) => Ok(number::compare(left, right) == Ordering::Equal),
            (Json::String(left), Json::String(right)) => {
                self.fuel.compare(left.len().min(right.len()))?;
                Ok(left == right)
            }
            (Json::Array(left), Json::Array(right)) => {
                if left.len() != right.len() {
                    return Ok(false);
                }
                self.all_equal(left.iter().zip(right.iter()))
            }
            (Json::Object(left), Json::Object(right)) => {
                if left.len() != right.len() {
                    return Ok(false);
                }
                for (left, right) in left.keys().zip(right.keys()) {
                    self.fuel.spend(comparison(left.len().min(right.len())).saturating_add(1))?;
                    if left != right {
                        return Ok(false);
                    }
                }
                self.all_equal(left.values().zip(right.values()))
            }
            _ => Ok(false),
        }
    }

    fn all_equal<'j>(&mut self, pairs: impl Iterator<Item = (&'j Json, &'j Json)>) -> Result<bool, QueryFailure> {
        for (left, right) in pairs {
            if !self.equal(left, right)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
