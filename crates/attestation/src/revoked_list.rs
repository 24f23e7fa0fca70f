//! The revoked tokens of one provider, in the memory of a replica.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use store::{RevokedBy, RevokedToken};
use unix_time::UnixTime;

/// The revoked tokens of one provider. A revocation adds to the list and copies nothing, so that a list can be filled in a time
/// that is linear in its length. Attestation does not read it.
#[derive(Debug)]
pub(crate) struct RevokedList(RwLock<Tokens>);

#[derive(Debug, Default)]
struct Tokens {
    by_id: HashMap<Arc<str>, RevokedBy>,
    /// In the order in which they expire.
    by_expiry: BTreeSet<(i64, Arc<str>)>,
    by_bearers: usize,
    /// The number of the last revocation that is in it.
    number: i64,
}

impl RevokedList {
    /// Of those that the store has up to the revocation of that number.
    pub(crate) fn new(tokens: &[RevokedToken], number: i64) -> Self {
        let list = Self(RwLock::default());
        list.extend(tokens, number);
        list
    }

    /// Adds those that the store has after [`Self::number`], up to the revocation of that number.
    pub(crate) fn extend(&self, tokens: &[RevokedToken], number: i64) {
        let mut list = self.write();
        for token in tokens {
            let id: Arc<str> = Arc::from(token.jti.as_str());
            if list.by_id.insert(Arc::clone(&id), token.by).is_none() {
                list.by_expiry.insert((token.expires_at, id));
                list.by_bearers = list.by_bearers.saturating_add(usize::from(token.by == RevokedBy::Bearer));
            }
        }
        list.number = list.number.max(number);
    }

    /// The number of the last revocation that is in it.
    pub(crate) fn number(&self) -> i64 {
        self.read().number
    }

    /// Whether the token of that id is on it.
    pub(crate) fn contains(&self, jti: &str) -> bool {
        self.read().by_id.contains_key(jti)
    }

    /// How many unexpired ones that kind of caller revoked. Those that have expired are forgotten.
    pub(crate) fn count(&self, by: RevokedBy, now: UnixTime) -> usize {
        let mut list = self.write();
        list.forget_expired(now);
        match by {
            RevokedBy::Bearer => list.by_bearers,
            RevokedBy::Contributor => list.by_id.len().saturating_sub(list.by_bearers),
        }
    }

    /// The ids of those that have not expired.
    pub(crate) fn unexpired(&self, now: UnixTime) -> Vec<String> {
        let list = self.read();
        let unexpired = list.by_expiry.iter().rev().take_while(|(expires_at, _)| now.seconds() < *expires_at);
        unexpired.map(|(_, id)| id.to_string()).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Tokens> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tokens> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tokens {
    fn forget_expired(&mut self, now: UnixTime) {
        while self.by_expiry.first().is_some_and(|(expires_at, _)| *expires_at <= now.seconds()) {
            let Some((_, id)) = self.by_expiry.pop_first() else { return };
            if self.by_id.remove(&id) == Some(RevokedBy::Bearer) {
                self.by_bearers = self.by_bearers.saturating_sub(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: i64, expires_at: i64, by: RevokedBy) -> RevokedToken {
        RevokedToken { provider: "one".to_owned(), jti: format!("{number:064x}"), expires_at, by }
    }

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    #[test]
    fn expired_tokens_take_no_room_and_are_not_listed() {
        let (bearer, contributor) = (RevokedBy::Bearer, RevokedBy::Contributor);
        let list = RevokedList::new(&[token(1, 10, bearer), token(2, 20, bearer), token(3, 10, contributor)], 5);
        list.extend(&[token(3, 10, contributor), token(4, 30, contributor)], 6);
        assert_eq!((list.number(), list.contains(&format!("{:064x}", 4))), (6, true));
        assert_eq!((list.count(bearer, at(9)), list.count(contributor, at(9))), (2, 2));
        assert_eq!(list.unexpired(at(10)).len(), 2);
        assert_eq!((list.count(bearer, at(10)), list.count(contributor, at(10))), (1, 1));
        assert!(!list.contains(&format!("{:064x}", 3)));
        assert_eq!((list.count(bearer, at(30)), list.count(contributor, at(30))), (0, 0));
        assert_eq!(list.unexpired(at(30)), [""; 0]);
    }
}
