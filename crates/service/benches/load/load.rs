//! Clients that send attestations over connections that stay open, and never wait in the kernel: whoever sleeps has to be woken
//! by the service, on the service's account.

use std::time::{Duration, Instant};

use crate::connection::{Answer, Connection};
use crate::fleet::{Evidence, Fleet};
use crate::service::Service;

/// Connections that a saturating client keeps busy.
const SATURATING: usize = 16;
/// Connections that a paced client has, so that a request hardly ever waits for one.
const PACED: usize = 64;

/// What is sent to a service: every quote of the fleet in turn, each time at the next provider.
pub struct Requests {
    /// To the length of the body, for each provider.
    heads: Vec<String>,
    /// From there on, for each quote.
    bodies: Vec<String>,
    next: usize,
}

impl Requests {
    pub fn of(fleet: &Fleet, service: &Service, providers: usize) -> Self {
        let heads = (0..providers).map(|provider| service.attest_head(provider)).collect();
        let bodies = fleet.evidence.iter().map(Evidence::request);
        let bodies = bodies.map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len())).collect();
        Self { heads, bodies, next: 0 }
    }

    /// How many there are, counting pairs of provider and quote that are sent before any comes again.
    pub fn round(&self) -> usize {
        self.heads.len().max(self.bodies.len())
    }

    /// The request of that number.
    fn of_number(&self, number: usize) -> [&[u8]; 2] {
        // Each time round, a provider gets the quote of another host.
        let body = number + number / self.bodies.len();
        [self.heads[number % self.heads.len()].as_bytes(), self.bodies[body % self.bodies.len()].as_bytes()]
    }

    /// The provider and the quote of that request.
    pub fn which(&self, number: usize) -> [usize; 2] {
        [number % self.heads.len(), (number + number / self.bodies.len()) % self.bodies.len()]
    }

    fn take(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }
}

/// Connections to one service.
pub struct Clients {
    connections: Vec<Busy>,
}

struct Busy {
    connection: Connection,
    /// Since when a request is due that has no answer yet.
    due: Option<Instant>,
}

impl Clients {
    pub fn saturating(service: &Service) -> Self {
        Self::new(service, SATURATING)
    }

    pub fn paced(service: &Service) -> Self {
        Self::new(service, PACED)
    }

    fn new(service: &Service, connections: usize) -> Self {
        let connect = || Busy { connection: service.connector.connect(), due: None };
        Self { connections: std::iter::repeat_with(connect).take(connections).collect() }
    }

    /// Sends so many requests, the next on each connection as soon as the last is answered.
    pub fn saturate(&mut self, requests: &mut Requests, count: usize) -> Duration {
        let begun = Instant::now();
        let (mut sent, mut answered) = (0, 0);
        while answered < count {
            for busy in &mut self.connections {
                answered += usize::from(busy.answered().is_some());
                if busy.due.is_none() && sent < count {
                    busy.send(requests, begun);
                    sent += 1;
                }
            }
        }
        begun.elapsed()
    }

    /// Sends so many requests a second, at random times as many clients that know nothing of each other do, and gives how long
    /// each took from the moment that it was due.
    pub fn pace(&mut self, requests: &mut Requests, count: usize, per_second: f64) -> Vec<Duration> {
        let mut gaps = Gaps { state: 0x9e37_79b9_7f4a_7c15, mean: 1.0 / per_second };
        let (mut sent, mut latencies) = (0, Vec::with_capacity(count));
        let mut due = Instant::now();
        while latencies.len() < count {
            for busy in &mut self.connections {
                latencies.extend(busy.answered());
                if busy.due.is_none() && sent < count && Instant::now() >= due {
                    busy.send(requests, due);
                    sent += 1;
                    due += gaps.next();
                }
            }
        }
        latencies
    }
}

impl Busy {
    fn send(&mut self, requests: &mut Requests, due: Instant) {
        let number = requests.take();
        self.connection.send(requests.of_number(number));
        self.due = Some(due);
    }

    /// How long the request took, where its answer has come.
    fn answered(&mut self) -> Option<Duration> {
        let due = self.due?;
        let answer = self.connection.answer()?;
        check(&answer);
        self.due = None;
        Some(due.elapsed())
    }
}

/// It is a token; whether it is a good one is looked at once.
fn check(answer: &Answer) {
    let is_token = answer.body.starts_with(b"{\"token\":\"ey") && answer.body.ends_with(b"\"}");
    assert!(answer.status == 200 && is_token, "{} {}", answer.status, String::from_utf8_lossy(&answer.body));
}

/// Times between requests, exponentially distributed; the same in every run.
struct Gaps {
    state: u64,
    mean: f64,
}

impl Gaps {
    fn next(&mut self) -> Duration {
        // xorshift64 (Marsaglia 2003).
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let uniform = ((self.state >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        Duration::from_secs_f64(-uniform.ln() * self.mean)
    }
}

/// Asks once and gives the token.
pub fn token(service: &Service, requests: &Requests, number: usize) -> String {
    let answer = service.connector.connect().ask(requests.of_number(number));
    check(&answer);
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    body["token"].as_str().unwrap().to_owned()
}
