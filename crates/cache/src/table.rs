//! The core of the cache, the same for every kind of endorsement: what is verified, by its key.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A kind of endorsement.
pub(crate) trait EndorsementKind {
    /// What endorsements of this kind are about.
    type Key: Clone + Eq + Hash;
    /// An endorsement of this kind, verified. Clones share it.
    type Verified: Clone;

    /// Returns whether `new` replaces `old`, which is about the same.
    fn supersedes(new: &Self::Verified, old: &Self::Verified) -> bool;
}

/// Verified endorsements of one kind: one for each key, and never one that another supersedes.
///
/// It does not bound the number of keys. Its owner keeps only what verified, which bounds them by what the sources have.
pub(crate) struct Table<K: EndorsementKind> {
    entries: Mutex<HashMap<K::Key, K::Verified>>,
}

impl<K: EndorsementKind> Table<K> {
    /// Returns what is kept for that key.
    pub(crate) fn get(&self, key: &K::Key) -> Option<K::Verified> {
        self.lock().get(key).cloned()
    }

    /// Returns what is kept for that key if it is current. Otherwise verifies another one and keeps it.
    ///
    /// # Errors
    /// Those of `verify`. Nothing is kept then, and what was kept stays.
    pub(crate) fn find<E>(
        &self,
        key: &K::Key,
        is_current: impl FnOnce(&K::Verified) -> bool,
        verify: impl FnOnce() -> Result<K::Verified, E>,
    ) -> Result<K::Verified, E> {
        if let Some(known) = self.get(key).filter(is_current) {
            return Ok(known);
        }
        // Not under the lock: other keys are found meanwhile.
        let verified = verify()?;
        self.keep(key, &verified);
        Ok(verified)
    }

    /// Keeps a verified endorsement, unless what is kept already is not superseded by it.
    pub(crate) fn keep(&self, key: &K::Key, new: &K::Verified) {
        let mut entries = self.lock();
        match entries.get_mut(key) {
            Some(old) if K::supersedes(new, old) => *old = new.clone(),
            Some(_) => {}
            None => drop(entries.insert(key.clone(), new.clone())),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K::Key, K::Verified>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: EndorsementKind> Default for Table<K> {
    fn default() -> Self {
        Self { entries: Mutex::default() }
    }
}

impl<K: EndorsementKind> fmt::Debug for Table<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("entries", &self.lock().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers by a letter; the higher number is the newer one.
    struct Numbers;

    impl EndorsementKind for Numbers {
        type Key = char;
        type Verified = u32;

        fn supersedes(new: &u32, old: &u32) -> bool {
            new > old
        }
    }

    fn find(
        table: &Table<Numbers>,
        key: char,
        minimum: u32,
        verified: Result<u32, &'static str>,
    ) -> Result<u32, String> {
        table.find(&key, |known| *known >= minimum, || verified).map_err(str::to_owned)
    }

    #[test]
    fn what_is_current_is_not_verified_again() {
        let table = Table::<Numbers>::default();
        assert_eq!(find(&table, 'a', 0, Ok(1)), Ok(1));
        assert_eq!(find(&table, 'a', 0, Err("verified again")), Ok(1));
        assert_eq!(find(&table, 'b', 0, Ok(7)), Ok(7), "keys are independent");
        assert_eq!(find(&table, 'a', 2, Ok(3)), Ok(3));
        assert_eq!(table.get(&'a'), Some(3));
    }

    #[test]
    fn a_failure_is_not_kept_and_replaces_nothing() {
        let table = Table::<Numbers>::default();
        assert_eq!(find(&table, 'a', 0, Err("damaged")), Err("damaged".to_owned()));
        assert_eq!(table.get(&'a'), None);
        table.keep(&'a', &1);
        assert_eq!(find(&table, 'a', 2, Err("damaged")), Err("damaged".to_owned()));
        assert_eq!(table.get(&'a'), Some(1));
    }

    #[test]
    fn what_does_not_supersede_replaces_nothing() {
        let table = Table::<Numbers>::default();
        table.keep(&'a', &5);
        table.keep(&'a', &4);
        assert_eq!(table.get(&'a'), Some(5));
        // The caller gets what it verified: what is kept may not be current for it.
        assert_eq!(find(&table, 'a', 6, Ok(3)), Ok(3));
        assert_eq!(table.get(&'a'), Some(5));
        table.keep(&'a', &6);
        assert_eq!(table.get(&'a'), Some(6));
    }
}
