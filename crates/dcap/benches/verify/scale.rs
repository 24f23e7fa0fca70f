//! What many hosts cost in memory, and what a second core brings.

use std::time::{Duration, Instant};

use dcap::Verifier;

use crate::cores;
use crate::fleet::{self, Fleet, Kind};
use crate::verify;

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
pub fn two_cores() -> Option<(String, f64)> {
    if cores::count() != 2 {
        println!("batch on two cores: not measured, for there are {}", cores::count());
        return None;
    }
    let evidence = fleet::evidence(Kind::TdxV4);
    let verifier = Verifier::new(evidence.roots());
    let collateral = verifier.verify_collateral(evidence.pieces.read(), evidence.at).unwrap();
    let quotes: Vec<&[u8]> = evidence.quotes.iter().map(Vec::as_slice).collect();
    let batch = || {
        let start = Instant::now();
        let results = verifier.verify_batch(&quotes, |_, _| Some(&collateral), evidence.at);
        assert!(results.iter().all(Result::is_ok));
        start.elapsed()
    };
    let on_one = || {
        std::thread::scope(|scope| {
            let run = || {
                assert!(cores::pin(0));
                batch()
            };
            scope.spawn(run).join().unwrap()
        })
    };
    batch();
    let rounds: Vec<[Duration; 2]> = (0..21).map(|_| [on_one(), batch()]).collect();
    let median = |which: usize| {
        let mut times: Vec<Duration> = rounds.iter().map(|round| round[which]).collect();
        times.sort();
        times[times.len() / 2].as_secs_f64()
    };
    let per_second = |seconds: f64| quotes.len() as f64 / seconds;
    println!("batch on one core {:.0}/s, on two {:.0}/s", per_second(median(0)), per_second(median(1)));
    Some(("batch-two-cores/one".to_owned(), median(0) / median(1)))
}
