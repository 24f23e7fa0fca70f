//! Enclaves as they are built: the measurement log, and what their signers say.

mod measurement;
mod signature;

pub use measurement::{MeasurementLog, PAGE, PageType, Permissions};
pub use signature::{EinitError, EnclaveKey, EnclaveKeyError, EnclaveProperties, einit, sign};
