//! What a verifier remembers under its roots, so that a host that it has seen costs one signature.

use std::fmt;

use crate::memo::pcks::KnownPcks;
use crate::memo::signatures::Signatures;

/// Hosts that a verifier remembers unless it is told otherwise.
pub(crate) const HOSTS: usize = 16 << 10;

/// Platforms and signatures that were proven. Public keys and hashes: no secret.
pub(crate) struct Memory {
    pub(crate) pcks: KnownPcks,
    pub(crate) signatures: Signatures,
}

impl Memory {
    /// Room for about so many hosts, with a PCK chain and a QE report each.
    pub(crate) fn of_hosts(hosts: usize) -> Self {
        Self { pcks: KnownPcks::new(hosts), signatures: Signatures::new(hosts) }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("pcks", &self.pcks.len()).field("signatures", &self.signatures.len()).finish()
    }
}
