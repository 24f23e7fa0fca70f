//! What is kept in files: states of a simulated Intel and its platforms, and what goes wrong with them.

mod directory;
mod error;
mod state;

pub(crate) use directory::{list, open, open_or_create, read as read_file, write as write_file};
pub use error::SimulationError;
pub use state::DamagedState;
pub(crate) use state::{FORMAT, Party, Secret, bytes, read, write};
