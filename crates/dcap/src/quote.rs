//! Quotes: well-formed bytes, nothing proven.

pub(crate) mod body;
pub(crate) mod error;
pub(crate) mod parse;
pub(crate) mod tee;
