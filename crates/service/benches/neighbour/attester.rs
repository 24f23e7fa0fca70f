//! Attesters that ask, wait for the answer, and ask again, each on a connection and a thread of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::ATTESTERS;
use crate::connection::Answer;
use crate::fleet::{Evidence, Fleet};
use crate::service::Service;

/// The attesters of one provider, until this is dropped.
pub struct Attesters {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    is_paused: AtomicBool,
    is_over: AtomicBool,
    turn: Mutex<Turn>,
}

/// What was answered in a turn.
#[derive(Default)]
pub struct Turn {
    pub latencies: Vec<Duration>,
    /// Answers that a policy gave.
    pub decided: usize,
    /// Answers that too much waits.
    pub busy: usize,
}

impl Turn {
    /// The latency that so many of a hundred do not exceed, in milliseconds.
    pub fn at(&self, percent: usize) -> f64 {
        self.latencies[(self.latencies.len() - 1) * percent / 100].as_secs_f64() * 1e3
    }
}

impl Attesters {
    pub fn start(fleet: &Fleet, service: &Service, provider: usize, pause: Duration) -> Self {
        let turn = Mutex::new(Turn::default());
        let shared = Arc::new(Shared { is_paused: AtomicBool::new(true), is_over: AtomicBool::new(false), turn });
        let head = service.attest_head(provider);
        let request = |evidence: &Evidence| {
            let body = evidence.request();
            format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())
        };
        let requests: Arc<Vec<String>> = Arc::new(fleet.evidence.iter().map(request).collect());
        let threads = (0..ATTESTERS).map(|number| {
            let (shared, requests, address) = (Arc::clone(&shared), Arc::clone(&requests), service.connector.address);
            std::thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.set_nodelay(true).unwrap();
                let mut pauses = Pauses { state: 0x9e37_79b9_7f4a_7c15 ^ (number as u64 + 1), mean: pause };
                for request in requests.iter().cycle().skip(number * 61) {
                    while shared.is_paused.load(Ordering::Relaxed) && !shared.is_over.load(Ordering::Relaxed) {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    if shared.is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    shared.ask(&mut stream, request.as_bytes());
                    if !pause.is_zero() {
                        std::thread::sleep(pauses.next());
                    }
                }
            })
        });
        Self { threads: threads.collect(), shared }
    }

    pub fn resume(&self) {
        self.shared.is_paused.store(false, Ordering::Relaxed);
    }

    pub fn pause(&self) {
        self.shared.is_paused.store(true, Ordering::Relaxed);
        // What was asked is answered.
        std::thread::sleep(Duration::from_millis(500));
    }

    /// What is answered from now on.
    pub fn turn(&self, length: Duration) -> Turn {
        // What was asked in the last turn does not count in this one.
        std::thread::sleep(Duration::from_millis(300));
        self.take();
        std::thread::sleep(length);
        self.take()
    }

    /// What was answered since the last time.
    pub fn take(&self) -> Turn {
        let mut turn = std::mem::take(&mut *self.shared.turn.lock().unwrap());
        turn.latencies.sort();
        turn
    }
}

impl Drop for Attesters {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn ask(&self, stream: &mut TcpStream, request: &[u8]) {
        let begun = Instant::now();
        stream.write_all(request).unwrap();
        let (mut received, mut buffer) = (Vec::new(), [0; 16 << 10]);
        let answer = loop {
            let read = stream.read(&mut buffer).unwrap();
            assert_ne!(read, 0, "the service closed a connection");
            received.extend_from_slice(&buffer[..read]);
            if let Some((answer, _)) = Answer::read(&received) {
                break answer;
            }
        };
        let latency = begun.elapsed();
        let is_decided =
            answer.status == 200 || answer.body.windows(24).any(|part| part == b"policy_evaluation_failed");
        let is_busy = answer.status == 503 && answer.body.windows(11).any(|part| part == b"policy_busy");
        assert!(is_decided || is_busy, "{} {}", answer.status, String::from_utf8_lossy(&answer.body));
        let mut turn = self.turn.lock().unwrap();
        turn.latencies.push(latency);
        turn.decided += usize::from(is_decided);
        turn.busy += usize::from(is_busy);
    }
}

/// Pauses, exponentially distributed; the same in every run.
struct Pauses {
    state: u64,
    mean: Duration,
}

impl Pauses {
    fn next(&mut self) -> Duration {
        // xorshift64 (Marsaglia 2003).
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let uniform = ((self.state >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        self.mean.mul_f64(-uniform.ln())
    }
}
