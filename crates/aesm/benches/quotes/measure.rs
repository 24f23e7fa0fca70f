//! Timing side by side: contenders take turns in short batches, so that what else the machine does meets all alike.

use std::time::{Duration, Instant};

/// Batches of each contender.
const ROUNDS: usize = 41;
/// How long a batch should take, about.
const BATCH: Duration = Duration::from_millis(40);

pub struct Contender<'a> {
    name: &'static str,
    /// Does it so many times.
    run: Box<dyn FnMut(usize) + 'a>,
    per_batch: usize,
    /// Microseconds each time.
    batches: Vec<f64>,
}

impl<'a> Contender<'a> {
    pub fn new(name: &'static str, run: impl FnMut(usize) + 'a) -> Self {
        Self { name, run: Box::new(run), per_batch: 100, batches: Vec::new() }
    }

    fn batch(&mut self) -> f64 {
        let start = Instant::now();
        (self.run)(self.per_batch);
        start.elapsed().as_secs_f64() * 1e6 / self.per_batch as f64
    }
}

/// Lets the contenders take turns and prints a line each; gives their medians in microseconds.
pub fn measure<const N: usize>(kind: &str, mut contenders: [Contender<'_>; N]) -> [f64; N] {
    for contender in &mut contenders {
        let once = contender.batch();
        contender.per_batch = ((BATCH.as_secs_f64() * 1e6 / once) as usize).max(1);
        contender.batch();
    }
    for _ in 0..ROUNDS {
        for contender in &mut contenders {
            let taken = contender.batch();
            contender.batches.push(taken);
        }
    }
    contenders.map(|mut contender| {
        contender.batches.sort_by(f64::total_cmp);
        let at = |percent: usize| contender.batches[(ROUNDS - 1) * percent / 100];
        let [median, low, high] = [50, 10, 90].map(at);
        println!("{kind:<6} {:<18} {median:>8.1} us   (p10 {low:.1}, p90 {high:.1})", contender.name);
        median
    })
}
