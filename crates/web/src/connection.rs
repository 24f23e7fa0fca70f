//! One connection: who it is from, what it holds, and what it is doing.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::exchanges::Exchanges;
use crate::limits::Limits;
use crate::memory::{Account, Charge, Exhausted, Pool};
use crate::place::{PeerShare, Place};
use crate::writes::Writes;

/// A connection that was admitted. Requests carry it as an extension; its place is free when the last copy is dropped.
#[derive(Clone, Debug)]
pub struct Connection(Arc<State>);

#[derive(Debug)]
struct State {
    peer: SocketAddr,
    bodies: Arc<Account>,
    answers: Arc<Account>,
    exchanges: Exchanges,
    writes: Writes,
    place: Place,
}

impl Connection {
    pub(crate) fn new(peer: SocketAddr, place: Place) -> Self {
        let (bodies, answers) = (&place.limits().bodies, &place.limits().answers);
        let account = |reserve, per_connection, peer: fn(&PeerShare) -> &Arc<Pool>, service| {
            let (reserve, connection) = (Pool::new(reserve), Pool::new(per_connection));
            Arc::new(Account { reserve, connection, peer: Arc::clone(peer(&place.peer)), service })
        };
        let bodies = account(bodies.reserve, bodies.per_connection, |peer| &peer.bodies, place.bodies());
        let answers = account(answers.reserve, answers.per_connection, |peer| &peer.answers, place.answers());
        Self(Arc::new(State { peer, bodies, answers, exchanges: Exchanges::new(), writes: Writes::new(), place }))
    }

    /// The address at the other end.
    pub fn peer(&self) -> SocketAddr {
        self.0.peer
    }

    /// The limits that it is under.
    pub fn limits(&self) -> &Limits {
        self.0.place.limits()
    }

    pub(crate) fn exchanges(&self) -> &Exchanges {
        &self.0.exchanges
    }

    pub(crate) fn writes(&self) -> &Writes {
        &self.0.writes
    }

    /// An empty charge for a request body.
    pub(crate) fn body_charge(&self) -> Held {
        Held { charge: Charge::new(Arc::clone(&self.0.bodies)), _connection: self.clone() }
    }

    /// An empty charge for an answer.
    pub(crate) fn answer_charge(&self) -> Held {
        Held { charge: Charge::new(Arc::clone(&self.0.answers)), _connection: self.clone() }
    }
}

/// Memory that is charged to a connection, whose place stays taken until this is dropped: the reserves of all places together are
/// bounded only if each belongs to a place.
#[derive(Debug)]
pub(crate) struct Held {
    charge: Charge,
    _connection: Connection,
}

impl Held {
    /// Charges as much as makes that many bytes together.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.charge.grow_to(bytes)
    }
}
