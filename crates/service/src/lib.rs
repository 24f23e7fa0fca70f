//! The Azure Attestation REST API over the providers of crate `attestation`.
//!
//! [`router`] is thin: each handler reads a request, calls the domain once, and answers.
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

mod resource;
mod resource_body;
mod response;
mod routes;

pub use routes::{MAX_BODY, OPENAPI, router};
