//! The quote daemon's protocol (AESM), as Intel's `aesmd` speaks it: messages, server and client.
//!
//! A client connects to a Unix socket, sends one request, gets one response, and is done. What quotes is handed in: a
//! [`QuotingEnclave`], or another daemon's socket [`Upstream`].
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
mod backend;
mod client;
mod config;
mod error_code;
pub mod frame;
mod key_ids;
mod limits;
pub mod message;
mod metrics;
mod mode;
mod quoting_enclave;
mod refusal;
mod server;
mod socket;
mod upstream;

pub use backend::Backend;
pub use client::{Client, ClientError, DEFAULT_SOCKET};
pub use config::{Config, ConfigError, LogLevel};
pub use error_code::ErrorCode;
pub use limits::Limits;
pub use metrics::MEDIA_TYPE;
pub use mode::{BothModes, QuotingMode, VARIABLE};
pub use quoting_enclave::{Initialised, QuoteError, Quoted, QuotingEnclave};
pub use server::Server;
pub use socket::{Access, Socket, SocketError};
pub use upstream::{Upstream, UpstreamError};
