//! Our own bundle: one JSON file with every piece for one or many platform families. docs/collateral-bundle.md has its
//! shape and says where a signature will go.

pub(crate) mod error;
mod piece;
pub(crate) mod read;
pub(crate) mod summary;
mod write;
