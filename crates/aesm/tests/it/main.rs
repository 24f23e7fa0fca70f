//! The daemon and its clients, over sockets.

mod answers;
mod connections;
mod daemon;
mod enclave;
mod replaced;
mod requests;
mod soak;
mod sockets;
mod upstream;
