//! How many connections are open, in all and for each user.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

#[derive(Default)]
pub struct Gate {
    open: Mutex<Open>,
    /// One left, or limits have changed. One task waits at the most: that which accepts, or stops.
    changed: Notify,
}

#[derive(Default)]
struct Open {
    total: usize,
    /// Users with connections alone, so that it is no longer than there are connections.
    by_user: HashMap<u32, usize>,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.lock().total
    }

    /// Waits until there is room for another.
    pub async fn room(&self, limit: impl Fn() -> usize) {
        while self.open() >= limit() {
            self.changed.notified().await;
        }
    }

    /// Waits until none is left.
    pub async fn empty(&self) {
        self.room(|| 1).await;
    }

    pub fn look_again(&self) {
        self.changed.notify_one();
    }

    /// Lets one of that user in, unless it has as many already.
    pub fn enter(self: &Arc<Self>, user: u32, limit: usize) -> Option<Slot> {
        let mut open = self.lock();
        let of_user = open.by_user.entry(user).or_default();
        if *of_user >= limit {
            if *of_user == 0 {
                open.by_user.remove(&user);
            }
            return None;
        }
        *of_user = of_user.saturating_add(1);
        open.total = open.total.saturating_add(1);
        Some(Slot { gate: Arc::clone(self), user })
    }
}

/// The place of a connection, until this is dropped.
pub struct Slot {
    gate: Arc<Gate>,
    user: u32,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.gate.lock();
        open.total = open.total.saturating_sub(1);
        if let Some(of_user) = open.by_user.get_mut(&self.user) {
            *of_user = of_user.saturating_sub(1);
            if *of_user == 0 {
                open.by_user.remove(&self.user);
            }
        }
        drop(open);
        self.gate.look_again();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_so_many_and_who_left_counts_no_more() {
        let gate = Arc::new(Gate::default());
        let mut first: Vec<Slot> = (0..3).map(|_| gate.enter(1, 3).unwrap()).collect();
        assert!(gate.enter(1, 3).is_none());
        let second = gate.enter(2, 3).unwrap();
        assert_eq!(gate.open(), 4);
        drop(first.pop());
        assert!(gate.enter(1, 3).is_some());
        assert!(gate.enter(3, 0).is_none());
        drop((first, second));
        assert_eq!((gate.open(), gate.lock().by_user.len()), (0, 0));
    }

    #[tokio::test]
    async fn room_is_waited_for() {
        let gate = Arc::new(Gate::default());
        let slot = gate.enter(1, 9).unwrap();
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.room(|| 1).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(slot);
        waiting.await.unwrap();
        gate.empty().await;
    }
}
