//! What a listener does with clients that hold it up, and its certificates.

mod bodies;
mod client;
mod connections;
mod log;
mod running;
mod tls;
