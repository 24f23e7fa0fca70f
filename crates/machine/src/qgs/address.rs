//! Where the quote service listens.

use std::fmt::{self, Display};
use std::path::PathBuf;

/// Where the service listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QgsAddress {
    /// At a Unix socket, on the host itself.
    Unix(PathBuf),
    /// At vsock.
    Vsock {
        /// Which machine: [`QgsAddress::HOST`] for a guest.
        cid: u32,
        /// Which port, by default [`QgsAddress::PORT`].
        port: u32,
    },
}

impl QgsAddress {
    /// The host, as a guest calls it.
    pub const HOST: u32 = 2;
    /// The port that the service has unless it is told another.
    pub const PORT: u32 = 4050;
}

impl Display for QgsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Vsock { cid, port } => write!(f, "vsock {cid}:{port}"),
        }
    }
}
