//! Verifying evidence with collateral from files.

pub(crate) mod by_number;
mod diagnosis;
pub(crate) mod rejection;
pub(crate) mod request;
pub(crate) mod verdict;
