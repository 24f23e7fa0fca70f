//! DCAP quotes: the first kind of evidence.

pub(crate) mod digests;
pub(crate) mod proven;
