//! What a source had at one time, and what was verified of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use collateral::{CollateralSet, LoadError};
use dcap::PlatformFamily;
use evidence::{Anchors, Endorsement, EndorsementKey, Kind};
use unix_time::UnixTime;

use crate::cached::CachedEndorsement;
use crate::error::FindError;
use crate::lists::RevocationLists;
use crate::source::{Loaded, Source};
use crate::table::{EndorsementKind, Table};

/// What a source had when it was last read. An appraisal takes one snapshot, and reads nothing newer from the source. Revocation lists
/// are the exception: the newest that any source has is used.
///
/// The number of endorsements in it is bounded by what the source has: only what verifies is kept.
pub struct Snapshot {
    anchors: Anchors,
    loaded: Option<Loaded>,
    collateral: Table<OfFamily>,
    lists: Arc<RevocationLists>,
}

/// Intel's collateral, by platform family.
struct OfFamily;

impl EndorsementKind for OfFamily {
    type Key = PlatformFamily;
    type Verified = Chosen;

    /// What was chosen before the last load does not replace what was chosen after it.
    fn supersedes(new: &Chosen, old: &Chosen) -> bool {
        new.loads >= old.loads
    }
}

/// Collateral that was chosen and verified, and how long the same would be chosen.
#[derive(Clone, Debug)]
struct Chosen {
    cached: Arc<CachedEndorsement>,
    /// [`RevocationLists::loads`] before it was chosen.
    loads: u64,
    /// When the next piece that is loaded already becomes valid.
    until: Option<UnixTime>,
}

impl Chosen {
    fn is_current(&self, loads: u64, at: UnixTime) -> bool {
        self.loads == loads && self.until.is_none_or(|until| at < until) && self.cached.endorsement().is_valid(at)
    }
}

impl Snapshot {
    pub(crate) fn load(source: &Source, anchors: Anchors, lists: &Arc<RevocationLists>) -> Result<Self, LoadError> {
        let loaded = source.load()?;
        if let Some(loaded) = &loaded {
            lists.add(&loaded.set);
        }
        Ok(Self { anchors, loaded, collateral: Table::default(), lists: Arc::clone(lists) })
    }

    /// Returns whether the source has something else now.
    pub(crate) fn is_stale(&self, source: &Source) -> bool {
        source.has_changed(self.loaded.as_ref())
    }

    /// Finds the endorsement for that key: valid at `at`, and verified under the anchors of its cache.
    ///
    /// The first call for a key verifies signatures, which takes milliseconds. Later ones look it up.
    ///
    /// # Errors
    /// [`FindError`]: what is missing, or why it cannot be used.
    pub fn find(&self, key: &EndorsementKey, at: UnixTime) -> Result<Arc<CachedEndorsement>, FindError> {
        match key {
            EndorsementKey::Collateral(family) => {
                // Before anything is chosen: a load in the meantime makes it outdated at once.
                let loads = self.lists.loads();
                let is_current = |chosen: &Chosen| chosen.is_current(loads, at);
                let chosen = self.collateral.find(family, is_current, || self.choose(family, loads, at))?;
                Ok(chosen.cached)
            }
        }
    }

    /// Returns the evaluation data numbers of the collateral for evidence of that kind that is valid at `at`, each with the newest date
    /// of a TCB level. Signatures are not verified for it.
    pub fn evaluation_data_numbers(&self, kind: Kind, at: UnixTime) -> BTreeMap<u32, UnixTime> {
        self.set().map(|set| set.evaluation_data_numbers(kind.tee(), at)).unwrap_or_default()
    }

    fn set(&self) -> Option<&CollateralSet> {
        self.loaded.as_ref().map(|loaded| &*loaded.set)
    }

    /// Chooses the pieces for a family, with the newest revocation lists there are, and verifies them.
    fn choose(&self, family: &PlatformFamily, loads: u64, at: UnixTime) -> Result<Chosen, FindError> {
        let set = self.set().ok_or(FindError::NotConfigured)?;
        let mut choice = set.choose(family, at)?;
        let [pck_crl, root_crl] = self.lists.newest(family, at);
        for (list, chosen) in [(pck_crl, &mut choice.collateral.pck_crl), (root_crl, &mut choice.collateral.root_crl)] {
            if let Some(list) = list.filter(|list| list != chosen) {
                tracing::info!(
                    collateral.issuer = list.issuer_text(),
                    "a newer revocation list than this collateral has is used"
                );
                *chosen = list;
            }
        }
        let endorsement = self.anchors.verify_collateral(choice.collateral, at)?;
        let Endorsement::Collateral(collateral) = &endorsement;
        let verified = collateral.verified();
        self.lists.keep(family, [verified.pck_crl(), verified.root_crl()]);
        for taken in &choice.taken {
            tracing::info!(
                collateral.piece = %taken.piece,
                collateral.source = taken.source,
                collateral.until = %taken.validity.until,
                quote.fmspc = %family.fmspc(),
                "collateral verified"
            );
        }
        let until = self.lists.next_beginning(at);
        Ok(Chosen { cached: Arc::new(CachedEndorsement::new(endorsement)), loads, until })
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("collateral", &self.collateral).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use dcap::{Quote, Tee};
    use simulator::{Blueprint, EnclaveReport, Link};

    use super::*;

    #[test]
    fn what_was_chosen_before_a_load_does_not_replace_what_was_chosen_after_it() {
        let at = UnixTime::from_seconds(1_790_000_000);
        let blueprint = Blueprint::new(at).unwrap();
        let issued = blueprint.issue().unwrap();
        let directory = tempfile::tempdir().unwrap();
        issued.collateral().unwrap().write_to(directory.path()).unwrap();
        let enclave = EnclaveReport {
            mr_enclave: [1; 32],
            mr_signer: [2; 32],
            isv_prod_id: 1,
            isv_svn: 1,
            debug: false,
            report_data: [0; 64],
        };
        let quote = issued.quote(&enclave.on(blueprint.cpu_svn())).unwrap();
        let root = issued.chain(&[Link::Root], blueprint.chain_style);
        let anchors = Anchors::from_pem(Some(&root)).unwrap();
        let pck = anchors.quotes().prove(&Quote::parse(&quote).unwrap(), None, at).unwrap();
        let (family, source) = (pck.family(Tee::Sgx), Source::Path(directory.path().to_owned()));
        let snapshot = Snapshot::load(&source, anchors, &Arc::default()).unwrap();
        let choose = |loads| snapshot.choose(&family, loads, at).unwrap();
        let (before, after) = (choose(1), choose(2));
        snapshot.collateral.keep(&family, &after);
        snapshot.collateral.keep(&family, &before);
        assert_eq!(snapshot.collateral.get(&family).unwrap().loads, 2);
        // Of the same load, the last is kept: time has moved on.
        let again = choose(2);
        snapshot.collateral.keep(&family, &again);
        assert!(Arc::ptr_eq(&snapshot.collateral.get(&family).unwrap().cached, &again.cached));
    }
}
