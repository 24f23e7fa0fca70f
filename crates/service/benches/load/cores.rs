//! Which core a thread runs on, and how long it ran.

use std::num::NonZero;
use std::time::Duration;

use rustix::thread::CpuSet;
use rustix::time::{ClockId, clock_gettime};

/// The core of the service, and of the floor.
pub const SERVER: usize = 0;
/// The core of whoever asks it, and of the database.
pub const CLIENT: usize = 1;

/// How many cores this process may use.
pub fn count() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Keeps this thread, and the threads and processes that it starts, on that core.
pub fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    rustix::thread::sched_setaffinity(None, &set).unwrap();
}

/// Does something on that core, on a thread of its own.
pub fn on<T: Send>(core: usize, work: impl FnOnce() -> T + Send) -> T {
    let pinned = || {
        pin(core);
        work()
    };
    std::thread::scope(|scope| scope.spawn(pinned).join().unwrap())
}

/// How long this thread has computed.
pub fn thread_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}
