//! The cache of a verifier: with it a quote of a known host costs one signature.

use std::fmt;

use crate::memo::pcks::KnownPcks;
use crate::memo::signatures::Signatures;
use crate::pki::root::TrustedRoots;

/// Hosts that a verifier remembers unless it is told otherwise.
pub(crate) const HOSTS: usize = 16 << 10;

/// Platforms and signatures that were proven under one set of roots. Public keys and hashes: no secret.
pub(crate) struct Cache {
    pub(crate) pcks: KnownPcks,
    pub(crate) signatures: Signatures,
}

impl Cache {
    /// Room for about so many hosts, with a PCK chain and a QE report each.
    pub(crate) fn of_hosts(roots: TrustedRoots, hosts: usize) -> Self {
        Self { pcks: KnownPcks::new(roots, hosts), signatures: Signatures::new(hosts) }
    }

    /// The roots under which everything in it is proven.
    pub(crate) const fn roots(&self) -> &TrustedRoots {
        self.pcks.roots()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("roots", self.roots())
            .field("pcks", &self.pcks.len())
            .field("signatures", &self.signatures.len())
            .finish()
    }
}
