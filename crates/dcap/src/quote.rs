//! Quotes: well-formed bytes, nothing proven.

pub(crate) mod error;
pub(crate) mod parse;
pub(crate) mod report;
pub(crate) mod tee;
