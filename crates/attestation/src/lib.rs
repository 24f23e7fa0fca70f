//! Attestation providers, without HTTP.
//!
//! The unit is the [`Provider`]: name, public URL, roots, collateral, signing key, policies. [`Provider::attest`] takes evidence
//! and returns a token. [`Providers`] has all providers of a service, follows the store, and changes them; [`Access`] decides who may.
//! [`policy_jws`] reads and writes the JWS in which administrators send policies and requests about signers.
//!
//! The appraisal of evidence is in crate `evidence`; this crate imports no crate of a kind of evidence. This crate never imports the simulator: a simulated root is data to it.
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

mod access;
mod addresses;
mod administration;
mod api_version;
mod attest;
mod attestation;
mod attestation_type;
mod audit;
pub mod base64;
mod claims;
mod control_plane;
mod hashes;
mod names;
mod policies;
pub mod policy_jws;
mod policy_type;
mod pool;
mod provider;
mod providers;
mod public_url;
mod request;
mod revocation;
mod revoked_list;
mod tcb_baselines;
mod vault;

pub use access::{
    Access, AccessError, Caller, ClientSecret, InvalidIssuer, IssuerFault, IssuerSettings, NewClient, OpenAccessError,
    Role, RoleRule, RuleFault, TrustedIssuers,
};
pub use addresses::Addresses;
pub use administration::{AdministrationError, unprepared};
pub use api_version::ApiVersion;
pub use attest::{AttestError, Attested};
pub use attestation::Attestation;
pub use attestation_type::AttestationType;
pub use audit::{
    Audit, AuditChains, AuditChoice, AuditError, AuditHeads, AuditReport, DeletedRecords, Retention, RetentionError,
    SavedHeads, VerifiedChain,
};
pub use control_plane::{ControlError, Location, ProviderRoot, ProviderSpec, SettingsChange};
pub use names::OWNED_NAMES;
pub use policies::PolicyError;
pub use policy_type::{PolicyType, REPORT_VALIDITY};
pub use provider::{
    CertificateError, InvalidProviderName, InvalidSettings, KeysError, Provider, ProviderName, Quoter, Settings,
    TrustModel, UnusableProvider, VerificationClock, signing_certificate,
};
pub use providers::{OpenError, Providers, ServiceConfig, Target};
pub use public_url::{InvalidProviderDomain, InvalidPublicUrl, ProviderDomain, PublicUrl};
pub use request::{AttestRequest, BadRequest, MAX_HELD_DATA};
pub use revocation::{Presented, RevocationError, TokenId};
pub use tcb_baselines::TcbBaseline;
pub use vault::{Vault, VaultError};
