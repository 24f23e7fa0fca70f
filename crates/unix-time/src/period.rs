//! Validity periods, both ends included.

use std::borrow::Cow;

use problem::Problem;

use crate::UnixTime;

/// A span of time, both ends included.
///
/// A period whose end lies before its start contains nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ValidityPeriod {
    /// The first second inside.
    pub from: UnixTime,
    /// The last second inside.
    pub until: UnixTime,
}

/// The time is outside a [`ValidityPeriod`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutsideValidity {
    /// The period has not begun.
    #[error("not valid before {from}, judged as of {at}")]
    NotYetValid {
        /// The first valid second.
        from: UnixTime,
        /// The time that was checked.
        at: UnixTime,
    },
    /// The period has ended.
    #[error("expired at {until}, judged as of {at}")]
    Expired {
        /// The last valid second.
        until: UnixTime,
        /// The time that was checked.
        at: UnixTime,
    },
}

impl Problem for OutsideValidity {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::NotYetValid { .. } => "not_yet_valid".into(),
            Self::Expired { .. } => "expired".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::NotYetValid { .. } => "Check the clock of this machine, or wait until then.".into(),
            Self::Expired { .. } => "Get a newer one, or check the clock of this machine.".into(),
        }
    }
}

impl ValidityPeriod {
    /// All of time.
    pub const ALWAYS: Self = Self { from: UnixTime::MIN, until: UnixTime::MAX };

    /// Checks that `at` is within the period, its boundary seconds included.
    ///
    /// # Errors
    /// Says on which side of the period `at` is.
    pub const fn check(self, at: UnixTime) -> Result<(), OutsideValidity> {
        if at.seconds() < self.from.seconds() {
            return Err(OutsideValidity::NotYetValid { from: self.from, at });
        }
        if at.seconds() > self.until.seconds() {
            return Err(OutsideValidity::Expired { until: self.until, at });
        }
        Ok(())
    }

    /// Returns the span that both have in common. It may contain nothing, and then no time passes its check.
    pub fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_boundary_seconds_are_inside() {
        let period = ValidityPeriod { from: UnixTime::from_seconds(10), until: UnixTime::from_seconds(20) };
        assert!(period.check(UnixTime::from_seconds(10)).is_ok() && period.check(UnixTime::from_seconds(20)).is_ok());
        assert!(matches!(period.check(UnixTime::from_seconds(9)), Err(OutsideValidity::NotYetValid { .. })));
        assert!(matches!(period.check(UnixTime::from_seconds(21)), Err(OutsideValidity::Expired { .. })));
    }
}
