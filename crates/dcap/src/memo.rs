//! What a verifier remembers, so that nothing is proven twice.

pub(crate) mod facts;
pub(crate) mod memory;
pub(crate) mod pcks;
pub(crate) mod prove;
pub(crate) mod signatures;
