//! Attestation providers behind the Azure Attestation REST API.
//!
//! The unit is the [`Provider`]: name, public URL, roots, collateral, signing key, policies. [`Provider::attest`] runs the whole
//! line of an attestation without HTTP. [`Providers`] has them all, follows the store, and changes them; [`Access`] knows who may;
//! [`router`] is the thin API over them.
//!
//! Only this crate turns a quote into policy claims. It never imports the simulator: a simulated root is data to it.
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
mod attestation_type;
mod audit;
mod base64;
mod causes;
mod claims;
mod control_plane;
mod endorsements;
mod hashes;
mod keeper;
mod names;
mod newest_lists;
mod policies;
mod policy_type;
mod pool;
mod provider;
mod providers;
mod public_url;
mod request;
mod response;
mod revocation;
mod routes;
mod tcb_baselines;
mod vault;

pub use access::{
    Access, AccessError, InvalidIssuer, IssuerFault, IssuerSettings, OpenAccessError, Role, RoleRule, RuleFault,
    TrustedIssuers,
};
pub use addresses::Addresses;
pub use administration::AdministrationError;
pub use api_version::ApiVersion;
pub use attest::AttestError;
pub use attestation_type::AttestationType;
pub use audit::{Audit, AuditChoice, Retention, RetentionError};
pub use claims::incoming_claims;
pub use control_plane::ControlError;
pub use endorsements::EndorsementsError;
pub use keeper::KeeperError;
pub use names::OWNED_NAMES;
pub use policies::PolicyError;
pub use policy_type::{PolicyType, REPORT_VALIDITY};
pub use provider::{
    InvalidProviderName, InvalidSettings, KeysError, Provider, ProviderName, Quoter, Settings, TrustModel,
    UnusableProvider, VerificationClock, left_to_policy,
};
pub use providers::{OpenError, Providers, ServiceConfig};
pub use public_url::{InvalidProviderDomain, InvalidPublicUrl, ProviderDomain, PublicUrl};
pub use request::{AttestRequest, BadRequest, HeldData, MAX_HELD_DATA};
pub use revocation::RevocationError;
pub use routes::{MAX_BODY, OPENAPI, router};
pub use vault::{Vault, VaultError};
