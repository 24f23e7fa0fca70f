//! Timing side by side: contenders take turns in short batches, so that what else the machine does meets all alike.

use std::time::{Duration, Instant};

/// Batches of each contender.
const ROUNDS: usize = 41;
/// How long a batch should take, about.
const BATCH: Duration = Duration::from_millis(20);

pub struct Contender<'a> {
    name: &'static str,
    /// Makes ready, untimed, for so many times.
    prepare: Box<dyn FnMut(usize) + 'a>,
    /// Does it once; the number says which time.
    run: Box<dyn FnMut(usize) + 'a>,
    next: usize,
    per_batch: usize,
    batches: Vec<f64>,
}

impl<'a> Contender<'a> {
    pub fn new(name: &'static str, run: impl FnMut(usize) + 'a) -> Self {
        Self { name, prepare: Box::new(|_| ()), run: Box::new(run), next: 0, per_batch: 1, batches: Vec::new() }
    }

    /// One that is made ready before each batch.
    pub fn prepared(name: &'static str, prepare: impl FnMut(usize) + 'a, run: impl FnMut(usize) + 'a) -> Self {
        Self { prepare: Box::new(prepare), ..Self::new(name, run) }
    }

    fn batch(&mut self) -> Duration {
        (self.prepare)(self.per_batch);
        let start = Instant::now();
        for _ in 0..self.per_batch {
            (self.run)(self.next);
            self.next = self.next.wrapping_add(1);
        }
        start.elapsed()
    }

    /// Microseconds each time: the median over the batches, and the tenth and ninetieth of a hundred.
    fn microseconds(&mut self) -> [f64; 3] {
        self.batches.sort_by(f64::total_cmp);
        let at = |percent: usize| self.batches[(self.batches.len() - 1) * percent / 100];
        [at(50), at(10), at(90)]
    }
}

/// Lets the contenders take turns and prints a line each; gives their medians in microseconds.
pub fn measure<const N: usize>(kind: &str, mut contenders: [Contender<'_>; N]) -> [f64; N] {
    for contender in &mut contenders {
        let once = contender.batch().max(Duration::from_nanos(100));
        let batch = BATCH.as_nanos() / once.as_nanos();
        contender.per_batch = usize::try_from(batch).unwrap().max(1);
        contender.batch();
    }
    for _ in 0..ROUNDS {
        for contender in &mut contenders {
            let taken = contender.batch();
            contender.batches.push(taken.as_secs_f64() * 1e6 / contender.per_batch as f64);
        }
    }
    contenders.map(|mut contender| {
        let [median, low, high] = contender.microseconds();
        println!("{kind:<8} {:<20} {median:>8.1} us   (p10 {low:.1}, p90 {high:.1})", contender.name);
        median
    })
}
