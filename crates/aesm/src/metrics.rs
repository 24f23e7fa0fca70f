//! What the server has done, in numbers (OpenMetrics).

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error_code::ErrorCode;
use crate::message::Kind;

/// The media type of what [`Server::metrics`](crate::Server::metrics) gives.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of durations, in microseconds, and as they are written in seconds.
const BOUNDS: [(u64, &str); 6] =
    [(100, "0.0001"), (1_000, "0.001"), (10_000, "0.01"), (100_000, "0.1"), (1_000_000, "1.0"), (10_000_000, "10.0")];
const CODES: usize = ErrorCode::ALL.len();

/// Why a connection ended otherwise than with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The client sent nothing.
    Nothing,
    /// The request did not arrive in time.
    Slow,
    /// The request broke off.
    Broken,
    /// The request was longer than allowed.
    TooLong,
    /// The request was no message that is known.
    Malformed,
    /// The user had too many connections.
    UserLimit,
    /// The client did not take the answer.
    Unsent,
}

impl Closed {
    const ALL: [Self; 7] =
        [Self::Nothing, Self::Slow, Self::Broken, Self::TooLong, Self::Malformed, Self::UserLimit, Self::Unsent];

    const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Slow => "slow",
            Self::Broken => "broken",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::UserLimit => "user_limit",
            Self::Unsent => "unsent",
        }
    }
}

pub struct Metrics {
    /// By kind and code.
    answered: [[AtomicU64; CODES]; Kind::COUNT],
    closed: [AtomicU64; Closed::ALL.len()],
    /// Each counts those that took no longer than its bound and longer than the one before.
    durations: [AtomicU64; BOUNDS.len()],
    microseconds: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            answered: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
            closed: std::array::from_fn(|_| AtomicU64::new(0)),
            durations: std::array::from_fn(|_| AtomicU64::new(0)),
            microseconds: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    /// Counts an answer.
    pub fn answered(&self, kind: Kind, code: ErrorCode, taken: Duration) {
        let of_kind = Kind::ALL.iter().zip(&self.answered).find(|(one, _)| **one == kind);
        let of_code = of_kind.and_then(|(_, counts)| ErrorCode::ALL.iter().zip(counts).find(|(one, _)| **one == code));
        if let Some((_, count)) = of_code {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let taken = u64::try_from(taken.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(taken, Ordering::Relaxed);
        if let Some((_, count)) = BOUNDS.iter().zip(&self.durations).find(|((bound, _), _)| taken <= *bound) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a connection that ended without an answer.
    pub fn closed(&self, closed: Closed) {
        if let Some((_, count)) = Closed::ALL.iter().zip(&self.closed).find(|(one, _)| **one == closed) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// OpenMetrics text; so many connections are open.
    pub fn render(&self, open: usize) -> String {
        let mut text = String::new();
        // Writing to a string never fails.
        let _ = self.write(&mut text, open);
        text
    }

    fn write(&self, out: &mut String, open: usize) -> std::fmt::Result {
        writeln!(out, "# TYPE veritee_aesm_requests counter")?;
        writeln!(out, "# HELP veritee_aesm_requests Requests that were answered.")?;
        let mut total = 0_u64;
        for (kind, counts) in Kind::ALL.iter().zip(&self.answered) {
            for (code, count) in ErrorCode::ALL.iter().zip(counts) {
                let count = count.load(Ordering::Relaxed);
                total = total.saturating_add(count);
                // What never happened is left out, but that which everybody asks for.
                if count > 0 || (*kind == Kind::GetQuoteEx && *code == ErrorCode::Success) {
                    let (kind, code) = (kind.name(), code.name());
                    writeln!(out, "veritee_aesm_requests_total{{kind=\"{kind}\",code=\"{code}\"}} {count}")?;
                }
            }
        }
        writeln!(out, "# TYPE veritee_aesm_request_duration_seconds histogram")?;
        writeln!(out, "# UNIT veritee_aesm_request_duration_seconds seconds")?;
        writeln!(
            out,
            "# HELP veritee_aesm_request_duration_seconds From when a request was read to when its answer was sent."
        )?;
        let mut below = 0_u64;
        for ((_, bound), count) in BOUNDS.iter().zip(&self.durations) {
            below = below.saturating_add(count.load(Ordering::Relaxed));
            writeln!(out, "veritee_aesm_request_duration_seconds_bucket{{le=\"{bound}\"}} {below}")?;
        }
        let total = total.max(below);
        let seconds = Duration::from_micros(self.microseconds.load(Ordering::Relaxed)).as_secs_f64();
        writeln!(out, "veritee_aesm_request_duration_seconds_bucket{{le=\"+Inf\"}} {total}")?;
        writeln!(out, "veritee_aesm_request_duration_seconds_sum {seconds}")?;
        writeln!(out, "veritee_aesm_request_duration_seconds_count {total}")?;
        writeln!(out, "# TYPE veritee_aesm_closed_connections counter")?;
        writeln!(out, "# HELP veritee_aesm_closed_connections Connections that ended without their answer.")?;
        for (closed, count) in Closed::ALL.iter().zip(&self.closed) {
            let (reason, count) = (closed.name(), count.load(Ordering::Relaxed));
            writeln!(out, "veritee_aesm_closed_connections_total{{reason=\"{reason}\"}} {count}")?;
        }
        writeln!(out, "# TYPE veritee_aesm_connections gauge")?;
        writeln!(out, "# HELP veritee_aesm_connections Connections that are open.")?;
        writeln!(out, "veritee_aesm_connections {open}")?;
        writeln!(out, "# EOF")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_told_in_openmetrics() {
        let metrics = Metrics::default();
        metrics.answered(Kind::GetQuoteEx, ErrorCode::Success, Duration::from_micros(80));
        metrics.answered(Kind::GetQuoteEx, ErrorCode::Success, Duration::from_micros(800));
        metrics.answered(Kind::InitQuote, ErrorCode::ServiceUnavailable, Duration::from_secs(20));
        metrics.closed(Closed::TooLong);
        let text = metrics.render(3);
        for line in [
            "veritee_aesm_requests_total{kind=\"getQuoteEx\",code=\"SUCCESS\"} 2",
            "veritee_aesm_requests_total{kind=\"initQuote\",code=\"SERVICE_UNAVAILABLE\"} 1",
            "veritee_aesm_request_duration_seconds_bucket{le=\"0.0001\"} 1",
            "veritee_aesm_request_duration_seconds_bucket{le=\"0.001\"} 2",
            "veritee_aesm_request_duration_seconds_bucket{le=\"10.0\"} 2",
            "veritee_aesm_request_duration_seconds_bucket{le=\"+Inf\"} 3",
            "veritee_aesm_request_duration_seconds_count 3",
            "veritee_aesm_request_duration_seconds_sum 20.00088",
            "veritee_aesm_closed_connections_total{reason=\"too_long\"} 1",
            "veritee_aesm_closed_connections_total{reason=\"slow\"} 0",
            "veritee_aesm_connections 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
