//! A query as a tree. Its height is bounded when it is read, so that it can be walked by calls.

use std::sync::Arc;

use super::Json;
use super::function::Function;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// `@`
    Current,
    /// `name`
    Field(Arc<str>),
    Literal(Json),
    /// `[1]`, from the end where negative
    Index(i64),
    /// `[1:2:3]`
    Slice(Slice),
    /// `left.right`
    Then(Box<Self>, Box<Self>),
    /// `left | right`: as `left.right`, and ends projections
    Pipe(Box<Self>, Box<Self>),
    /// `left[*].right`, and whatever else is done with each element of a list
    Each(Box<Self>, Box<Self>),
    /// `left.*.right`
    EachMember(Box<Self>, Box<Self>),
    /// `left[?condition].right`
    Filter(Box<Self>, Box<Self>, Box<Self>),
    /// `left[]`
    Flatten(Box<Self>),
    Or(Box<Self>, Box<Self>),
    And(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Compare(Comparison, Box<Self>, Box<Self>),
    /// `[a, b]`
    List(Vec<Self>),
    /// `{a: b}`
    Hash(Vec<(Arc<str>, Self)>),
    Call(Function, Vec<Self>),
    /// `&expression`, as an argument
    Reference(Box<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) start: Option<i64>,
    pub(super) stop: Option<i64>,
    /// Not 0.
    pub(super) step: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
