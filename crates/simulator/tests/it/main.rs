//! The processor, the quoting enclaves, simulations in their directories, and quotes as another verifier judges them.

mod cpu;
mod peer;
mod quoting;
mod simulation;
