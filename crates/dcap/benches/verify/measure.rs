//! Timing side by side: contenders take turns in short batches. What slows the machine down for a while slows down all batches of a
//! round, so two contenders are compared by the median of their ratios in each round.

use std::time::{Duration, Instant};

/// Batches of each contender.
const ROUNDS: usize = 161;
/// How long a batch should take, about.
const BATCH: Duration = Duration::from_millis(5);

pub struct Contender<'a> {
    name: &'static str,
    /// Makes ready, untimed, for so many times.
    prepare: Box<dyn FnMut(usize) + 'a>,
    /// Does it once; the number says which time.
    run: Box<dyn FnMut(usize) + 'a>,
    next: usize,
    per_batch: usize,
    times: Times,
}

/// Microseconds for one time, in each batch.
#[derive(Default)]
pub struct Times(Vec<f64>);

impl Times {
    /// Of a hundred batches, as many take no longer.
    pub fn percentile(&self, percent: usize) -> f64 {
        percentile(self.0.clone(), percent)
    }

    /// How many times as long as the other it takes: the median over the rounds.
    pub fn over(&self, other: &Self) -> f64 {
        percentile(self.0.iter().zip(&other.0).map(|(one, other)| one / other).collect(), 50)
    }
}

fn percentile(mut values: Vec<f64>, percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) * percent / 100]
}

impl<'a> Contender<'a> {
    pub fn new(name: &'static str, run: impl FnMut(usize) + 'a) -> Self {
        Self { name, prepare: Box::new(|_| ()), run: Box::new(run), next: 0, per_batch: 1, times: Times::default() }
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
}

/// Lets the contenders take turns, and prints a line for each: its median, and the tenth and the ninetieth of a hundred batches.
pub fn measure<const N: usize>(kind: &str, mut contenders: [Contender<'_>; N]) -> [Times; N] {
    for contender in &mut contenders {
        // The first time takes longer than any other.
        let once = [(); 3].map(|()| contender.batch()).into_iter().min().unwrap_or_default();
        let once = once.max(Duration::from_nanos(100));
        let batch = BATCH.as_nanos() / once.as_nanos();
        contender.per_batch = usize::try_from(batch).unwrap().max(1);
        contender.batch();
    }
    for _ in 0..ROUNDS {
        for contender in &mut contenders {
            let taken = contender.batch();
            contender.times.0.push(taken.as_secs_f64() * 1e6 / contender.per_batch as f64);
        }
    }
    contenders.map(|contender| {
        let [median, low, high] = [50, 10, 90].map(|percent| contender.times.percentile(percent));
        println!("{kind:<11} {:<15} {median:>8.1} us   (p10 {low:.1}, p90 {high:.1})", contender.name);
        contender.times
    })
}
