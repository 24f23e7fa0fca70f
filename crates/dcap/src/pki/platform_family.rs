//! Platform families: what Intel publishes collateral for.

use std::hash::{Hash, Hasher};

use crate::pki::certificate::Certificate;
use crate::pki::pck::ProvenPck;
use crate::pki::sgx_extension::Fmspc;
use crate::quote::tee::Tee;

/// A family of platforms that share one set of collateral: FMSPC, PCEID, CA of the PCK certificate, and TEE.
///
/// It is made by [`ProvenPck::family`] alone, so whoever holds one holds an FMSPC that a trusted root vouches for. Two families are
/// equal if these four are, whichever platforms they were taken from. Clones share what was proven.
///
/// ```compile_fail
/// let family: dcap::PlatformFamily = Default::default();
/// ```
#[derive(Clone, Debug)]
pub struct PlatformFamily {
    pck: ProvenPck,
    tee: Tee,
}

impl ProvenPck {
    /// Returns the family that the platform belongs to as far as quotes of that TEE are concerned.
    pub fn family(&self, tee: Tee) -> PlatformFamily {
        PlatformFamily { pck: self.clone(), tee }
    }
}

impl PlatformFamily {
    /// Returns the FMSPC (6 bytes).
    pub fn fmspc(&self) -> Fmspc {
        self.pck.fmspc()
    }

    /// Returns the PCEID (2 bytes).
    pub fn pce_id(&self) -> &[u8; 2] {
        self.pck.platform().pce_id()
    }

    /// Returns SGX or TDX.
    pub const fn tee(&self) -> Tee {
        self.tee
    }

    /// Returns the certificate of the CA that issued the PCK certificate, and the root's: the issuers of both revocation lists.
    pub fn crl_issuer_chain(&self) -> [&Certificate; 2] {
        self.pck.crl_issuer_chain()
    }

    fn key(&self) -> (Fmspc, &[u8; 2], &[u8; 65], Tee) {
        let [ca, _] = self.crl_issuer_chain();
        (self.fmspc(), self.pce_id(), ca.public_key(), self.tee)
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
