//! Platform manifests: what a machine with several packages is registered by. Intel's are opaque; so are these.

use crate::ppid::PpidKey;

const MAGIC: &[u8; 16] = b"VERITEE MANIFEST";
/// Bytes of the manifests of machines with two packages.
const SIZE: usize = 8_431;

/// The manifest of the machine with that encrypted PPID.
pub fn manifest(encrypted_ppid: &[u8]) -> Vec<u8> {
    let mut manifest = [MAGIC, encrypted_ppid].concat();
    manifest.resize(SIZE, 0);
    manifest
}

/// The encrypted PPID in a manifest.
pub(super) fn encrypted_ppid(manifest: &[u8]) -> Option<&[u8]> {
    let rest = manifest.strip_prefix(MAGIC).filter(|_| manifest.len() == SIZE)?;
    rest.get(..PpidKey::ENCRYPTED)
}
