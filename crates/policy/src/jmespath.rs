//! JMESPath, whole, on fuel: queries come from strangers, and so does what they are put to.
//!
//! The language is that of jmespath.org, with one function more, `equals_ignore_case`, which policies use. Values are shared
//! and never copied, so that only what a query makes anew is counted.

mod build;
mod call;
mod evaluate;
mod evaluation;
mod function;
mod functions;
mod json;
mod lex;
mod number;
mod parse;
#[cfg(test)]
mod tests;
mod tree;
mod write;

pub use evaluation::QueryFailure;
pub(crate) use json::{Json, Unread};
use tree::Node;

/// A query, read and ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    root: Node,
    warnings: Vec<QueryError>,
}

/// What is wrong with a query, or hardly meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueryError {
    /// Where, in bytes of the query.
    pub(crate) at: usize,
    pub(crate) message: String,
    /// How to mend it.
    pub(crate) help: String,
}

impl Query {
    /// What it says and hardly means.
    pub(crate) fn warnings(&self) -> &[QueryError] {
        &self.warnings
    }
}
