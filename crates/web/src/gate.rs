//! Admission of connections.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::connection::Connection;
use crate::limits::Limits;
use crate::place::{Places, Refused};

/// Admits connections, and knows what each peer holds.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Places>);

impl Gate {
    /// A gate with these limits.
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Places::new(limits)))
    }

    /// The limits of this gate.
    pub fn limits(&self) -> &Limits {
        self.0.limits()
    }

    /// Admits a connection from that address.
    ///
    /// # Errors
    ///
    /// [`Refused`] if all places, or all places of that peer, are taken.
    pub fn admit(&self, address: SocketAddr) -> Result<Connection, Refused> {
        Ok(Connection::new(address, self.0.take(address.ip())?))
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
}
