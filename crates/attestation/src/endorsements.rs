//! What evidence is judged by: a root and the collateral under it. Providers of one root and one source share it, with all that
//! is remembered of platforms seen before.

use problem::Problem;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;
use collateral::LoadError;
use evidence::{Anchors, AnchorsError};

use crate::keeper::Keeper;
use crate::newest_lists::NewestLists;

/// A root, and where collateral lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    /// The one root, in PEM; none is Intel's.
    pub(crate) root_pem: Option<String>,
    /// File or directory; none is no collateral.
    pub(crate) collateral: Option<PathBuf>,
}

/// Why there is nothing to judge evidence by.
#[derive(Debug, thiserror::Error)]
pub enum EndorsementsError {
    /// The root cannot be trusted.
    #[error(transparent)]
    Root(#[from] AnchorsError),
    /// Collateral cannot be loaded.
    #[error("collateral cannot be loaded")]
    Collateral(#[from] LoadError),
}

impl Problem for EndorsementsError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Root(error) => error.code(),
            Self::Collateral(_) => "collateral_unusable".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Root(error) => error.help(),
            Self::Collateral(error) => error.help(),
        }
    }
}

/// A root with the collateral under it.
pub(crate) struct Endorsements {
    pub(crate) anchors: Anchors,
    collateral: Option<PathBuf>,
    keeper: ArcSwap<Keeper>,
    lists: Arc<NewestLists>,
}

impl Endorsements {
    fn load(source: &Source, lists: &Arc<NewestLists>) -> Result<Self, EndorsementsError> {
        Ok(Self {
            anchors: Anchors::from_pem(source.root_pem.as_deref())?,
            collateral: source.collateral.clone(),
            keeper: ArcSwap::from_pointee(Keeper::load(source.collateral.as_deref(), lists)?),
            lists: Arc::clone(lists),
        })
    }

    /// The generation of collateral that is in use.
    pub(crate) fn collateral(&self) -> Arc<Keeper> {
        self.keeper.load_full()
    }

    /// Loads collateral anew where its files have changed; what is in use stays in use until that succeeded.
    fn refresh(&self) -> Result<bool, LoadError> {
        let Some(path) = self.collateral.as_deref() else { return Ok(false) };
        if !self.keeper.load().is_stale(path) {
            return Ok(false);
        }
        self.keeper.store(Arc::new(Keeper::load(Some(path), &self.lists)?));
        Ok(true)
    }
}

/// Names the root in PEM, or Intel's, see [`Anchors::root_sha256`].
pub(crate) fn root_sha256(root_pem: Option<&str>) -> Result<[u8; 32], EndorsementsError> {
    Ok(*Anchors::from_pem(root_pem)?.root_sha256())
}

/// Those in use, by source; they go with the last provider that uses them. The newest revocation lists stay.
#[derive(Default)]
pub(crate) struct Shelf {
    known: Mutex<HashMap<Source, Weak<Endorsements>>>,
    lists: Arc<NewestLists>,
}

impl Shelf {
    /// Those of that source, loaded once.
    pub(crate) fn get(&self, source: &Source) -> Result<Arc<Endorsements>, EndorsementsError> {
        let mut shelf = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shelf.get(source).and_then(Weak::upgrade) {
            return Ok(known);
        }
        let loaded = Arc::new(Endorsements::load(source, &self.lists)?);
        shelf.retain(|_, known| known.strong_count() > 0);
        shelf.insert(source.clone(), Arc::downgrade(&loaded));
        Ok(loaded)
    }

    /// Loads anew what has changed on disk: for each source whether it has, or why it could not be loaded.
    pub(crate) fn refresh(&self) -> Vec<(PathBuf, Result<bool, LoadError>)> {
        let known: Vec<_> = {
            let shelf = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            shelf.values().filter_map(Weak::upgrade).collect()
        };
        let path = |endorsements: &Endorsements| endorsements.collateral.clone().unwrap_or_default();
        known.iter().map(|endorsements| (path(endorsements), endorsements.refresh())).collect()
    }
}
