//! What people and other programs are told about evidence. No verdict rests on it.

pub(crate) mod description;
pub(crate) mod diagnose;
pub(crate) mod finding;
pub(crate) mod intel_result;
pub(crate) mod log;
pub(crate) mod pieces;
pub(crate) mod shortfall;
pub(crate) mod supplemental;
