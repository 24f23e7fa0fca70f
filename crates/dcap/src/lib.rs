//! Verifies Intel SGX and TDX quotes: pure, without network, clock or file.
//!
//! ```text
//! bytes ──▶ Quote ──▶ ProvenPck ──▶ VerifiedQuote ──▶ AcceptedQuote
//!                         Collateral ──▶ VerifiedCollateral
//! ```
//!
//! - [`Quote`]: well-formed bytes, nothing proven.
//! - [`ProvenPck`]: the platform's certificate chain leads to a trusted root and is valid. The only source of an FMSPC.
//! - [`VerifiedCollateral`]: every signature, chain and time window of Intel's collateral holds.
//! - [`VerifiedQuote`]: signatures, identities, revocation and time windows hold; the TCB status is data in it.
//! - [`AcceptedQuote`]: somebody's [`Requirements`] judged it good enough.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (bytes, collateral): (Vec<u8>, dcap::Collateral) = todo!();
//! use dcap::{Quote, Requirements, TrustedRoots, Verifier};
//! use unix_time::UnixTime;
//!
//! let at = UnixTime::from_rfc3339("2025-06-20T00:00:00Z")?;
//! let verifier = Verifier::new(TrustedRoots::intel());
//! let quote = Quote::parse(&bytes)?;
//! let pck = verifier.prove(&quote, None, at)?;
//! let collateral = verifier.verify_collateral(collateral, at)?; // chosen by pck.fmspc() and pck.ca_type()
//! let verified = verifier.verify(&quote, &pck, &collateral, at)?;
//! let accepted = Requirements::default().judge(verified)?;
//! # Ok(()) }
//! ```
//!
//! Sources: Intel's quote formats 3, 4 and 5, PCK certificate and CRL profile, PCS API version 4, and the appraisal of
//! Intel's quote verification library, with what that library leaves out (notBefore, issueDate).
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

mod batch;
mod certificate;
mod chain;
mod collateral;
mod crl;
mod diagnose;
mod ecdsa;
mod enclave_identity;
mod facts;
mod intel_result;
mod isv_level;
mod judge;
mod memory;
mod pck;
pub mod pem;
mod quote;
mod root;
mod sgx_extension;
mod shortfall;
mod signatures;
mod signed_json;
mod supplemental;
mod tcb_info;
mod tcb_status;
mod tee;
mod text;
mod verify;
mod x509;

pub use batch::BatchError;
pub use certificate::{Certificate, MAX_CERTIFICATE, MalformedCertificate, SGX_EXTENSION};
pub use chain::{CertificateError, CertificateFault, Role};
pub use collateral::{Collateral, CollateralError, CollateralFault, Piece, VerifiedCollateral};
pub use crl::{Crl, MAX_CRL, MalformedCrl};
pub use diagnose::{Diagnosis, Finding, Outcome, diagnose};
pub use enclave_identity::{EnclaveId, EnclaveIdentity, IdentityMismatch};
pub use intel_result::IntelResult;
pub use isv_level::IsvLevel;
pub use judge::{AcceptedQuote, Allowance, Refusal, RefusalReason, Requirements, RevokedIsNeverAcceptable};
pub use pck::{PckCa, PckError, ProvenPck};
pub use quote::{Body, CertificationData, MAX_AUTH_DATA, MAX_QUOTE, Quote, QuoteError};
pub use root::{INTEL_ROOT_KEY, Root, RootKind, SIMULATION_UNIT, TrustedRoots};
pub use sgx_extension::{Fmspc, MalformedSgxExtension, MultiPackage, SgxExtension, SgxType};
pub use shortfall::{Part, Remedy, Shortfall, shortfalls};
pub use signed_json::{MAX_DEPTH, MAX_JSON, MalformedJson, SignedJson};
pub use supplemental::{Supplemental, Unrelated};
pub use tcb_info::{
    ComponentName, ComponentNames, TcbInfo, TcbLevel, TdxModule, TdxModuleIdentity, TdxModuleLevel, TdxModules,
};
pub use tcb_status::{TcbStatus, UnknownTcbStatus};
pub use tee::Tee;
pub use verify::{
    Evaluation, RelaunchRule, Report, RevokedLevel, RevokedPart, Tcb, VerifiedQuote, Verifier, VerifyError,
};
