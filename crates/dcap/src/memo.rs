//! What a verifier remembers, so that nothing is proven twice.

pub(crate) mod cache;
pub(crate) mod facts;
pub(crate) mod pcks;
pub(crate) mod signatures;
