//! The newest revocation list of each issuer, whichever provider's collateral it came with.
//!
//! A list is signed by its issuer, so it is as good for every provider as for the one whose files hold it, and nobody brings a
//! revoked platform back by an older list: neither another provider's files nor files that were put back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use collateral::{CollateralSet, is_newer_list};
use dcap::{Crl, PlatformFamily};
use unix_time::UnixTime;

/// All loaded collateral, and the newest list of each issuer that a decision was based on.
#[derive(Debug, Default)]
pub(crate) struct NewestLists {
    /// Moves whenever collateral is loaded: what was chosen before has to be chosen again.
    loads: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    loaded: Vec<Weak<CollateralSet>>,
    /// By the issuer's public key. Only issuers under a trusted root are here, so there are few for each root.
    governing: HashMap<[u8; 65], Arc<Crl>>,
}

impl NewestLists {
    /// Tells of a set that is in use from now on.
    pub(crate) fn loaded(&self, set: &Arc<CollateralSet>) {
        let mut state = self.lock();
        state.loaded.retain(|known| known.strong_count() > 0);
        state.loaded.push(Arc::downgrade(set));
        self.loads.fetch_add(1, Ordering::AcqRel);
    }

    /// How often collateral was loaded.
    pub(crate) fn loads(&self) -> u64 {
        self.loads.load(Ordering::Acquire)
    }

    /// The newest lists of the platform's CA and of its root that have begun by `at`; none where there are no lists.
    pub(crate) fn of_platform(&self, family: &PlatformFamily, at: UnixTime) -> [Option<Crl>; 2] {
        let sets = self.sets();
        family.crl_issuer_chain().map(|issuer| {
            let governing = self.lock().governing.get(issuer.public_key()).cloned();
            sets.iter().fold(governing.map(|list| Crl::clone(&list)), |newest, set| {
                let newer = set.newest_list(issuer, at, newest.as_ref()).cloned();
                newer.or(newest)
            })
        })
    }

    /// Remembers the lists that verified collateral rests on, as those of the platform's CA and of its root.
    pub(crate) fn verified(&self, family: &PlatformFamily, lists: [&Crl; 2]) {
        let mut state = self.lock();
        for (issuer, list) in family.crl_issuer_chain().into_iter().zip(lists) {
            let known = state.governing.get(issuer.public_key());
            if known.is_none_or(|known| is_newer_list(list, known)) {
                state.governing.insert(*issuer.public_key(), Arc::new(list.clone()));
            }
        }
    }

    /// The first moment after `at` at which a piece of any loaded collateral becomes valid.
    pub(crate) fn next_beginning(&self, at: UnixTime) -> Option<UnixTime> {
        self.sets().iter().filter_map(|set| set.next_beginning(at)).min()
    }

    fn sets(&self) -> Vec<Arc<CollateralSet>> {
        self.lock().loaded.iter().filter_map(Weak::upgrade).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
