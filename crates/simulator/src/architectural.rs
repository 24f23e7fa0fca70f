//! Intel's architectural enclaves, simulated: the provisioning certification enclave, and quoting enclaves for enclaves and for
//! trust domains.
//!
//! They run on a simulated processor as any enclave does: what they know they have from EGETKEY and EREPORT, under identities of
//! their own. Nothing here is Intel's code, nor claims to be.

mod certification;
mod error;
pub(crate) mod identity;
mod kdf;
mod pce;
mod quoting_enclave;
mod td_quoting_enclave;

pub use certification::Certification;
pub use error::EnclaveError;
pub use pce::Pce;
pub use quoting_enclave::{QuotingEnclave, Requester};
pub use td_quoting_enclave::TdQuotingEnclave;
