//! Durations on the command line and in files: a whole number and a unit, such as `90d` or `300s`.

use std::time::Duration;

/// The units, with their seconds.
const UNITS: [(&str, u64); 5] = [("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];

/// Reads a duration; none if the text is anything else. There are no fractions, no sums, and no spaces.
pub fn parse(text: &str) -> Option<Duration> {
    quantity(text, &UNITS).map(Duration::from_secs)
}

/// Reads a duration that is longer than nothing.
pub fn positive(text: &str) -> Result<Duration, String> {
    let duration = parse(text).filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| "use a number with the unit s, m, h, d or w, such as 30d".to_owned())
}

/// Reads a duration that is longer than nothing; a number without a unit is seconds, as it always was for some options.
pub fn or_seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..) => Ok(Duration::from_secs(seconds)),
        _ => positive(text),
    }
}

/// Reads a whole number with one of these units.
pub fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [("90d", 7_776_000), ("300s", 300), ("5m", 300), ("24h", 86_400), ("2w", 1_209_600)] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "90", "d", "90 d", " 90d", "-1d", "+1d", "1.5d", "1h30m", "90D", "90M", "9999999999999999999w"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_duration_that_must_be_positive_is_and_may_be_seconds_where_it_always_was() {
        assert_eq!(positive("30d"), Ok(Duration::from_secs(2_592_000)));
        assert_eq!(or_seconds("300"), Ok(Duration::from_secs(300)));
        assert_eq!(or_seconds("5m"), or_seconds("300s"));
        for text in ["0", "0s", "", "-5", "5 minutes"] {
            assert!(positive(text).is_err() && or_seconds(text).is_err(), "{text}");
        }
        assert!(positive("30").unwrap_err().contains("such as 30d"));
    }
}
