//! Admission of connections: so many together, and so many from one peer.

use std::borrow::Cow;

use problem::Problem;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::connection::Connection;
use crate::limits::Limits;
use crate::memory::Pool;
use crate::peer::Peer;

/// Why a connection is closed before anything is read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There are as many connections as there may be.
    #[error("{0} connections are open, which is the limit")]
    Full(usize),
    /// The peer has as many as one peer may have.
    #[error("the peer has {0} connections open, which is the limit for one peer")]
    PeerFull(usize),
}

impl Problem for Refused {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Full(_) => "too_many_connections",
            Self::PeerFull(_) => "too_many_connections_of_peer",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        "try again in a moment".into()
    }
}

/// Admits connections, and knows what each peer holds.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: Limits,
    connections: Pool,
    bodies: Arc<Pool>,
    answers: Arc<Pool>,
    peers: Mutex<HashMap<Peer, Weak<PeerShare>>>,
}

/// What one peer holds. It lives as long as anything that is charged to it.
#[derive(Debug)]
pub(crate) struct PeerShare {
    connections: Pool,
    pub(crate) bodies: Arc<Pool>,
    pub(crate) answers: Arc<Pool>,
}

/// The place of one connection, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    gate: Gate,
    pub(crate) peer: Arc<PeerShare>,
}

impl Gate {
    /// A gate with these limits.
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Inner {
            connections: Pool::new(limits.connections),
            bodies: Arc::new(Pool::new(limits.bodies.shared)),
            answers: Arc::new(Pool::new(limits.answers.shared)),
            peers: Mutex::default(),
            limits,
        }))
    }

    /// The limits of this gate.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Admits a connection from that address.
    ///
    /// # Errors
    ///
    /// [`Refused`] if all places, or all places of that peer, are taken.
    pub fn admit(&self, address: SocketAddr) -> Result<Connection, Refused> {
        let peer = self.peer(Peer::of(address.ip()));
        if !peer.connections.take(1) {
            return Err(Refused::PeerFull(peer.connections.limit()));
        }
        if !self.0.connections.take(1) {
            peer.connections.give_back(1);
            return Err(Refused::Full(self.0.connections.limit()));
        }
        Ok(Connection::new(address, Place { gate: self.clone(), peer }))
    }

    fn peer(&self, key: Peer) -> Arc<PeerShare> {
        let mut peers = self.0.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = peers.get(&key).and_then(Weak::upgrade) {
            return known;
        }
        // Entries of peers that are gone are removed before they outnumber the connections.
        if peers.len() >= self.0.limits.connections {
            peers.retain(|_, peer| peer.strong_count() > 0);
        }
        let limits = &self.0.limits;
        let (bodies, answers) = (&limits.bodies, &limits.answers);
        let share = Arc::new(PeerShare {
            connections: Pool::new(limits.connections_per_peer),
            bodies: Arc::new(Pool::new(limits.peer_share(bodies.shared, bodies.per_connection))),
            answers: Arc::new(Pool::new(limits.peer_share(answers.shared, answers.per_connection))),
        });
        peers.insert(key, Arc::downgrade(&share));
        share
    }
}

impl Place {
    pub(crate) fn limits(&self) -> &Limits {
        &self.gate.0.limits
    }

    pub(crate) fn bodies(&self) -> Arc<Pool> {
        Arc::clone(&self.gate.0.bodies)
    }

    pub(crate) fn answers(&self) -> Arc<Pool> {
        Arc::clone(&self.gate.0.answers)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.peer.connections.give_back(1);
        self.gate.0.connections.give_back(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        SocketAddr::new(text.parse().unwrap(), 1)
    }

    #[test]
    fn one_peer_that_takes_all_its_connections_leaves_those_of_others() {
        let gate = Gate::new(Limits { connections: 4, connections_per_peer: 3, ..Limits::default() });
        let held: Vec<_> = (1..=3).map(|n| gate.admit(address(&format!("2001:db8::{n}"))).unwrap()).collect();
        assert_eq!(gate.admit(address("2001:db8::4")).unwrap_err(), Refused::PeerFull(3));
        let other = gate.admit(address("192.0.2.1")).unwrap();
        assert_eq!(gate.admit(address("192.0.2.2")).unwrap_err(), Refused::Full(4));
        drop(held);
        gate.admit(address("2001:db8::4")).unwrap();
        gate.admit(address("192.0.2.1")).unwrap();
        drop(other);
    }

    #[test]
    fn peers_that_are_gone_are_forgotten() {
        let gate = Gate::new(Limits { connections: 4, ..Limits::default() });
        for n in 0..100 {
            gate.admit(address(&format!("192.0.2.{n}"))).unwrap();
        }
        assert!(gate.0.peers.lock().unwrap().len() <= 4);
    }
}
