//! Choosing the pieces that belong to a platform.

pub(crate) mod candidates;
pub(crate) mod choice;
pub(crate) mod error;
pub(crate) mod taken;
