//! Listening, for every command that serves HTTP.

use std::io;
use std::net::{SocketAddr, TcpListener};

use crate::failure::Failure;

/// Listens at an address, which was given with that option.
pub fn listen(address: SocketAddr, option: &str) -> Result<TcpListener, Failure> {
    web::listen(address).map_err(|error| cannot_listen(address, option, &error))
}

pub fn cannot_listen(address: SocketAddr, option: &str, error: &io::Error) -> Failure {
    Failure::environment(
        "cannot_listen",
        format!("cannot listen at `{address}`: {error}"),
        format!("choose another address with {option}; port 0 takes a free one"),
    )
}
