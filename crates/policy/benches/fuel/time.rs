//! Computing time of this thread, in seconds: what else the machine does does not count.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

fn now() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

pub fn once(work: impl FnOnce()) -> f64 {
    let begun = now();
    work();
    (now() - begun).as_secs_f64()
}

pub fn median(times: usize, mut work: impl FnMut()) -> f64 {
    let mut taken: Vec<f64> = (0..times).map(|_| once(&mut work)).collect();
    taken.sort_by(f64::total_cmp);
    taken[times / 2]
}
