//! A provider's collateral: loaded from its path, chosen and verified once per platform family, used many times.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use collateral::{ChooseError, CollateralSet, LoadError};
use dcap::{Collateral, CollateralError, Fmspc, ProvenPck, Tee, UnixTime, VerifiedCollateral, Verifier, pem};
use store::Input;

use crate::hashes::{CollateralHashes, sha256};

/// Why there is no collateral for a platform.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// No collateral is configured.
    #[error("provider has no collateral configured")]
    NotConfigured,
    /// The pieces for this platform are not there.
    #[error(transparent)]
    Choose(#[from] ChooseError),
    /// They are there and do not verify.
    #[error("collateral for this platform cannot be used: {0}")]
    Verify(#[from] CollateralError),
}

impl KeeperError {
    /// A stable name of the fault.
    pub fn code(&self) -> String {
        match self {
            Self::NotConfigured => "collateral_not_configured".to_owned(),
            Self::Choose(error) => error.code().to_owned(),
            Self::Verify(error) => error.code(),
        }
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::NotConfigured => "start the service with --collateral PATH",
            Self::Choose(error) => error.help(),
            Self::Verify(error) => error.help(),
        }
    }
}

/// Verified collateral with what is computed from it once.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) verified: VerifiedCollateral,
    pub(crate) hashes: CollateralHashes,
    bundle: OnceLock<Option<Arc<Input>>>,
}

impl Prepared {
    /// The collateral as one bundle, under its hash; made when somebody asks for it.
    pub(crate) fn bundle(&self) -> Option<Arc<Input>> {
        let made = self.bundle.get_or_init(|| {
            let bytes = bundle(self.verified.read())?;
            Some(Arc::new(Input { sha256: sha256(&[&bytes]), bytes }))
        });
        made.clone()
    }
}

fn bundle(collateral: &Collateral) -> Option<Vec<u8>> {
    let mut set = CollateralSet::default();
    let chains = [&collateral.tcb_info_chain, &collateral.qe_identity_chain, &collateral.pck_crl_chain];
    let certificates: String =
        chains.into_iter().flatten().map(|certificate| pem::encode(certificate.der(), "CERTIFICATE")).collect();
    let pieces = [
        ("tcb-info", collateral.tcb_info.wrapped("tcbInfo")),
        ("qe-identity", collateral.qe_identity.wrapped("enclaveIdentity")),
        ("root-crl", collateral.root_crl.clone()),
        ("pck-crl", collateral.pck_crl.clone()),
        ("certificates", certificates.into_bytes()),
    ];
    for (source, bytes) in pieces {
        set.add(source, &bytes).ok()?;
    }
    set.to_bundle().ok()
}

/// What the choice of collateral depends on: family, PCEID, the key of the CA that issued the platform's certificate, TEE.
type Key = (Fmspc, [u8; 2], [u8; 65], Tee);

/// One generation of a provider's collateral.
///
/// Entries are bounded by the platform families that the path has TCB Info for: nothing else verifies.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    set: Option<CollateralSet>,
    seen: Vec<(PathBuf, SystemTime, u64)>,
    verified: Mutex<HashMap<Key, Arc<Prepared>>>,
}

impl Keeper {
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, LoadError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let seen = seen(path);
        let set = CollateralSet::load(path)?;
        for (file, reason) in set.unrecognised() {
            tracing::warn!(collateral.file = file, reason, "file in the collateral directory is no collateral");
        }
        Ok(Self { set: Some(set), seen, verified: Mutex::default() })
    }

    /// Whether the files are others than those that were loaded.
    pub(crate) fn is_stale(&self, path: &Path) -> bool {
        self.seen != seen(path)
    }

    /// Collateral for a proven platform, valid at `at`.
    pub(crate) fn get(
        &self,
        pck: &ProvenPck,
        tee: Tee,
        verifier: &Verifier,
        at: UnixTime,
    ) -> Result<Arc<Prepared>, KeeperError> {
        let [ca, _] = pck.crl_issuer_chain();
        let key = (pck.fmspc(), *pck.platform().pce_id(), *ca.public_key(), tee);
        let known = self.lock().get(&key).cloned();
        if let Some(prepared) = known.filter(|prepared| prepared.verified.check_windows(at).is_ok()) {
            return Ok(prepared);
        }
        let set = self.set.as_ref().ok_or(KeeperError::NotConfigured)?;
        let choice = set.choose(pck, tee, at)?;
        let verified = verifier.verify_collateral(choice.collateral, at)?;
        for taken in &choice.taken {
            tracing::info!(
                collateral.piece = %taken.piece,
                collateral.source = taken.source,
                collateral.until = %taken.validity.until,
                quote.fmspc = %pck.fmspc(),
                "collateral verified"
            );
        }
        let hashes = CollateralHashes::of(&verified);
        let prepared = Arc::new(Prepared { verified, hashes, bundle: OnceLock::new() });
        self.lock().insert(key, Arc::clone(&prepared));
        Ok(prepared)
    }

    /// The evaluation data numbers that there is collateral of, each with the newest date of a level.
    pub(crate) fn evaluation_data_numbers(&self, tee: Tee, at: UnixTime) -> BTreeMap<u32, UnixTime> {
        self.set.as_ref().map(|set| set.evaluation_data_numbers(tee, at)).unwrap_or_default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<Prepared>>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Name, time of change and size of each file: enough to see that something was replaced.
fn seen(path: &Path) -> Vec<(PathBuf, SystemTime, u64)> {
    let look = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((path.to_owned(), metadata.modified().ok()?, metadata.len()))
    };
    let mut seen: Vec<_> = match std::fs::read_dir(path) {
        Ok(entries) => entries.filter_map(Result::ok).filter_map(|entry| look(&entry.path())).collect(),
        Err(_) => look(path).into_iter().collect(),
    };
    seen.sort();
    seen
}
