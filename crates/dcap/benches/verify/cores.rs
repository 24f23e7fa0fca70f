//! Which core a thread runs on.

use std::num::NonZero;

/// How many cores this process may use.
pub fn count() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Keeps this thread, and those that it starts, on that core; whether that succeeded.
pub fn pin(core: usize) -> bool {
    let mut set = rustix::thread::CpuSet::new();
    set.set(core);
    rustix::thread::sched_setaffinity(None, &set).is_ok()
}
