//! What a provider notices of another one whose policy is as expensive as may be: latencies, beside its own alone.
//!
//!     cargo bench -p service --bench neighbour [-- --smoke]
//!
//! The release binary, on all cores, on plain HTTP and SQLite, with two providers that sign with RS256. Sixteen attesters of the
//! neighbour ask over connections that stay open; in every second turn sixteen attesters of the other provider, whose policy
//! takes all the fuel there is, ask as fast as they are answered. Quotes of a hundred hosts, all seen before. Turns are short and
//! follow each other, so that what else the machine does meets both alike.
//!
//! Once with pauses between the requests of the neighbour's attesters, and once without. Ends with `ratio NAME VALUE` lines;
//! docs/benchmarks.md gives their bounds.

mod attester;

#[path = "../load/binary.rs"]
mod binary;
#[allow(dead_code, reason = "the other benchmark waits otherwise")]
#[path = "../load/connection.rs"]
mod connection;
#[allow(dead_code, reason = "the other benchmark has cores to itself")]
#[path = "../load/cores.rs"]
mod cores;
#[allow(dead_code, reason = "the other benchmark verifies tokens")]
#[path = "../load/fleet.rs"]
mod fleet;
#[allow(dead_code, reason = "the other benchmark measures computing time and memory")]
#[path = "../load/service.rs"]
mod service;

use std::time::Duration;

use token::TokenAlgorithm;

use attester::{Attesters, Turn};
use fleet::Fleet;
use service::{Installation, Service, Transport};

const NEIGHBOUR: usize = 0;
const EXPENSIVE: usize = 1;
/// Attesters of each provider.
const ATTESTERS: usize = 16;
/// The mean of the pauses between an answer and the next request of a neighbour's attester that pauses.
const PAUSE: Duration = Duration::from_millis(50);

/// Turns of each kind, and how long one is.
struct Effort {
    rounds: usize,
    turn: Duration,
}

fn main() {
    let is_smoke = std::env::args().any(|argument| argument == "--smoke");
    let (rounds, turn) = if is_smoke { (2, 300) } else { (15, 1_000) };
    let effort = Effort { rounds, turn: Duration::from_millis(turn) };
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let binary = binary::build();
    let fleet = Fleet::new();
    let directory = tempfile::tempdir().unwrap();
    let installation =
        Installation::make(&binary, directory.path().join("service"), None, &fleet, TokenAlgorithm::Rs256, 2, None);
    let mut service = installation.start(Transport::Http);
    service.set_policy(EXPENSIVE, &expensive_policy());
    println!("milliseconds, medians of {} turns of each kind:", effort.rounds);
    println!(
        "{:<12} {:>8} {:>8} {:>8} {:>8} {:>10} {:>10}",
        "", "p50", "p90", "p99", "a second", "decided/s", "busy/s"
    );
    let paused = measure(&fleet, &service, PAUSE, &effort);
    let saturated = measure(&fleet, &service, Duration::ZERO, &effort);
    println!();
    println!("ratio neighbour/alone {:.3}", paused.p50);
    println!("ratio neighbour/alone-p90 {:.3}", paused.p90);
    println!("ratio neighbour-p90/ms {:.3}", paused.p90_beside);
    println!("ratio saturated-neighbour/alone {:.3}", saturated.p50);
    println!("ratio saturated-neighbour/alone-p90 {:.3}", saturated.p90);
    println!("ratio saturated-neighbour-p90/ms {:.3}", saturated.p90_beside);
}

/// Takes every step that there is: each rule compares every claim of the evidence with every other.
fn expensive_policy() -> String {
    let rules = "a:[type!=\"\"]&&[value==a.type,type==\"none\"]=>deny();".repeat(1_100);
    format!("version=1.0;authorizationrules{{=>permit();{rules}}};")
}

/// The neighbour beside the other provider, as parts of the neighbour alone.
struct Ratios {
    p50: f64,
    p90: f64,
    p90_beside: f64,
}

fn measure(fleet: &Fleet, service: &Service, pause: Duration, effort: &Effort) -> Ratios {
    let neighbours = Attesters::start(fleet, service, NEIGHBOUR, pause);
    let others = Attesters::start(fleet, service, EXPENSIVE, Duration::ZERO);
    neighbours.resume();
    // Every host is seen.
    std::thread::sleep(effort.turn * 2);
    let mut alone = Vec::new();
    let mut beside = Vec::new();
    for _ in 0..effort.rounds {
        alone.push(neighbours.turn(effort.turn));
        others.resume();
        others.take();
        let mut turn = neighbours.turn(effort.turn);
        let other = others.take();
        others.pause();
        (turn.decided, turn.busy) = (other.decided, other.busy);
        beside.push(turn);
    }
    let name = if pause.is_zero() { "saturated" } else { "paused" };
    print(&format!("{name}, alone"), &alone, effort);
    print(&format!("{name}, beside"), &beside, effort);
    let ratio = |of: fn(&Turn) -> f64| median(beside.iter().zip(&alone).map(|(beside, alone)| of(beside) / of(alone)));
    Ratios {
        p50: ratio(|turn| turn.at(50)),
        p90: ratio(|turn| turn.at(90)),
        p90_beside: median(beside.iter().map(|turn| turn.at(90))),
    }
}

fn print(name: &str, turns: &[Turn], effort: &Effort) {
    let of = |value: &dyn Fn(&Turn) -> f64| median(turns.iter().map(value));
    let seconds = effort.turn.as_secs_f64();
    println!(
        "{name:<18} {:>8.2} {:>8.2} {:>8.2} {:>8.0} {:>10.0} {:>10.0}",
        of(&|turn| turn.at(50)),
        of(&|turn| turn.at(90)),
        of(&|turn| turn.at(99)),
        of(&|turn| turn.latencies.len() as f64 / seconds),
        of(&|turn| turn.decided as f64 / seconds),
        of(&|turn| turn.busy as f64 / seconds),
    );
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
