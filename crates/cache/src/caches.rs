//! The caches in use, shared by root and source.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;
use collateral::LoadError;
use evidence::Anchors;

use crate::error::CacheError;
use crate::lists::RevocationLists;
use crate::snapshot::Snapshot;
use crate::source::Source;

/// The caches in use. Each goes with its last user; the newest revocation lists stay.
#[derive(Debug, Default)]
pub struct Caches {
    known: Mutex<HashMap<Id, Weak<EndorsementCache>>>,
    lists: Arc<RevocationLists>,
}

/// The root in PEM, or none for Intel's; and the source.
type Id = (Option<String>, Source);

impl Caches {
    /// Returns the cache of that root (one certificate in PEM, or Intel's root) and that source. It is loaded if nobody uses it yet.
    ///
    /// It reads files: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`CacheError`], if the root cannot be read or the source cannot be loaded.
    pub fn open(&self, root_pem: Option<&str>, source: Source) -> Result<Arc<EndorsementCache>, CacheError> {
        let id = (root_pem.map(str::to_owned), source);
        // Locked while it loads, so that each is loaded once.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cache) = known.get(&id).and_then(Weak::upgrade) {
            return Ok(cache);
        }
        let cache = Arc::new(EndorsementCache::load(root_pem, id.1.clone(), &self.lists)?);
        known.retain(|_, cache| cache.strong_count() > 0);
        known.insert(id, Arc::downgrade(&cache));
        Ok(cache)
    }

    /// Loads every source that has changed again, and returns for each whether it has, or why it could not be loaded. What is in use
    /// stays in use until its replacement is loaded. The log says which sources were loaded or could not be.
    ///
    /// It reads files: call it where blocking is allowed.
    pub fn refresh(&self) -> Vec<(Source, Result<bool, CacheError>)> {
        let known: Vec<_> = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.values().filter_map(Weak::upgrade).collect()
        };
        known.iter().map(|cache| (cache.source.clone(), cache.refresh())).collect()
    }
}

/// The endorsements of one source, verified under one root, with a bounded cache of the platforms that were proven under it.
#[derive(Debug)]
pub struct EndorsementCache {
    anchors: Anchors,
    source: Source,
    snapshot: ArcSwap<Snapshot>,
    lists: Arc<RevocationLists>,
    /// Held during a refresh, so that a slow one does not replace the snapshot of a later one.
    refreshing: Mutex<()>,
}

impl EndorsementCache {
    fn load(root_pem: Option<&str>, source: Source, lists: &Arc<RevocationLists>) -> Result<Self, CacheError> {
        let anchors = Anchors::from_pem(root_pem)?;
        let snapshot = ArcSwap::from_pointee(Snapshot::load(&source, anchors.clone(), lists)?);
        Ok(Self { anchors, source, snapshot, lists: Arc::clone(lists), refreshing: Mutex::default() })
    }

    /// Returns the root that evidence has to lead to, and the endorsements too.
    pub const fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// Returns the snapshot in use.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Loads the source again if it has changed.
    fn refresh(&self) -> Result<bool, CacheError> {
        let _one_at_a_time = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.snapshot.load().is_stale(&self.source) {
            return Ok(false);
        }
        let loaded = Snapshot::load(&self.source, self.anchors.clone(), &self.lists);
        self.log(loaded.as_ref().map(drop));
        self.snapshot.store(Arc::new(loaded?));
        Ok(true)
    }

    fn log(&self, loaded: Result<(), &LoadError>) {
        let Source::Path(path) = &self.source else { return };
        match loaded {
            Ok(()) => tracing::info!(collateral = %path.display(), "collateral loaded again"),
            Err(error) => tracing::warn!(
                collateral = %path.display(),
                error = problem::chain(error),
                "changed collateral cannot be loaded; the old one stays in use"
            ),
        }
    }
}
