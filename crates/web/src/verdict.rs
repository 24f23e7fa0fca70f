//! Whether a connection may go on.

use std::time::Duration;

use tokio::time::Instant;

use crate::connection::Connection;
use crate::exchanges::Phase;

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It is as old as a connection may be.
    Age,
    /// It had no request for too long.
    Idle,
    /// A request got no answer for too long.
    Handling,
    /// An answer was not written for too long.
    Delivery,
    /// The client took none of the written bytes for too long.
    WriteStall,
}

impl Reason {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Age => "connection_too_old",
            Self::Idle => "connection_idle",
            Self::Handling => "request_too_slow",
            Self::Delivery => "answer_not_taken",
            Self::WriteStall => "client_does_not_read",
        }
    }
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes on.
    Keep,
    /// It takes no more requests and closes when those under way are answered.
    Drain(Reason),
    /// It closes at once.
    Cut(Reason),
}

/// Compares a connection with its limits. Bytes alone are no activity: only requests keep a connection open.
pub(crate) fn verdict(connection: &Connection, began: Instant, now: Instant) -> Verdict {
    let limits = connection.limits();
    let exceeds = |since: Instant, limit: Duration| now.saturating_duration_since(since) >= limit;
    if connection.writes().stalled_since().is_some_and(|since| exceeds(since, limits.write_stall)) {
        return Verdict::Cut(Reason::WriteStall);
    }
    let open = connection.exchanges().open();
    let mut is_quiet = true;
    for phase in open.phases() {
        is_quiet = false;
        match phase {
            Phase::Handling(since) if exceeds(since, limits.handling) => return Verdict::Drain(Reason::Handling),
            Phase::Delivering(since) if exceeds(since, limits.delivery) => return Verdict::Drain(Reason::Delivery),
            _ => {}
        }
    }
    if is_quiet && exceeds(open.quiet_since, limits.idle) {
        Verdict::Drain(Reason::Idle)
    } else if exceeds(began, limits.age) {
        Verdict::Drain(Reason::Age)
    } else {
        Verdict::Keep
    }
}
