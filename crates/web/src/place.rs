//! Places of connections: so many together, and so many for one peer.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use problem::Problem;

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

/// All places of a listener, and what each peer holds.
#[derive(Debug)]
pub(crate) struct Places {
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
    places: Arc<Places>,
    pub(crate) peer: Arc<PeerShare>,
}

impl Places {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            connections: Pool::new(limits.connections),
            bodies: Arc::new(Pool::new(limits.bodies.shared)),
            answers: Arc::new(Pool::new(limits.answers.shared)),
            peers: Mutex::default(),
            limits,
        }
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes a place for a connection from that address.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Result<Place, Refused> {
        let peer = self.peer(Peer::of(address));
        if !peer.connections.take(1) {
            return Err(Refused::PeerFull(peer.connections.limit()));
        }
        if !self.connections.take(1) {
            peer.connections.give_back(1);
            return Err(Refused::Full(self.connections.limit()));
        }
        Ok(Place { places: Arc::clone(self), peer })
    }

    fn peer(&self, key: Peer) -> Arc<PeerShare> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = peers.get(&key).and_then(Weak::upgrade) {
            return known;
        }
        // Entries of peers that are gone are removed before they outnumber the connections.
        if peers.len() >= self.limits.connections {
            peers.retain(|_, peer| peer.strong_count() > 0);
        }
        let limits = &self.limits;
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
        self.places.limits()
    }

    pub(crate) fn bodies(&self) -> Arc<Pool> {
        Arc::clone(&self.places.bodies)
    }

    pub(crate) fn answers(&self) -> Arc<Pool> {
        Arc::clone(&self.places.answers)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.peer.connections.give_back(1);
        self.places.connections.give_back(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_that_are_gone_are_forgotten() {
        let places = Arc::new(Places::new(Limits { connections: 4, ..Limits::default() }));
        for n in 0..100 {
            places.take(IpAddr::from([192, 0, 2, n])).unwrap();
        }
        assert!(places.peers.lock().unwrap().len() <= 4);
    }
}
