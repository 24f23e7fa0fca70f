//! What bounds the work of one evaluation: counted in steps, so that it is the same on every machine.

use crate::limits::MAX_STEPS;

/// The steps that are left.
#[derive(Clone, Debug)]
pub(crate) struct Fuel {
    steps_left: u32,
}

/// None is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("policy takes more than {MAX_STEPS} steps")]
pub struct OutOfFuel;

impl Fuel {
    /// For one evaluation.
    pub(crate) const fn full() -> Self {
        Self { steps_left: MAX_STEPS }
    }

    /// Takes that many steps.
    pub(crate) fn spend(&mut self, steps: usize) -> Result<(), OutOfFuel> {
        let steps = u32::try_from(steps).map_err(|_| OutOfFuel)?;
        self.steps_left = self.steps_left.checked_sub(steps).ok_or(OutOfFuel)?;
        Ok(())
    }

    /// A step, and another for every 64 bytes that are looked at.
    pub(crate) fn spend_bytes(&mut self, bytes: usize) -> Result<(), OutOfFuel> {
        self.spend((bytes / 64).saturating_add(1))
    }

    /// How many were taken.
    #[cfg(test)]
    pub(crate) const fn spent(&self) -> u32 {
        MAX_STEPS.saturating_sub(self.steps_left)
    }
}
