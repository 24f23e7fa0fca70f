//! How far the requests of one connection have come.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// The exchanges of a connection, oldest first: there are never more than it may have requests at once.
#[derive(Debug)]
pub(crate) struct Exchanges(Mutex<Open>);

#[derive(Debug)]
pub(crate) struct Open {
    next: u64,
    exchanges: VecDeque<(u64, Phase)>,
    /// When the last exchange ended, or the connection began.
    pub(crate) quiet_since: Instant,
}

/// How far an exchange has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The request came then and has no answer yet.
    Handling(Instant),
    /// The answer was made then and is not written yet.
    Delivering(Instant),
}

impl Exchanges {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Open { next: 0, exchanges: VecDeque::new(), quiet_since: Instant::now() }))
    }

    pub(crate) fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    pub(crate) fn phases(&self) -> impl Iterator<Item = Phase> {
        self.exchanges.iter().map(|(_, phase)| *phase)
    }

    /// A request has come. Returns the id of its exchange.
    pub(crate) fn begin(&mut self) -> u64 {
        let id = self.next;
        self.next = id.wrapping_add(1);
        self.exchanges.push_back((id, Phase::Handling(Instant::now())));
        id
    }

    /// That exchange has an answer.
    pub(crate) fn answered(&mut self, id: u64) {
        let found = self.find(id).and_then(|at| self.exchanges.get_mut(at));
        if let Some((_, phase)) = found {
            *phase = Phase::Delivering(Instant::now());
        }
    }

    /// That exchange has ended.
    pub(crate) fn end(&mut self, id: u64) {
        if let Some(at) = self.find(id) {
            self.exchanges.remove(at);
        }
        self.quiet_since = Instant::now();
    }

    fn find(&self, id: u64) -> Option<usize> {
        self.exchanges.iter().position(|(other, _)| *other == id)
    }
}
