//! Verifies Intel SGX and TDX quotes: pure, without network, clock or file.
//!
//! ```text
//! bytes ──▶ Quote ──▶ ProvenPck ──▶ VerifiedQuote ──▶ AcceptedQuote
//!                         Collateral ──▶ VerifiedCollateral
//! ```
//!
//! - [`Quote`]: well-formed bytes, nothing proven.
//! - [`ProvenPck`]: the platform's certificate chain leads to a trusted root and is valid. The only source of an FMSPC.
//! - [`VerifiedCollateral`]: every signature, chain and validity period of Intel's collateral holds.
//! - [`VerifiedQuote`]: signatures, identities, revocation and validity periods hold; the TCB status is data in it.
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

mod documents;
mod judge;
mod memo;
mod pki;
mod quote;
mod report;
mod verify;

pub use documents::collateral::Collateral;
pub use documents::collateral_error::{CollateralError, CollateralFault, Piece};
pub use documents::enclave_identity::{EnclaveId, EnclaveIdentity, IdentityMismatch};
pub use documents::isv_level::IsvLevel;
pub use documents::signed_document::{Document, MAX_DEPTH, MAX_JSON, MalformedJson, SignedDocument};
pub use documents::tcb_info::TcbInfo;
pub use documents::tcb_info::level::{ComponentName, ComponentNames, TcbLevel};
pub use documents::tcb_info::tdx_modules::{TdxModule, TdxModuleIdentity, TdxModuleLevel, TdxModules};
pub use documents::tcb_status::{TcbStatus, UnknownTcbStatus};
pub use documents::verified::VerifiedCollateral;
pub use judge::refusal::{Allowance, RefusalReason};
pub use judge::requirements::{AcceptedQuote, Refusal, Requirements, RevokedIsNeverAcceptable};
pub use pki::certificate::Certificate;
pub use pki::certificate::error::{MAX_CERTIFICATE, MalformedCertificate, SGX_EXTENSION};
pub use pki::chain::{CertificateError, CertificateFault, Role};
pub use pki::crl::{Crl, MAX_CRL, MalformedCrl};
pub use pki::pck::{PckCa, ProvenPck};
pub use pki::pck_error::PckError;
pub use pki::pem;
pub use pki::platform_family::PlatformFamily;
pub use pki::root::{INTEL_ROOT_KEY, Root, RootKind, SIMULATION_UNIT, TrustedRoots};
pub use pki::sgx_extension::{Fmspc, MalformedSgxExtension, MultiPackage, SgxExtension, SgxType};
pub use quote::error::{MAX_AUTH_DATA, MAX_QUOTE, QuoteError};
pub use quote::parse::{CertificationData, Quote};
pub use quote::report::Report;
pub use quote::tee::Tee;
pub use report::description::body::{
    AttributesDescription, EnclaveDescription, ReportByLayout, ReportDescription, Td15Description, Td15ExDescription,
    TrustDomainDescription,
};
pub use report::description::certificate::{
    CertificateDescription, CrlDescription, MultiPackageDescription, SgxExtensionDescription,
};
pub use report::description::certification::{CertificatesDescription, CertificationDescription};
pub use report::description::documents::{
    IdentityDescription, IsvLevelDescription, TcbInfoDescription, TcbLevelDescription,
};
pub use report::description::epid::EpidDescription;
pub use report::description::quote::{HeaderDescription, QuoteDescription};
pub use report::description::readable::Readable;
pub use report::description::verified::{RootDescription, TcbDescription, VerifiedQuoteDescription};
pub use report::diagnose::{Diagnosis, diagnose};
pub use report::finding::{Finding, Outcome};
pub use report::intel_result::IntelResult;
pub use report::shortfall::{Part, Remedy, Shortfall, shortfalls};
pub use report::supplemental::Supplemental;
pub use verify::batch::BatchError;
pub use verify::error::VerifyError;
pub use verify::relaunch::RelaunchRule;
pub use verify::revoked::{Evaluation, RevokedLevel, RevokedPart};
pub use verify::tcb::Tcb;
pub use verify::verified::VerifiedQuote;
pub use verify::verifier::Verifier;
