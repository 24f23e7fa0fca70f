//! Fuel: what bounds the work of one evaluation. It is counted in steps, not in time, so that it is the same on every machine.
//!
//! Every loop and every allocation whose size depends on the policy or on the claims pays before it runs. A step is worth about
//! the comparison of two short values. `cargo bench -p policy --bench fuel` measures the nanoseconds per step of each operation;
//! the prices below are set so that none costs much more than the others.

use std::borrow::Cow;

use problem::Problem;

use crate::limits::{MAX_INLINE_STEPS, MAX_STEPS, MAX_TEXT};

/// Steps for one allocation and its release.
const ALLOCATION: usize = 6;
/// Bytes compared in one step.
const COMPARED: usize = 64;
/// Bytes copied in one step, with the memory that they need.
const COPIED: usize = 64;
/// Bytes looked at one by one in one step.
const READ: usize = 4;

/// Steps for reading a byte of a policy's text.
const TEXT: u32 = 7;

/// The steps that an evaluation may still take.
///
/// An evaluation is a pure function of policy, claims and vocabulary. One that runs out of a small amount can be repeated from the
/// beginning on a full one.
#[derive(Clone, Debug)]
pub struct Fuel {
    capacity: u32,
    left: u32,
}

/// No fuel is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("policy takes more than {MAX_STEPS} steps")]
pub struct OutOfFuel;

impl Problem for OutOfFuel {
    fn code(&self) -> Cow<'static, str> {
        "policy_out_of_fuel".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "use fewer rules, or conditions that match fewer claims".into()
    }
}

impl Fuel {
    /// What one evaluation may take: [`MAX_STEPS`].
    pub const fn full() -> Self {
        Self { capacity: MAX_STEPS, left: MAX_STEPS }
    }

    /// What an evaluation may take on a thread that others wait for: [`MAX_INLINE_STEPS`].
    pub const fn inline() -> Self {
        Self { capacity: MAX_INLINE_STEPS, left: MAX_INLINE_STEPS }
    }

    /// The steps that were taken.
    pub const fn spent(&self) -> u32 {
        self.capacity.saturating_sub(self.left)
    }

    /// Pays for reading and checking a policy's text, where whoever asks for the evaluation brings the policy too. The longest text
    /// leaves a fifth of a full amount.
    pub fn pay_for_text(&mut self, text: &str) {
        let bytes = u32::try_from(text.len().min(MAX_TEXT)).unwrap_or(u32::MAX);
        self.left = self.left.saturating_sub(bytes.saturating_mul(TEXT));
    }

    /// Pays for so many steps. Where they are not there, nothing is left.
    #[inline]
    pub(crate) fn spend(&mut self, steps: usize) -> Result<(), OutOfFuel> {
        match u32::try_from(steps).ok().and_then(|steps| self.left.checked_sub(steps)) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                Err(OutOfFuel)
            }
        }
    }

    /// Pays for comparing so many bytes.
    #[inline]
    pub(crate) fn compare(&mut self, bytes: usize) -> Result<(), OutOfFuel> {
        self.spend(comparison(bytes))
    }

    /// Pays for so many allocations of a size that does not matter.
    pub(crate) fn allocate(&mut self, count: usize) -> Result<(), OutOfFuel> {
        self.spend(count.saturating_mul(ALLOCATION))
    }

    /// Pays for a copy of so many bytes in memory of its own.
    pub(crate) fn copy(&mut self, bytes: usize) -> Result<(), OutOfFuel> {
        self.spend((bytes / COPIED).saturating_add(ALLOCATION))
    }

    /// Pays for looking at so many bytes one by one.
    pub(crate) fn read(&mut self, bytes: usize) -> Result<(), OutOfFuel> {
        self.spend((bytes / READ).saturating_add(1))
    }

    /// Pays for finding a name of so many bytes among so many.
    pub(crate) fn look_up(&mut self, bytes: usize, among: usize) -> Result<(), OutOfFuel> {
        self.spend(comparison(bytes).saturating_mul(rounds(among)).saturating_mul(2))
    }
}

/// Steps for comparing so many bytes.
pub(crate) const fn comparison(bytes: usize) -> usize {
    (bytes / COMPARED).saturating_add(1)
}

/// How often each of so many elements is compared while they are sorted or searched.
pub(crate) fn rounds(elements: usize) -> usize {
    let halvings = elements.checked_ilog2().unwrap_or_default();
    usize::try_from(halvings).unwrap_or(usize::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuel_ends_at_its_last_step_and_stays_empty() {
        let mut fuel = Fuel::inline();
        let all = usize::try_from(MAX_INLINE_STEPS).unwrap();
        assert_eq!(fuel.spend(all), Ok(()));
        assert_eq!((fuel.spend(1), fuel.spent()), (Err(OutOfFuel), MAX_INLINE_STEPS));
        let mut fuel = Fuel::full();
        fuel.pay_for_text(&"x".repeat(2 * MAX_TEXT));
        assert!((1..MAX_STEPS / 5 * 4).contains(&fuel.spent()));
        let mut fuel = Fuel::inline();
        assert_eq!(fuel.spend(all + 1), Err(OutOfFuel));
        assert_eq!((fuel.spend(1), fuel.spend(usize::MAX)), (Err(OutOfFuel), Err(OutOfFuel)));
    }
}
