//! Facts that were proven, never refusals, shared by threads and bounded.
//!
//! A fact is remembered under SHA-256 over all that it rests on, each part with its length, so that no two facts can be
//! mistaken for each other. Facts do not age: that a key signed these bytes stays true. Whatever can change, time and
//! revocation, is checked again on every call by who uses the fact.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};

use crate::pki::ecdsa;

/// More than there are cores, so that threads seldom wait for each other.
const SHARDS: usize = 16;

/// Names a fact.
pub(crate) type Digest = [u8; 32];

/// A fact's place in memory, and the fact if it is there.
pub(crate) struct Remembered<'m, V> {
    facts: &'m Facts<V>,
    place: Option<Digest>,
    pub(crate) value: Option<V>,
}

impl<V: Clone> Remembered<'_, V> {
    /// Keeps a fact that was proven just now.
    pub(crate) fn keep(self, value: V) {
        if let Some(place) = self.place {
            self.facts.keep(place, value);
        }
    }
}

pub(crate) fn fact(kind: &[u8], parts: &[&[u8]]) -> Digest {
    let mut hash = Context::new(&SHA256);
    for part in [b"veritee fact", kind].iter().chain(parts) {
        hash.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part);
    }
    ecdsa::finish(hash)
}

/// Facts of one kind. Each shard has a young and an old generation: a fact that is used moves to the young one, and when
/// that is full it becomes the old one and the old one is forgotten.
pub(crate) struct Facts<V> {
    shards: Vec<Mutex<Generations<V>>>,
    /// Of one generation of one shard.
    capacity: usize,
}

struct Generations<V> {
    young: HashMap<Digest, V>,
    old: HashMap<Digest, V>,
}

impl<V: Clone> Facts<V> {
    /// Room for at least so many facts, and at most for twice as many.
    pub(crate) fn new(facts: usize) -> Self {
        let shards = if facts == 0 { 0 } else { SHARDS };
        let generations = || Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() });
        Self { shards: std::iter::repeat_with(generations).take(shards).collect(), capacity: facts.div_ceil(SHARDS) }
    }

    pub(crate) fn recall(&self, place: impl FnOnce() -> Digest) -> Remembered<'_, V> {
        if self.shards.is_empty() {
            return Remembered { facts: self, place: None, value: None };
        }
        let place = place();
        let value = self.shard(&place).and_then(|mut shard| {
            if let Some(value) = shard.young.get(&place) {
                return Some(value.clone());
            }
            let value = shard.old.remove(&place)?;
            self.add(&mut shard, place, value.clone());
            Some(value)
        });
        Remembered { facts: self, place: Some(place), value }
    }

    fn keep(&self, place: Digest, value: V) {
        if let Some(mut shard) = self.shard(&place) {
            self.add(&mut shard, place, value);
        }
    }

    fn add(&self, shard: &mut Generations<V>, place: Digest, value: V) {
        if shard.young.len() >= self.capacity {
            shard.old = std::mem::take(&mut shard.young);
        }
        shard.young.insert(place, value);
    }

    fn shard(&self, place: &Digest) -> Option<MutexGuard<'_, Generations<V>>> {
        let [first, ..] = *place;
        let number = usize::from(first).checked_rem(self.shards.len())?;
        // A thread that panicked cannot have left half a fact: each is inserted whole.
        self.shards.get(number).map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn len(&self) -> usize {
        let of = |shard: &Mutex<Generations<V>>| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.young.len().saturating_add(shard.old.len())
        };
        self.shards.iter().map(of).fold(0, usize::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: usize) -> Digest {
        fact(b"test", &[&number.to_le_bytes()])
    }

    #[test]
    fn what_is_used_stays_and_what_is_not_is_forgotten() {
        let facts = Facts::new(64);
        facts.keep(place(0), 0);
        for number in 1..10_000 {
            facts.keep(place(number), number);
            assert_eq!(facts.recall(|| place(0)).value, Some(0), "after {number}");
        }
        assert!((64..=2 * 64).contains(&facts.len()), "{}", facts.len());
        assert_eq!(facts.recall(|| place(1)).value, None);
        assert_eq!(facts.recall(|| place(9_999)).value, Some(9_999));
    }

    #[test]
    fn nothing_is_remembered_without_room() {
        let facts = Facts::new(0);
        facts.recall(|| place(0)).keep(0);
        assert_eq!((facts.recall(|| place(0)).value, facts.len()), (None, 0));
    }

    #[test]
    fn facts_that_share_their_bytes_differ() {
        let facts = [
            fact(b"ab", &[b"c", b"d"]),
            fact(b"a", &[b"bc", b"d"]),
            fact(b"ab", &[b"cd"]),
            fact(b"ab", &[b"cd", b""]),
            fact(b"ab", &[b"", b"cd"]),
            fact(b"ab", &[b"c", b"d", b""]),
        ];
        for (at, one) in facts.iter().enumerate() {
            assert!(facts.iter().skip(at + 1).all(|other| one != other));
        }
    }
}
