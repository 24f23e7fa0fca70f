//! A client of an attestation service, Veritee's or Azure's: attest, administer, and verify tokens.
//!
//! ```text
//! URL ──▶ Service ──▶ Client ──authenticate(Credentials)──▶ Client with a bearer token
//!                       attest ──▶ token, not verified yet        verify ──▶ VerifiedToken
//!                       manage, of_provider, get_json, get_bytes, revoke
//!
//! issuer::Issuer: verifies tokens of one issuer, with its keys fetched when needed and cached
//! ```
//!
//! Evidence and tokens go only to HTTPS addresses, and to plain HTTP on loopback. Each answer has a limit. The crate reads no
//! files and no clock: certificates, credentials and the time are arguments.
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

mod answer;
mod client;
mod credentials;
mod error;
pub mod issuer;
mod service;

pub use client::Client;
pub use credentials::Credentials;
pub use error::{Refusal, ServiceError};
pub use service::{Service, provider_url};
