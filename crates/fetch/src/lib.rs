//! Outbound HTTP for everything that Veritee asks of other services.
//!
//! ```text
//! text ──▶ Address ──▶ Client::request ──▶ Request ──send(limit)──▶ Answer
//! ```
//!
//! A request goes only to an [`Address`], which was checked against a [`Transport`]. A [`Client`] follows no redirects and
//! decompresses nothing, its timeouts and TLS roots are arguments, and a body is read only up to a limit. No other way to read an
//! answer exists. Nothing is cached and nothing is retried.
//!
//! ```
//! use fetch::{Address, Transport};
//!
//! let base = Address::parse_base("https://attest.example", Transport::Https)?;
//! assert_eq!(base.at("/certs")?.as_str(), "https://attest.example/certs");
//! assert!(Address::parse_base("http://attest.example", Transport::HttpsOrLoopbackHttp).is_err());
//! # Ok::<(), fetch::FetchError>(())
//! ```
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

mod address;
mod client;
mod error;
mod request;

pub use address::{Address, Transport};
pub use client::{Client, Proxy, Roots, Timeouts};
pub use error::{ClientError, FetchError};
pub use request::{Answer, Request};

/// Returns the first 200 characters of another party's text, safe for terminals and logs.
fn excerpt(text: &str) -> String {
    problem::untrusted::excerpt(text, 200)
}
