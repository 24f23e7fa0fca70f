//! Fetching from a server of a few lines on loopback.

mod addresses;
mod answers;
