//! Points in time, validity periods, and RFC 3339: the one time type of Veritee.
//!
//! Time is an argument: only programs read a clock, with [`UnixTime::of_system_clock`]. So a decision of the past can be made again.

mod period;

use std::borrow::Cow;
use std::fmt;

use problem::Problem;

use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

pub use period::{OutsideValidity, ValidityPeriod};

/// A point in time: seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// ```
/// use unix_time::UnixTime;
///
/// let time = UnixTime::from_rfc3339("2025-06-20T02:00:00+02:00")?;
/// assert_eq!(time.to_string(), "2025-06-20T00:00:00Z");
/// # Ok::<(), unix_time::InvalidTime>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(i64);

/// The text is not an RFC 3339 time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid time `{0}`")]
pub struct InvalidTime(String);

impl Problem for InvalidTime {
    fn code(&self) -> Cow<'static, str> {
        "invalid_time".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "Write the time as RFC 3339, such as `2025-06-20T00:00:00Z`.".into()
    }
}

impl UnixTime {
    /// The first second of 1970, UTC.
    pub const EPOCH: Self = Self(0);
    /// The earliest time that this type can hold.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest time that this type can hold.
    pub const MAX: Self = Self(i64::MAX);

    /// Makes a time from seconds since the epoch; negative before 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Returns the seconds since the epoch; negative before 1970.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// Returns the time that is `seconds` later, or earlier if they are negative. It stops at [`Self::MIN`] and [`Self::MAX`].
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Returns how many seconds have passed since `earlier`; negative if it is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads the clock of the system. For programs: libraries take the time as an argument.
    pub fn of_system_clock() -> Self {
        Self(OffsetDateTime::now_utc().unix_timestamp())
    }

    /// Reads RFC 3339, such as `2025-06-20T00:00:00Z`. Fractions of a second are cut off.
    ///
    /// # Errors
    /// Fails if the text is anything else.
    pub fn from_rfc3339(text: &str) -> Result<Self, InvalidTime> {
        let time = plain_utc(text).or_else(|| OffsetDateTime::parse(text, &Rfc3339).ok());
        time.map(|time| Self(time.unix_timestamp())).ok_or_else(|| InvalidTime(problem::untrusted::excerpt(text, 40)))
    }
}

/// `YYYY-MM-DDTHH:MM:SSZ`, the only form in which Intel writes times.
fn plain_utc(text: &str) -> Option<OffsetDateTime> {
    let &[y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] =
        text.as_bytes()
    else {
        return None;
    };
    let two = |tens: u8, ones: u8| {
        let digit = |byte: u8| char::from(byte).to_digit(10).and_then(|digit| u8::try_from(digit).ok());
        digit(tens)?.checked_mul(10)?.checked_add(digit(ones)?)
    };
    let year = i32::from(two(y1, y2)?).checked_mul(100)?.checked_add(two(y3, y4)?.into())?;
    let date = Date::from_calendar_date(year, Month::try_from(two(mo1, mo2)?).ok()?, two(d1, d2)?).ok()?;
    let time = Time::from_hms(two(h1, h2)?, two(m1, m2)?, two(s1, s2)?).ok()?;
    Some(OffsetDateTime::new_utc(date, time))
}

impl fmt::Display for UnixTime {
    /// RFC 3339 in UTC; a time beyond the year 9999 is written as seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp(self.0)
            .ok()
            .and_then(|time| time.to_offset(UtcOffset::UTC).format(&Rfc3339).ok());
        match text {
            Some(text) => f.write_str(&text),
            None => write!(f, "{} s after 1970", self.0),
        }
    }
}

impl serde::Serialize for UnixTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for UnixTime {
    /// Reads the form of Intel's documents alone, `YYYY-MM-DDTHH:MM:SSZ`, and no other form of RFC 3339: Intel's library
    /// refuses a document with any other.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(PlainUtc)
    }
}

struct PlainUtc;

impl serde::de::Visitor<'_> for PlainUtc {
    type Value = UnixTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time in the form `2025-06-20T00:00:00Z`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<UnixTime, E> {
        plain_utc(text).map(|time| UnixTime(time.unix_timestamp())).ok_or_else(|| {
            let start = problem::untrusted::excerpt(text, 40);
            E::custom(format_args!("invalid time `{start}`: expected the form `2025-06-20T00:00:00Z`"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_rfc3339() {
        let time = UnixTime::from_rfc3339("2025-06-20T02:00:00+02:00").unwrap();
        assert_eq!(time.to_string(), "2025-06-20T00:00:00Z");
        assert_eq!(UnixTime::from_rfc3339("2025-06-20T00:00:00.9Z"), Ok(time));
        assert_eq!(UnixTime::from_rfc3339("2025-06-20T00:00:00Z"), Ok(time));
        assert_eq!(UnixTime::from_rfc3339("1969-12-31T23:59:59Z"), Ok(UnixTime(-1)));
        assert_eq!(UnixTime::from_rfc3339("2024-02-29T12:34:56Z").map(UnixTime::seconds), Ok(1_709_210_096));
        for wrong in [
            "2025-06-20",
            "2025-02-29T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-06-20T24:00:00Z",
            "+025-06-20T00:00:00Z",
        ] {
            assert!(UnixTime::from_rfc3339(wrong).is_err(), "{wrong}");
        }
        assert_eq!(UnixTime(i64::MAX).to_string(), "9223372036854775807 s after 1970");
    }

    #[test]
    fn documents_have_times_in_intels_form_alone() {
        let read = |text: &str| serde_json::from_value::<UnixTime>(text.into());
        assert_eq!(read("2025-06-20T00:00:00Z").unwrap().to_string(), "2025-06-20T00:00:00Z");
        assert_eq!(read("2024-02-29T23:59:59Z").map(UnixTime::seconds).unwrap(), 1_709_251_199);
        for other in [
            "",
            "2025-06-20",
            "2025-06-20T00:00:00",
            "2025-06-20T00:00:00+00:00",
            "2025-06-20T02:00:00+02:00",
            "2025-06-20T00:00:00.000Z",
            "2025-06-20t00:00:00z",
            "2025-06-20 00:00:00Z",
            " 2025-06-20T00:00:00Z",
            "2025-06-20T00:00:00Z ",
            "2025-6-20T00:00:00Z",
            "20250620T000000Z",
            "2025-06-20T24:00:00Z",
            "2025-06-20T00:00:60Z",
            "2025-02-29T00:00:00Z",
            "+025-06-20T00:00:00Z",
            "\u{662}025-06-20T00:00:00Z",
        ] {
            let refused = read(other).unwrap_err().to_string();
            assert!(refused.starts_with(&format!("invalid time `{other}`: ")), "{refused}");
        }
        let long = read(&"x".repeat(1000)).unwrap_err().to_string();
        assert!(long.len() < 120, "{long}");
    }
}
