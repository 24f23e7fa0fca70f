//! A simulated machine with SGX and TDX, and its simulated Intel.
//!
//! The machine signs real quotes in Intel's formats, and its Intel issues the certificates, revocation lists and signed
//! documents that a verifier needs, so that no verifier needs a back door for tests. What it makes can never pass for
//! hardware: it leads to a root of its own, and every certificate says `OU=Veritee simulation`.
//!
//! - [`Platform`] is a machine that stays the same; its state lies in a directory. For development and demonstrations.
//! - [`cpu::Cpu`] is its processor, which derives keys and makes reports for enclaves.
//! - [`host::Host`] runs programs as enclaves on such a processor. The crate `sgx` is what an enclave is made of and asks it for.
//! - [`Blueprint`] is a machine as plain data, every field open to change before anything is signed. For tests of
//!   verifiers: a quote that is wrong in one respect alone.
//!
//! ```
//! use simulator::{Blueprint, EnclaveReport};
//! use unix_time::UnixTime;
//!
//! # fn main() -> Result<(), simulator::BuildError> {
//! let now = UnixTime::from_seconds(1_700_000_000);
//! let mut blueprint = Blueprint::new(now)?;
//! // Simulated Intel revokes the platform.
//! let serial = blueprint.certificates.pck.spec.serial.clone();
//! blueprint.pck_crl.spec.revoked.push(serial);
//!
//! let enclave = EnclaveReport {
//!     mr_enclave: [1; 32],
//!     mr_signer: [2; 32],
//!     isv_prod_id: 1,
//!     isv_svn: 1,
//!     debug: false,
//!     report_data: [0; 64],
//! };
//! let quote = blueprint.quote(&enclave.on(blueprint.cpu_svn()))?;
//! let collateral = blueprint.collateral()?;
//! # assert!(!quote.is_empty() && !collateral.pck_crl.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `http`, the module `http` serves what [`pcs`] answers.
//!
//! A [`Platform`] quotes SGX enclaves; quotes of trust domains are for [`Blueprint::for_tdx`].
//!
//! There is no clock in here: every time is an argument. Only how long a request takes is measured.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )
)]

pub mod architectural;
mod asn1;
mod blueprint;
mod build_error;
mod collateral;
pub mod cpu;
mod enclave_identity;
pub mod host;
#[cfg(feature = "http")]
pub mod http;
mod inside;
mod intel;
mod isv_level;
mod kept;
mod key;
mod machine;
pub mod pcs;
pub mod pki;
mod platform;
mod ppid;
mod quoting;
mod report;
mod service_state;
mod signed;
mod signed_json;
mod simulation;
mod tcb_info;
mod time;
mod trust_domain;

pub use blueprint::{Blueprint, Issued, Link};
pub use build_error::BuildError;
pub use collateral::{Collateral, WriteError};
pub use enclave_identity::EnclaveIdentitySpec;
pub use inside::{EncluError, Inside};
pub use intel::EVALUATION_DATA_NUMBER;
pub use isv_level::IsvLevelSpec;
pub use kept::{DamagedState, SimulationError};
pub use key::{EcdsaKey, Signer};
pub use machine::{COMPONENT_SVNS, CaType, FMSPC, PCE_ID, PCE_SVN, Parties, TEE_TCB_SVN, Tcb};
pub use platform::{PckCertificates, Platform, PlatformQuoteError};
pub use ppid::PpidKey;
pub use quoting::{Body, ClaimedSizes, QuoteSpec};
pub use report::EnclaveReport;
pub use signed::{Signed, Specification};
pub use simulation::{Intel, PlatformSpec, Simulation};
pub use tcb_info::{TcbComponent, TcbInfoSpec, TcbLevelSpec, TdxModuleIdentitySpec, TdxModuleSpec};
pub use time::{DAY, YEAR};
pub use trust_domain::TrustDomainReport;
