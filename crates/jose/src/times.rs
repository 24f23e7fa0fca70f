//! The times of claims: `exp`, `nbf` and `iat` (RFC 7519, sections 4.1.4 to 4.1.6).

use std::borrow::Cow;

use problem::Problem;
use serde_json::{Map, Value};
use unix_time::UnixTime;

/// When claims are valid, and when they were issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    expires: UnixTime,
    not_before: Option<UnixTime>,
    issued: Option<UnixTime>,
}

/// Why claims are not valid at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// A time is absent where there has to be one, or not a whole number of seconds.
    #[error("{claim} is not a number of whole seconds")]
    Missing {
        /// `exp`, `nbf` or `iat`.
        claim: &'static str,
    },
    /// They have expired.
    #[error("they expired at {expires}, it is {at}")]
    Expired {
        /// The end.
        expires: UnixTime,
        /// The time of the check.
        at: UnixTime,
    },
    /// They are not valid yet.
    #[error("they are valid only from {not_before} on, it is {at}")]
    NotYetValid {
        /// The beginning.
        not_before: UnixTime,
        /// The time of the check.
        at: UnixTime,
    },
    /// They claim to be issued later than now.
    #[error("they were issued in the future, at {issued}, it is {at}")]
    IssuedInFuture {
        /// The time of issue.
        issued: UnixTime,
        /// The time of the check.
        at: UnixTime,
    },
}

impl Problem for TimeError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Missing { .. } => "time_missing",
            Self::Expired { .. } => "time_expired",
            Self::NotYetValid { .. } => "time_not_yet_valid",
            Self::IssuedInFuture { .. } => "time_issued_in_future",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Missing { .. } => "have the issuer write exp, nbf and iat in whole seconds",
            Self::Expired { .. } => "get a new token",
            Self::NotYetValid { .. } | Self::IssuedInFuture { .. } => "set the clocks here and at the issuer",
        }
        .into()
    }
}

impl Times {
    /// Reads the times of claims that must have `exp`; the other two are read where they are there.
    ///
    /// # Errors
    /// [`TimeError::Missing`], in the order `exp`, `nbf`, `iat`.
    pub fn read(claims: &Map<String, Value>) -> Result<Self, TimeError> {
        let expires = seconds(claims, "exp")?.ok_or(TimeError::Missing { claim: "exp" })?;
        Ok(Self { expires, not_before: seconds(claims, "nbf")?, issued: seconds(claims, "iat")? })
    }

    /// Checks that `at` is before `exp`, and neither before `nbf` nor before `iat`, give or take `leeway` seconds.
    ///
    /// # Errors
    /// [`TimeError::Expired`], [`TimeError::NotYetValid`] and [`TimeError::IssuedInFuture`].
    pub fn check(&self, at: UnixTime, leeway: i64) -> Result<(), TimeError> {
        let (earliest, latest) = (at.plus(leeway.saturating_neg()), at.plus(leeway));
        if earliest >= self.expires {
            return Err(TimeError::Expired { expires: self.expires, at });
        }
        if let Some(not_before) = self.not_before.filter(|not_before| latest < *not_before) {
            return Err(TimeError::NotYetValid { not_before, at });
        }
        match self.issued.filter(|issued| latest < *issued) {
            Some(issued) => Err(TimeError::IssuedInFuture { issued, at }),
            None => Ok(()),
        }
    }

    /// `exp`: the first second in which they are valid no more.
    pub const fn expires(&self) -> UnixTime {
        self.expires
    }

    /// `nbf`: the first second in which they are valid.
    pub const fn not_before(&self) -> Option<UnixTime> {
        self.not_before
    }

    /// `iat`: when they were issued.
    pub const fn issued(&self) -> Option<UnixTime> {
        self.issued
    }
}

/// Reads one time; none if it is absent.
fn seconds(claims: &Map<String, Value>, claim: &'static str) -> Result<Option<UnixTime>, TimeError> {
    match claims.get(claim) {
        None => Ok(None),
        Some(value) => value.as_i64().map(|it| Some(UnixTime::from_seconds(it))).ok_or(TimeError::Missing { claim }),
    }
}
