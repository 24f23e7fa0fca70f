//! A verified endorsement in a cache, with what is made from it once.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest::{SHA256, digest};
use collateral::CollateralSet;
use dcap::{Collateral, pem};
use evidence::Endorsement;

/// A verified endorsement in a cache.
#[derive(Debug)]
pub struct CachedEndorsement {
    endorsement: Endorsement,
    bundle: OnceLock<Option<Arc<Bundle>>>,
}

/// An endorsement as a bundle (see docs/collateral-bundle.md): one file from which it can be verified again.
#[derive(Debug)]
pub struct Bundle {
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// The bundle.
    pub bytes: Vec<u8>,
}

impl CachedEndorsement {
    pub(crate) const fn new(endorsement: Endorsement) -> Self {
        Self { endorsement, bundle: OnceLock::new() }
    }

    /// Returns the endorsement.
    pub const fn endorsement(&self) -> &Endorsement {
        &self.endorsement
    }

    /// Returns the endorsement as a bundle, which is made at the first call; nothing if its pieces do not fit into one.
    pub fn bundle(&self) -> Option<Arc<Bundle>> {
        let bundle = self.bundle.get_or_init(|| {
            let Endorsement::Collateral(collateral) = &self.endorsement;
            let bytes = bundle(collateral.verified().read())?;
            let mut sha256 = [0; 32];
            sha256.copy_from_slice(digest(&SHA256, &bytes).as_ref());
            Some(Arc::new(Bundle { sha256, bytes }))
        });
        bundle.clone()
    }
}

fn bundle(collateral: &Collateral) -> Option<Vec<u8>> {
    let mut set = CollateralSet::default();
    let chains = [&collateral.tcb_info_chain, &collateral.qe_identity_chain, &collateral.pck_crl_chain];
    let certificates: String =
        chains.into_iter().flatten().map(|certificate| pem::encode(certificate.der(), "CERTIFICATE")).collect();
    let pieces = [
        ("tcb-info", collateral.tcb_info.wrapped()),
        ("qe-identity", collateral.qe_identity.wrapped()),
        ("root-crl", collateral.root_crl.der().to_vec()),
        ("pck-crl", collateral.pck_crl.der().to_vec()),
        ("certificates", certificates.into_bytes()),
    ];
    for (source, bytes) in pieces {
        set.add(source, &bytes).ok()?;
    }
    set.to_bundle().ok()
}
