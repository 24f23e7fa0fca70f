//! What clients are held to.

use std::time::Duration;

/// Limits on connections and requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; further ones wait until one ends.
    pub connections: usize,
    /// Connections at once of one user; further ones are closed.
    pub connections_per_user: usize,
    /// Bytes of a request.
    pub request: u32,
    /// How long a request may take to arrive.
    pub read: Duration,
    /// How long an answer may take to leave.
    pub write: Duration,
}

impl Default for Limits {
    /// Connections take half of what a process may usually have open as files (1,024), for each may have another one upstream.
    /// Requests of EPID may have revocation lists of a megabyte in them, and are answered.
    fn default() -> Self {
        Self {
            connections: 480,
            connections_per_user: 240,
            request: 1 << 20,
            read: Duration::from_secs(5),
            write: Duration::from_secs(5),
        }
    }
}
