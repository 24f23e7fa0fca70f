//! Protected memory (EPC): how many pages are left.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::LoadError;

/// The protected memory of a machine.
#[derive(Debug)]
pub(super) struct Epc {
    free: Mutex<u64>,
}

/// Pages that an enclave has taken, and gives back when it ends.
#[derive(Debug)]
pub(super) struct Pages {
    epc: Arc<Epc>,
    count: u64,
}

impl Epc {
    pub(super) const fn new(pages: u64) -> Self {
        Self { free: Mutex::new(pages) }
    }

    pub(super) fn free(&self) -> u64 {
        *self.lock()
    }

    /// Takes so many pages, or none.
    pub(super) fn take(self: &Arc<Self>, count: u64) -> Result<Pages, LoadError> {
        let mut free = self.lock();
        let left = free.checked_sub(count).ok_or(LoadError::OutOfEpc { needed: count, free: *free })?;
        *free = left;
        Ok(Pages { epc: Arc::clone(self), count })
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        // A number is whole whoever panicked.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        let mut free = self.epc.lock();
        *free = free.saturating_add(self.count);
    }
}
