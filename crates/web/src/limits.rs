//! The limits of a listener. docs/limits.md lists them with their effects.

use std::time::Duration;

/// Limits on connections and on what they hold.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once. The default is half of the 1,024 files that a process may usually have open.
    pub connections: usize,
    /// Connections at once from one peer: an IPv4 address, or the /64 network of an IPv6 address.
    pub connections_per_peer: usize,
    /// Time for the TLS handshake.
    pub handshake: Duration,
    /// Time for the header of a request: from its first byte, over HTTP/1.1 after an answer from the end of that answer.
    pub header: Duration,
    /// Bytes of the header of a request.
    pub header_bytes: u32,
    /// Fields of the header of a request.
    pub header_fields: usize,
    /// Time that a connection may stay open without a request.
    pub idle: Duration,
    /// Age after which a connection takes no more requests.
    pub age: Duration,
    /// Time from the header of a request to its answer.
    pub handling: Duration,
    /// Time from an answer to its last byte, which the operating system must have taken by then.
    pub delivery: Duration,
    /// Time that written bytes may wait while the client takes none of them.
    pub write_stall: Duration,
    /// Time that requests under way have to finish once a connection takes no more of them.
    pub drain: Duration,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// Limits on request bodies.
    pub bodies: BodyLimits,
    /// Limits on answers that wait to be written.
    pub answers: AnswerLimits,
}

/// Limits on request bodies.
///
/// Each connection has memory of its own for small bodies, which nobody else can take. Bodies larger than that share the rest.
/// The headers of requests that are being handled count as small bodies.
#[derive(Clone, Debug)]
pub struct BodyLimits {
    /// Bytes that every connection can hold, whatever others hold.
    pub reserve: usize,
    /// Bytes that all connections can hold together beyond their reserves.
    pub shared: usize,
    /// Bytes that one connection can hold beyond its reserve.
    pub per_connection: usize,
    /// Within each such period a body must end or bring [`Self::progress`] bytes.
    pub period: Duration,
    /// Bytes that a body must bring within a [`Self::period`].
    pub progress: usize,
}

/// Limits on answers that wait to be written.
#[derive(Clone, Debug)]
pub struct AnswerLimits {
    /// Bytes that every connection can hold, whatever others hold.
    pub reserve: usize,
    /// Bytes that all connections can hold together beyond their reserves.
    pub shared: usize,
    /// Bytes that one connection can hold beyond its reserve.
    pub per_connection: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            connections_per_peer: 128,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(10),
            header_bytes: 32 << 10,
            header_fields: 100,
            idle: Duration::from_secs(60),
            age: Duration::from_secs(3600),
            handling: Duration::from_secs(60),
            delivery: Duration::from_secs(60),
            write_stall: Duration::from_secs(20),
            drain: Duration::from_secs(30),
            streams: 16,
            bodies: BodyLimits {
                reserve: 64 << 10,
                shared: 32 << 20,
                per_connection: 4 << 20,
                period: Duration::from_secs(5),
                progress: 2 << 10,
            },
            answers: AnswerLimits { reserve: 64 << 10, shared: 32 << 20, per_connection: 4 << 20 },
        }
    }
}

impl Limits {
    /// The part of shared memory that one peer can hold: the same part as of the connections, and enough for one connection.
    pub(crate) fn peer_share(&self, shared: usize, per_connection: usize) -> usize {
        let peers = self.connections.checked_div(self.connections_per_peer).unwrap_or(1).max(1);
        shared.checked_div(peers).unwrap_or(shared).max(per_connection)
    }

    /// How often each connection is compared with the limits: often enough that none is exceeded by more than a quarter.
    pub(crate) fn tick(&self) -> Duration {
        let all = [self.idle, self.age, self.handling, self.delivery, self.write_stall, self.drain];
        let shortest = all.into_iter().min().unwrap_or(self.idle);
        shortest.checked_div(4).unwrap_or(shortest).clamp(Duration::from_millis(10), Duration::from_secs(5))
    }
}
