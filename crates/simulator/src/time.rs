//! Points in time as certificates and signed JSON write them. The simulator has no clock: every time is handed in.

use std::time::Duration;

use der::{DateTime, Encode};
use unix_time::UnixTime;
use x509_cert::time::Time;

use crate::build_error::BuildError;

/// Seconds of a day.
pub const DAY: i64 = 86_400;
/// Seconds of 365 days.
pub const YEAR: i64 = 31_536_000;

fn date_time(time: UnixTime) -> Result<DateTime, BuildError> {
    u64::try_from(time.seconds())
        .ok()
        .and_then(|seconds| DateTime::from_unix_duration(Duration::from_secs(seconds)).ok())
        .ok_or(BuildError::Time(time))
}

/// RFC 5280's Time: UTCTime until 2049, GeneralizedTime from 2050.
pub(crate) fn x509(time: UnixTime) -> Result<Vec<u8>, BuildError> {
    Ok(Time::from(date_time(time)?).to_der()?)
}

/// The form of Intel's signed JSON: `2026-11-20T20:40:48Z`.
pub(crate) fn iso8601(time: UnixTime) -> Result<String, BuildError> {
    Ok(date_time(time)?.to_string())
}

/// The midnight (UTC) at which that day began.
pub(crate) const fn midnight(time: UnixTime) -> UnixTime {
    time.plus(time.seconds().rem_euclid(DAY).saturating_neg())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_second_of_2049_is_utc_time_and_the_next_is_generalized_time() {
        assert_eq!(x509(UnixTime::from_seconds(2_524_607_999)).unwrap(), b"\x17\x0d491231235959Z");
        assert_eq!(x509(UnixTime::from_seconds(2_524_608_000)).unwrap(), b"\x18\x0f20500101000000Z");
    }

    #[test]
    fn json_dates_are_written_as_intel_writes_them() {
        assert_eq!(iso8601(UnixTime::from_seconds(1_684_159_691)).unwrap(), "2023-05-15T14:08:11Z");
        assert_eq!(iso8601(midnight(UnixTime::from_seconds(1_684_159_691))).unwrap(), "2023-05-15T00:00:00Z");
    }

    #[test]
    fn times_before_1970_and_after_9999_are_refused() {
        for seconds in [-1, 253_402_300_800] {
            let time = UnixTime::from_seconds(seconds);
            assert!(matches!(x509(time), Err(BuildError::Time(refused)) if refused == time));
        }
    }
}
