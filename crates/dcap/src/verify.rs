//! Verifying a quote against a proven platform and verified collateral.

pub(crate) mod batch;
pub(crate) mod error;
pub(crate) mod levels;
pub(crate) mod relaunch;
pub(crate) mod revoked;
pub(crate) mod steps;
pub(crate) mod tcb;
pub(crate) mod verified;
pub(crate) mod verifier;
