//! The certificates of a machine.

use crate::machine::Tcb;

/// The certificates that Intel gave a machine, DER.
#[derive(Clone, Debug)]
pub struct PckCertificates {
    /// A PCK certificate for each level that Intel certifies, the newest first.
    pub pck: Vec<(Tcb, Vec<u8>)>,
    /// Their CA, and the root.
    pub issuers: [Vec<u8>; 2],
}
