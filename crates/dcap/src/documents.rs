//! Intel's collateral: documents, and what proves them.

pub(crate) mod collateral;
pub(crate) mod collateral_error;
pub(crate) mod enclave_identity;
pub(crate) mod isv_level;
pub(crate) mod known_members;
pub(crate) mod proof;
pub(crate) mod signed_document;
pub(crate) mod tcb_info;
pub(crate) mod tcb_status;
pub(crate) mod text;
pub(crate) mod verified;
