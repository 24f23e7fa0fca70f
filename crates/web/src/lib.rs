//! Inbound HTTP for every listener: connections, TLS, and limits on what one client can hold.
//!
//! A [`Gate`] admits connections: so many together and so many from one peer. [`serve`] speaks HTTP/1.1 and HTTP/2 on each of
//! them and closes those that exceed the [`Limits`]. Every request carries its [`Connection`] as an extension. The connection
//! charges what it holds in memory: the headers of its requests, each body that [`Connection::receive`] reads, and each answer
//! that [`Connection::hold_answer`] holds until its last byte was written. What one connection or one peer can hold never takes
//! the memory that others need.
//!
//! Every request carries its [`RequestId`] too, and the log has one line for it. A service puts a [`Refusal`] into the extensions of
//! a response for the log, and a [`LogRequest`] if the line has fields that only the service knows.
//!
//! The crate knows nothing of what is served.
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
mod body;
mod connection;
mod delivery;
mod exchange;
mod exchanges;
mod gate;
mod head;
mod limits;
mod memory;
mod peer;
mod place;
mod request_id;
mod request_log;
mod server;
mod stream;
pub mod tls;
mod verdict;
mod writes;

pub use answer::AnswerError;
pub use body::{BodyError, Received};
pub use connection::Connection;
pub use gate::Gate;
pub use limits::{AnswerLimits, BodyLimits, Limits};
pub use memory::Exhausted;
pub use place::Refused;
pub use request_id::RequestId;
pub use request_log::{LogRequest, Refusal, RequestLine};
pub use server::{Serving, listen, serve};
