//! Memory that connections hold: a reserve of each connection's own, and memory that they share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A bounded count of bytes, or of connections.
#[derive(Debug)]
pub(crate) struct Pool {
    limit: usize,
    used: AtomicUsize,
}

impl Pool {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0) }
    }

    pub(crate) const fn limit(&self) -> usize {
        self.limit
    }

    /// Takes so many, or none.
    pub(crate) fn take(&self, count: usize) -> bool {
        let more = |used: usize| used.checked_add(count).filter(|used| *used <= self.limit);
        self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    /// Takes as many as there are, at most that many.
    fn take_up_to(&self, count: usize) -> usize {
        let most = |used: usize| count.min(self.limit.saturating_sub(used));
        let taken = self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| used.checked_add(most(used)));
        taken.map_or(0, most)
    }

    pub(crate) fn give_back(&self, count: usize) {
        let _ = self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| Some(used.saturating_sub(count)));
    }
}

/// Whose share of the memory is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// That of the connection.
    Connection,
    /// That of the peer: all connections from one address.
    Peer,
    /// All of it.
    Service,
}

/// What one connection can hold of one kind of memory.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) reserve: Pool,
    pub(crate) connection: Pool,
    pub(crate) peer: Arc<Pool>,
    pub(crate) service: Arc<Pool>,
}

impl Account {
    /// Takes shared memory from all that bound it, or from none.
    fn take_shared(&self, count: usize) -> Result<(), Exhausted> {
        if !self.connection.take(count) {
            return Err(Exhausted::Connection);
        }
        if !self.peer.take(count) {
            self.connection.give_back(count);
            return Err(Exhausted::Peer);
        }
        if !self.service.take(count) {
            self.connection.give_back(count);
            self.peer.give_back(count);
            return Err(Exhausted::Service);
        }
        Ok(())
    }
}

/// Memory that is charged to an account until this is dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    account: Arc<Account>,
    reserved: usize,
    shared: usize,
}

impl Charge {
    pub(crate) const fn new(account: Arc<Account>) -> Self {
        Self { account, reserved: 0, shared: 0 }
    }

    /// Charges as much as makes that many bytes together. Nobody waits for memory: a request that waits would hold what others need.
    ///
    /// Only what fits into the reserve takes from it: large bodies leave the reserve to small ones on the same connection.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let more = bytes.saturating_sub(self.reserved.saturating_add(self.shared));
        if more == 0 {
            return Ok(());
        }
        if bytes > self.account.reserve.limit() {
            self.account.take_shared(bytes.saturating_sub(self.shared))?;
            self.account.reserve.give_back(std::mem::take(&mut self.reserved));
            self.shared = bytes;
            return Ok(());
        }
        let reserved = self.account.reserve.take_up_to(more);
        let shared = more.saturating_sub(reserved);
        if shared > 0
            && let Err(exhausted) = self.account.take_shared(shared)
        {
            self.account.reserve.give_back(reserved);
            return Err(exhausted);
        }
        self.reserved = self.reserved.saturating_add(reserved);
        self.shared = self.shared.saturating_add(shared);
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.account.reserve.give_back(self.reserved);
        if self.shared > 0 {
            self.account.connection.give_back(self.shared);
            self.account.peer.give_back(self.shared);
            self.account.service.give_back(self.shared);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(peer: &Arc<Pool>, service: &Arc<Pool>) -> Arc<Account> {
        let (peer, service) = (Arc::clone(peer), Arc::clone(service));
        Arc::new(Account { reserve: Pool::new(10), connection: Pool::new(100), peer, service })
    }

    fn charge(account: &Arc<Account>, bytes: usize) -> Result<Charge, Exhausted> {
        let mut charge = Charge::new(Arc::clone(account));
        charge.grow_to(bytes).map(|()| charge)
    }

    #[test]
    fn every_share_has_its_own_refusal_and_a_refusal_takes_nothing() {
        let (peer, service) = (Arc::new(Pool::new(150)), Arc::new(Pool::new(180)));
        let [one, two] = [account(&peer, &service), account(&peer, &service)];
        let other = account(&Arc::new(Pool::new(150)), &service);
        assert_eq!(charge(&one, 101).unwrap_err(), Exhausted::Connection);
        let first = charge(&one, 100).unwrap();
        assert_eq!(charge(&two, 51).unwrap_err(), Exhausted::Peer);
        let second = charge(&two, 50).unwrap();
        assert_eq!(charge(&other, 31).unwrap_err(), Exhausted::Service);
        let third = charge(&other, 30).unwrap();
        drop((first, second, third));
        for pool in [&*peer, &service, &one.reserve, &one.connection, &other.reserve] {
            assert_eq!(pool.used.load(Ordering::Acquire), 0);
        }
    }

    #[test]
    fn the_reserve_of_a_connection_is_free_whatever_others_hold() {
        let (peer, service) = (Arc::new(Pool::new(100)), Arc::new(Pool::new(100)));
        let [one, two] = [account(&peer, &service), account(&peer, &service)];
        let _all = charge(&one, 100).unwrap();
        assert_eq!(charge(&two, 11).unwrap_err(), Exhausted::Peer);
        let small = charge(&two, 10).unwrap();
        assert_eq!(charge(&two, 1).unwrap_err(), Exhausted::Peer);
        drop(small);
        charge(&two, 10).unwrap();
    }

    #[test]
    fn a_large_body_leaves_the_reserve_of_its_connection_to_small_ones() {
        let (peer, service) = (Arc::new(Pool::new(100)), Arc::new(Pool::new(100)));
        let one = account(&peer, &service);
        let mut large = charge(&one, 4).unwrap();
        assert_eq!((large.reserved, large.shared), (4, 0));
        large.grow_to(100).unwrap();
        assert_eq!((large.reserved, large.shared), (0, 100));
        assert_eq!(large.grow_to(101).unwrap_err(), Exhausted::Connection);
        let _small = charge(&one, 10).unwrap();
        assert_eq!(charge(&one, 1).unwrap_err(), Exhausted::Connection);
        drop(large);
        assert_eq!(service.used.load(Ordering::Acquire), 0);
    }
}
