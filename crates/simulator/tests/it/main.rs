//! The processor, the quoting enclaves, simulations in their directories, and quotes as another verifier judges them.

mod cpu;
#[cfg(feature = "http")]
mod http;
mod peer;
mod quoting;
mod simulation;
