//! A provider's collateral: loaded from its path, chosen and verified once per platform family, used many times.

use std::borrow::Cow;

use problem::Problem;
use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use collateral::{ChooseError, CollateralSet, LoadError};
use dcap::{Collateral, CollateralError, PlatformFamily, pem};
use evidence::{Anchors, Endorsement, EndorsementKey, Kind};
use store::Input;
use unix_time::UnixTime;

use crate::hashes::sha256;
use crate::newest_lists::NewestLists;

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
    #[error("collateral for this platform cannot be used")]
    Verify(#[from] CollateralError),
}

impl Problem for KeeperError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::NotConfigured => "collateral_not_configured".into(),
            Self::Choose(error) => error.code(),
            Self::Verify(error) => error.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::NotConfigured => "start the service with --collateral PATH".into(),
            Self::Choose(error) => error.help(),
            Self::Verify(error) => error.help(),
        }
    }
}

/// Verified collateral with what is computed from it once.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) endorsement: Endorsement,
    bundle: OnceLock<Option<Arc<Input>>>,
}

impl Prepared {
    /// The collateral as one bundle, under its hash; made when somebody asks for it.
    pub(crate) fn bundle(&self) -> Option<Arc<Input>> {
        let made = self.bundle.get_or_init(|| {
            let Endorsement::Collateral(collateral) = &self.endorsement;
            let bytes = bundle(collateral.verified().read())?;
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

/// Collateral that was chosen and verified, and for how long the same would be chosen.
#[derive(Clone, Debug)]
struct Verified {
    prepared: Arc<Prepared>,
    /// [`NewestLists::loads`] before it was chosen.
    loads: u64,
    /// When a piece that is loaded already becomes valid.
    until: Option<UnixTime>,
}

impl Verified {
    fn is_current(&self, loads: u64, at: UnixTime) -> bool {
        self.loads == loads
            && self.until.is_none_or(|until| at < until)
            && self.prepared.endorsement.is_valid(at)
    }
}

/// Name, times of change and size of a file.
type Seen = (PathBuf, SystemTime, (i64, i64), u64);

/// One generation of a provider's collateral.
///
/// Entries are bounded by the platform families that the path has TCB Info for: nothing else verifies. The revocation lists are
/// the newest that any provider's collateral has.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    set: Option<Arc<CollateralSet>>,
    lists: Arc<NewestLists>,
    seen: Vec<Seen>,
    verified: Mutex<HashMap<PlatformFamily, Verified>>,
}

impl Keeper {
    pub(crate) fn load(path: Option<&Path>, lists: &Arc<NewestLists>) -> Result<Self, LoadError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let seen = seen(path);
        let set = CollateralSet::load(path)?;
        for (file, reason) in set.unrecognised() {
            tracing::warn!(collateral.file = file, reason, "file in the collateral directory is no collateral");
        }
        let set = Arc::new(set);
        lists.loaded(&set);
        Ok(Self { set: Some(set), lists: Arc::clone(lists), seen, verified: Mutex::default() })
    }

    /// Whether the files are others than those that were loaded.
    pub(crate) fn is_stale(&self, path: &Path) -> bool {
        self.seen != seen(path)
    }

    /// Collateral for a proven platform, valid at `at`.
    pub(crate) fn get(
        &self,
        key: &EndorsementKey,
        anchors: &Anchors,
        at: UnixTime,
    ) -> Result<Arc<Prepared>, KeeperError> {
        let EndorsementKey::Collateral(family) = key;
        // Before anything is chosen: what is loaded meanwhile has to be looked at the next time.
        let loads = self.lists.loads();
        let known = self.lock().get(family).cloned();
        if let Some(known) = known.filter(|known| known.is_current(loads, at)) {
            return Ok(known.prepared);
        }
        let set = self.set.as_ref().ok_or(KeeperError::NotConfigured)?;
        let mut choice = set.choose(family, at)?;
        let [pck_crl, root_crl] = self.lists.of_platform(family, at);
        for (list, chosen) in [(pck_crl, &mut choice.collateral.pck_crl), (root_crl, &mut choice.collateral.root_crl)] {
            if let Some(list) = list.filter(|list| list != chosen) {
                tracing::info!(
                    collateral.issuer = list.issuer_text(),
                    "a newer revocation list than this collateral has is used"
                );
                *chosen = list;
            }
        }
        let endorsement = anchors.verify_collateral(choice.collateral, at)?;
        let Endorsement::Collateral(collateral) = &endorsement;
        self.lists.verified(family, [collateral.verified().pck_crl(), collateral.verified().root_crl()]);
        for taken in &choice.taken {
            tracing::info!(
                collateral.piece = %taken.piece,
                collateral.source = taken.source,
                collateral.until = %taken.validity.until,
                quote.fmspc = %family.fmspc(),
                "collateral verified"
            );
        }
        let prepared = Arc::new(Prepared { endorsement, bundle: OnceLock::new() });
        let until = self.lists.next_beginning(at);
        self.lock().insert(family.clone(), Verified { prepared: Arc::clone(&prepared), loads, until });
        Ok(prepared)
    }

    /// The evaluation data numbers that there is collateral of, each with the newest date of a level.
    pub(crate) fn evaluation_data_numbers(&self, kind: Kind, at: UnixTime) -> BTreeMap<u32, UnixTime> {
        self.set.as_ref().map(|set| set.evaluation_data_numbers(kind.tee(), at)).unwrap_or_default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PlatformFamily, Verified>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Name, times of change and size of each file: enough to see that something was replaced. A copy may have the time of
/// modification of another file; the time of the change itself is the system's.
fn seen(path: &Path) -> Vec<Seen> {
    let look = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Some((path.to_owned(), metadata.modified().ok()?, changed, metadata.len()))
    };
    let mut seen: Vec<_> = match std::fs::read_dir(path) {
        Ok(entries) => entries.filter_map(Result::ok).filter_map(|entry| look(&entry.path())).collect(),
        Err(_) => look(path).into_iter().collect(),
    };
    seen.sort();
    seen
}
