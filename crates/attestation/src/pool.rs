//! A pool of threads for policies that take longer than the requests of others may wait.
//!
//! It is bounded in threads (one less than there are cores), in what waits for it, and in what waits of each provider
//! (`queue.rs`). Its threads give way to those that read requests. When it is closed, whatever waits and whatever comes is refused.

mod queue;

use std::io;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::oneshot;

use crate::provider::ProviderName;
pub(crate) use queue::Class;
use queue::Queue;

/// How far the threads of the pool give way to others, from 0 to 19: one has about a tenth of a core that others want too.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Why the pool did not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PoolError {
    /// Too much of that provider waits already.
    Busy,
    /// The pool is closed, or the work broke off.
    Closed,
}

/// What waits: it is told whether to begin.
type Job = Box<dyn FnOnce(Result<(), PoolError>) + Send>;

/// The pool. It is closed when it is dropped.
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Something waits, or the pool is closed.
    changed: Condvar,
}

struct State {
    queue: Queue<Job>,
    is_closed: bool,
}

impl Pool {
    /// Starts its threads.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub(crate) fn start() -> io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self::of_threads(cores.saturating_sub(1).max(1))
    }

    fn of_threads(threads: usize) -> io::Result<Self> {
        let state = Mutex::new(State { queue: Queue::new(), is_closed: false });
        let pool = Self { shared: Arc::new(Shared { state, changed: Condvar::new() }) };
        for number in 0..threads {
            let shared = Arc::clone(&pool.shared);
            std::thread::Builder::new().name(format!("policy-{number}")).spawn(move || shared.work())?;
        }
        Ok(pool)
    }

    /// Does it on a thread of the pool when its provider has its turn. Work whose caller no longer waits is not begun.
    ///
    /// # Errors
    /// See [`PoolError`]; the work was not done, or not to its end.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        provider: &ProviderName,
        class: Class,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let (sender, receiver) = oneshot::channel();
        let job = move |begin: Result<(), PoolError>| {
            if !sender.is_closed() {
                // Whoever waited may be gone by now.
                let _ = sender.send(begin.map(|()| work()));
            }
        };
        self.shared.push(provider, class, Box::new(job));
        receiver.await.unwrap_or(Err(PoolError::Closed))
    }
}

impl Shared {
    fn push(&self, provider: &ProviderName, class: Class, job: Job) {
        let mut state = self.state();
        let (refused, why) = if state.is_closed {
            (Some(job), PoolError::Closed)
        } else {
            (state.queue.push(provider, class, job), PoolError::Busy)
        };
        drop(state);
        self.changed.notify_one();
        if let Some(refused) = refused {
            refused(Err(why));
        }
    }

    /// Does what waits until the pool is closed.
    fn work(&self) {
        #[cfg(target_os = "linux")]
        // For this thread alone, as Linux has it. Without it the pool is as fair, and only takes more of a busy machine.
        let _ = rustix::process::setpriority_process(None, NICENESS);
        while let Some(job) = self.next() {
            // A job that panics drops its channel, and its caller is told that it broke off; the thread goes on.
            let _ = catch_unwind(AssertUnwindSafe(|| job(Ok(()))));
        }
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(job) = state.queue.pop() {
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Computes on this thread while another one takes over the requests that wait for it, where the runtime has several threads. For
/// what one lock lets through at a time; everything else goes through the pool.
pub(crate) fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.is_closed = true;
        let waiting = state.queue.drain();
        drop(state);
        self.shared.changed.notify_all();
        for job in waiting {
            job(Err(PoolError::Closed));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn name(text: &str) -> ProviderName {
        ProviderName::parse(text).unwrap()
    }

    /// A pool of one thread that is busy until the sender is dropped.
    fn occupied() -> (Arc<Pool>, mpsc::Sender<()>) {
        let pool = Arc::new(Pool::of_threads(1).unwrap());
        let (release, released) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        let job = move |_| {
            begun.send(()).unwrap();
            let _ = released.recv();
        };
        pool.shared.push(&name("first"), Class::InForce, Box::new(job));
        has_begun.recv_timeout(Duration::from_secs(60)).unwrap();
        (pool, release)
    }

    #[tokio::test]
    async fn what_is_done_comes_back_and_a_panic_ends_nothing_else() {
        let pool = Pool::of_threads(1).unwrap();
        assert_eq!(pool.run(&name("tenant"), Class::InForce, || 1 + 1).await, Ok(2));
        let broken = pool.run(&name("tenant"), Class::InForce, || -> u8 { panic!("broken") }).await;
        assert_eq!(broken, Err(PoolError::Closed));
        assert_eq!(pool.run(&name("tenant"), Class::Draft, || 3).await, Ok(3));
    }

    #[tokio::test]
    async fn a_provider_whose_queue_is_full_is_told_so_at_once_and_another_is_served() {
        let (pool, release) = occupied();
        let greedy = name("greedy");
        let waiting: Vec<_> = (0..queue::MAX_WAITING)
            .map(|number| {
                let (pool, greedy) = (Arc::clone(&pool), greedy.clone());
                tokio::spawn(async move { pool.run(&greedy, Class::InForce, move || number).await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(pool.run(&greedy, Class::InForce, || 99).await, Err(PoolError::Busy));
        let modest = name("modest");
        let modest = pool.run(&modest, Class::InForce, || 100);
        drop(release);
        assert_eq!(modest.await, Ok(100));
        for (number, waited) in waiting.into_iter().enumerate() {
            assert_eq!(waited.await.unwrap(), Ok(number));
        }
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_not_begun() {
        let (pool, release) = occupied();
        let (did, has_done) = mpsc::channel();
        let gone = name("gone");
        let given_up = pool.run(&gone, Class::InForce, move || did.send(()).unwrap());
        let timed_out = tokio::time::timeout(Duration::from_millis(20), given_up).await;
        assert!(timed_out.is_err());
        drop(release);
        pool.run(&gone, Class::InForce, || ()).await.unwrap();
        assert!(has_done.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_closed_pool_refuses_what_waits_and_what_comes() {
        let (pool, release) = occupied();
        let shared = Arc::clone(&pool.shared);
        let (sender, receiver) = oneshot::channel();
        shared.push(&name("waits"), Class::InForce, Box::new(|begin| sender.send(begin).unwrap()));
        drop(pool);
        assert_eq!(receiver.await, Ok(Err(PoolError::Closed)));
        let (sender, receiver) = oneshot::channel();
        shared.push(&name("comes"), Class::InForce, Box::new(|begin| sender.send(begin).unwrap()));
        assert_eq!(receiver.await, Ok(Err(PoolError::Closed)));
        drop(release);
    }
}
