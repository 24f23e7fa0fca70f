//! What a verifier remembers under its roots, so that a host that it has seen costs one signature: facts that were proven, never refusals.
//!
//! A fact is remembered under SHA-256 over all that it rests on, each part with its length, so that no two facts can be
//! mistaken for each other. Facts do not age: that a key signed these bytes stays true. Whatever can change, time and
//! revocation, is checked again on every call by who uses the fact.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use aws_lc_rs::digest::{Context, SHA256};

use crate::ecdsa::{self, Point};
use crate::pck::{Issuer, ProvenPck};

/// Hosts that a verifier remembers unless it is told otherwise.
pub(crate) const HOSTS: usize = 16 << 10;

/// Intel has two PCK CAs, with a few certificates each.
const ISSUERS: usize = 64;

/// More than there are cores, so that threads seldom wait for each other.
const SHARDS: usize = 16;

type Digest = [u8; 32];

/// Proven facts, shared by threads. Bounded: what was not used for long is forgotten.
pub(crate) struct Memory {
    pcks: Facts<Arc<ProvenPck>>,
    issuers: RwLock<VecDeque<Issuer>>,
    most_issuers: usize,
    signatures: Facts<()>,
}

/// What encodes a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// r then s, 32 bytes each, big-endian.
    Raw,
    /// DER, as certificates carry it.
    Der,
}

impl Memory {
    /// Room for so many hosts, with a PCK chain and a QE report each.
    pub(crate) fn of_hosts(hosts: usize) -> Self {
        // A QE report of each host; certificate authorities are few.
        Self {
            pcks: Facts::new(hosts),
            issuers: RwLock::default(),
            most_issuers: hosts.min(ISSUERS),
            signatures: Facts::new(hosts),
        }
    }

    /// Remembers nothing.
    pub(crate) fn none() -> Self {
        Self::of_hosts(0)
    }

    /// The platform of that leaf, base64, where it was proven under that issuer.
    pub(crate) fn pck(&self, issuer: &Digest, leaf: &str) -> Remembered<'_, Arc<ProvenPck>> {
        self.pcks.recall(|| fact(b"PCK leaf", &[issuer, leaf.as_bytes()]))
    }

    /// The CA and root in PEM that follow a leaf, where they were proven. There are few: comparing finds them soonest.
    pub(crate) fn issuer(&self, text: &str) -> Option<Issuer> {
        let issuers = self.issuers.read().unwrap_or_else(PoisonError::into_inner);
        issuers.iter().find(|issuer| issuer.text() == text).cloned()
    }

    /// Keeps a CA that was proven just now; the oldest gives way.
    pub(crate) fn keep_issuer(&self, issuer: &Issuer) {
        if self.most_issuers == 0 {
            return;
        }
        let mut issuers = self.issuers.write().unwrap_or_else(PoisonError::into_inner);
        if issuers.len() >= self.most_issuers {
            issuers.pop_front();
        }
        issuers.push_back(issuer.clone());
    }

    /// Whether `signature` is the key's over the message: remembered, or computed and then remembered.
    pub(crate) fn signed(&self, key: &Point, message: &[u8], signature: &[u8], encoding: Encoding) -> bool {
        let name: &[u8] = match encoding {
            Encoding::Raw => b"raw signature",
            Encoding::Der => b"DER signature",
        };
        let remembered = self.signatures.recall(|| fact(name, &[key, message, signature]));
        if remembered.value.is_some() {
            return true;
        }
        let is_signed = match encoding {
            Encoding::Raw => signature.try_into().is_ok_and(|raw| ecdsa::verifies_raw(key, message, raw)),
            Encoding::Der => ecdsa::verifies_der(key, message, signature),
        };
        if is_signed {
            remembered.keep(());
        }
        is_signed
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("pcks", &self.pcks.len()).field("signatures", &self.signatures.len()).finish()
    }
}

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
struct Facts<V> {
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
    fn new(facts: usize) -> Self {
        let shards = if facts == 0 { 0 } else { SHARDS };
        let generations = || Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() });
        Self { shards: std::iter::repeat_with(generations).take(shards).collect(), capacity: facts.div_ceil(SHARDS) }
    }

    fn recall(&self, place: impl FnOnce() -> Digest) -> Remembered<'_, V> {
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

    fn len(&self) -> usize {
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

    #[test]
    fn a_signature_that_does_not_verify_is_not_remembered() {
        let key = simulator::EcdsaKey::generate().unwrap();
        let point: Point = key.point().try_into().unwrap();
        let signature = key.sign(b"message").unwrap();
        let memory = Memory::of_hosts(16);
        for _ in 0..2 {
            assert!(!memory.signed(&point, b"massage", &signature, Encoding::Raw));
            assert!(!memory.signed(&point, b"message", &signature, Encoding::Der));
        }
        assert_eq!(memory.signatures.len(), 0);
        for _ in 0..2 {
            assert!(memory.signed(&point, b"message", &signature, Encoding::Raw));
        }
        assert_eq!(memory.signatures.len(), 1);
        // A remembered signature vouches for nothing else.
        assert!(!memory.signed(&point, b"massage", &signature, Encoding::Raw));
        assert!(!memory.signed(&point, b"message", &signature, Encoding::Der));
        assert!(!memory.signed(&point, b"message", &signature[..63], Encoding::Raw));
    }
}
