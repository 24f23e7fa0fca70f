//! Platform families: what Intel publishes collateral for.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::pki::certificate::Certificate;
use crate::pki::pck::{Issuer, ProvenPck};
use crate::pki::sgx_extension::Fmspc;
use crate::quote::tee::Tee;

/// A family of platforms that share one set of collateral: FMSPC, PCEID, CA of the PCK certificate, and TEE.
///
/// It is made by [`ProvenPck::family`] alone, so its FMSPC is one that a trusted root vouches for. It keeps nothing that identifies a
/// single platform. Clones share the certificates.
///
/// ```compile_fail
/// let family: dcap::PlatformFamily = Default::default();
/// ```
#[derive(Clone)]
pub struct PlatformFamily {
    fmspc: Fmspc,
    pce_id: [u8; 2],
    issuer: Issuer,
    tee: Tee,
}

impl ProvenPck {
    /// Returns the family that the platform belongs to as far as quotes of that TEE are concerned.
    pub fn family(&self, tee: Tee) -> PlatformFamily {
        PlatformFamily { fmspc: self.fmspc(), pce_id: *self.platform().pce_id(), issuer: self.issuer().clone(), tee }
    }
}

impl PlatformFamily {
    /// Returns the FMSPC (6 bytes).
    pub const fn fmspc(&self) -> Fmspc {
        self.fmspc
    }

    /// Returns the PCEID (2 bytes).
    pub const fn pce_id(&self) -> &[u8; 2] {
        &self.pce_id
    }

    /// Returns SGX or TDX.
    pub const fn tee(&self) -> Tee {
        self.tee
    }

    /// Returns the certificate of the CA that issued the PCK certificate, and the root's: the issuers of both revocation lists.
    pub fn crl_issuer_chain(&self) -> [&Certificate; 2] {
        [self.issuer.ca(), self.issuer.root_certificate()]
    }

    fn key(&self) -> (Fmspc, &[u8; 2], &[u8; 65], Tee) {
        let [ca, _] = self.crl_issuer_chain();
        (self.fmspc(), self.pce_id(), ca.public_key(), self.tee)
    }
}

impl fmt::Debug for PlatformFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("PlatformFamily");
        debug.field("fmspc", &self.fmspc).field("pce_id", &self.pce_id).field("tee", &self.tee).finish_non_exhaustive()
    }
}

impl PartialEq for PlatformFamily {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for PlatformFamily {}

impl Hash for PlatformFamily {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}
