//! What an enclave asks its processor for: the instructions of ENCLU.

mod channel;
mod instructions;
pub mod protocol;

pub use channel::{Channel, ChannelError};
pub use instructions::{EgetkeyError, Enclu, Key128, verifies};
