//! Requests and answers under way on one connection.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::connection::Connection;

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

    fn find(&mut self, id: u64) -> Option<usize> {
        self.exchanges.iter().position(|(other, _)| *other == id)
    }
}

/// One request and its answer, from the header to the last byte written.
#[derive(Debug)]
pub(crate) struct Exchange {
    connection: Connection,
    id: u64,
}

impl Exchange {
    /// A request has come.
    pub(crate) fn begin(connection: &Connection) -> Self {
        let mut open = connection.exchanges().open();
        let id = open.next;
        open.next = id.wrapping_add(1);
        open.exchanges.push_back((id, Phase::Handling(Instant::now())));
        drop(open);
        Self { connection: connection.clone(), id }
    }

    /// It has an answer.
    pub(crate) fn answered(&self) {
        let mut open = self.connection.exchanges().open();
        let found = open.find(self.id).and_then(|at| open.exchanges.get_mut(at));
        if let Some((_, phase)) = found {
            *phase = Phase::Delivering(Instant::now());
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut open = self.connection.exchanges().open();
        if let Some(at) = open.find(self.id) {
            open.exchanges.remove(at);
        }
        open.quiet_since = Instant::now();
    }
}
