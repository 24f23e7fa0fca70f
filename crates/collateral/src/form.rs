//! The forms that collateral is found in.

pub(crate) mod encoding;
pub(crate) mod qvl;
pub(crate) mod recognition;
pub(crate) mod reference;
pub(crate) mod response;
pub(crate) mod response_error;
pub(crate) mod response_pieces;
pub(crate) mod signed;
pub(crate) mod single;
