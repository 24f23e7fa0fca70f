//! What many hosts cost in memory, and what a second core brings.

use std::time::{Duration, Instant};

use dcap::Verifier;

use crate::cores;
use crate::fleet::{self, Fleet, Kind};
use crate::{RawSignature, verify};

const MANY_HOSTS: usize = 10_000;

/// Resident memory that remembering 10,000 hosts adds, in MiB.
pub fn memory_of_hosts() -> Option<(String, f64)> {
    let fleet = Fleet::new(Kind::SgxV3);
    let evidence = fleet.evidence(fleet.host(1), 1);
    let verifier = Verifier::new(evidence.roots());
    let collateral = verifier.verify_collateral(evidence.pieces.read(), evidence.at).unwrap();
    // What making and verifying quotes needs by itself is there before it is measured.
    let forgetful = Verifier::new(evidence.roots()).remembering(0);
    for _ in 0..200 {
        verify(&forgetful, &fleet.host(1)[0], &collateral, evidence.at);
    }
    let before = resident_bytes()?;
    for _ in 0..MANY_HOSTS {
        verify(&verifier, &fleet.host(1)[0], &collateral, evidence.at);
    }
    let added = resident_bytes()?.saturating_sub(before) as f64 / f64::from(1 << 20);
    println!("\nresident memory added by {MANY_HOSTS} hosts: {added:.1} MiB");
    Some(("memory-10000-hosts/MiB".to_owned(), added))
}

/// Resident pages of this process, as Linux counts them.
fn resident_bytes() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split(' ').nth(1)?.parse::<u64>().ok()? * 4096)
}

/// Quotes a second on two cores as against one.
pub fn two_cores() -> Option<[(String, f64); 2]> {
    if cores::count() != 2 {
        println!("batch on two cores: not measured, for there are {}", cores::count());
        return None;
    }
    let evidence = fleet::evidence(Kind::TdxV4);
    let verifier = Verifier::new(evidence.roots());
    let collateral = verifier.verify_collateral(evidence.pieces.read(), evidence.at).unwrap();
    let quotes: Vec<&[u8]> = evidence.quotes.iter().map(Vec::as_slice).collect();
    let batch = || {
        let results = verifier.verify_batch(&quotes, |_, _| Some(&collateral), evidence.at);
        assert!(results.iter().all(Result::is_ok));
    };
    let signatures: Vec<RawSignature> = quotes.iter().map(|quote| RawSignature::of(quote)).collect();
    let raw = || {
        std::thread::scope(|scope| {
            for half in signatures.chunks(signatures.len().div_ceil(2)) {
                scope.spawn(|| half.iter().for_each(RawSignature::verify));
            }
        });
    };
    batch();
    let (mut ours, mut machines) = (Vec::new(), Vec::new());
    for _ in 0..21 {
        ours.push([on_one_core(&batch), timed(&batch)]);
        machines.push([on_one_core(&raw), timed(&raw)]);
    }
    let per_second = |seconds: f64| quotes.len() as f64 / seconds;
    let [one, two] = [median(&ours, 0), median(&ours, 1)];
    println!("batch on one core {:.0}/s, on two {:.0}/s", per_second(one), per_second(two));
    // What the machine itself gives: two threads that share nothing and compute the same signatures.
    Some([
        ("batch-two-cores/one".to_owned(), one / two),
        ("raw-two-cores/one".to_owned(), median(&machines, 0) / median(&machines, 1)),
    ])
}

fn timed(work: &(impl Fn() + Sync)) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn on_one_core(work: &(impl Fn() + Sync)) -> Duration {
    let run = || {
        assert!(cores::pin(0));
        timed(work)
    };
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

fn median(rounds: &[[Duration; 2]], which: usize) -> f64 {
    let mut times: Vec<Duration> = rounds.iter().map(|round| round[which]).collect();
    times.sort();
    times[times.len() / 2].as_secs_f64()
}
