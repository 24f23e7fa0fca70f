//! Images, their signatures, and the enclave's end of the channel.

mod channel;
mod enclaves;
mod images;
mod programs;
