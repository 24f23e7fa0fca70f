//! The newest revocation list of each issuer, whichever source it came from.
//!
//! A list is signed by its issuer, so it is valid for every cache, not only for the one whose source has it. An older list never
//! reinstates a revoked platform: neither one of another source nor one that was put back into the files.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use collateral::{CollateralSet, is_newer_list};
use dcap::{Crl, PlatformFamily};
use unix_time::UnixTime;

use crate::table::{EndorsementKind, Table};

/// Everything that is loaded, and the newest list of each issuer that verified collateral rests on.
#[derive(Debug, Default)]
pub(crate) struct RevocationLists {
    /// Counts loads: what was chosen before the last one has to be chosen again.
    loads: AtomicU64,
    loaded: Mutex<Vec<Weak<CollateralSet>>>,
    /// Only issuers under a trusted root are in it, so there are few for each root.
    governing: Table<OfIssuer>,
}

/// Revocation lists, by the public key of their issuer.
struct OfIssuer;

impl EndorsementKind for OfIssuer {
    type Key = [u8; 65];
    type Verified = Crl;

    fn supersedes(new: &Crl, old: &Crl) -> bool {
        is_newer_list(new, old)
    }
}

impl RevocationLists {
    /// Adds a set that is in use from now on.
    pub(crate) fn add(&self, set: &Arc<CollateralSet>) {
        let mut loaded = self.lock();
        loaded.retain(|known| known.strong_count() > 0);
        loaded.push(Arc::downgrade(set));
        self.loads.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns how many sets were added so far.
    pub(crate) fn loads(&self) -> u64 {
        self.loads.load(Ordering::Acquire)
    }

    /// Returns the newest lists of the family's PCK CA and of its root that are valid from `at` or earlier, if present.
    pub(crate) fn newest(&self, family: &PlatformFamily, at: UnixTime) -> [Option<Crl>; 2] {
        let sets = self.sets();
        family.crl_issuer_chain().map(|issuer| {
            sets.iter().fold(self.governing.get(issuer.public_key()), |newest, set| {
                set.newest_list(issuer, at, newest.as_ref()).cloned().or(newest)
            })
        })
    }

    /// Keeps the lists that verified collateral rests on: of the family's PCK CA and of its root.
    pub(crate) fn keep(&self, family: &PlatformFamily, lists: [&Crl; 2]) {
        for (issuer, list) in family.crl_issuer_chain().into_iter().zip(lists) {
            self.governing.keep(issuer.public_key(), list);
        }
    }

    /// Returns the first time after `at` at which a loaded piece becomes valid.
    pub(crate) fn next_beginning(&self, at: UnixTime) -> Option<UnixTime> {
        self.sets().iter().filter_map(|set| set.next_beginning(at)).min()
    }

    fn sets(&self) -> Vec<Arc<CollateralSet>> {
        self.lock().iter().filter_map(Weak::upgrade).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<CollateralSet>>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
