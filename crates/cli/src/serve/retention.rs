//! How long and how large the audit is kept: `--audit-retention 90d`, `10GiB` or `90d,10GiB`, and `--audit-max-size 10GiB`.

use std::time::Duration;

use attestation::Retention;

use crate::failure::Failure;

/// What is less deletes records before anybody can have read them; most likely the unit is wrong.
const SHORTEST: u64 = 3600;
const SMALLEST: u64 = 1 << 20;

const DURATIONS: [(&str, u64); 5] = [("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
const SIZES: [(&str, u64); 6] =
    [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("MB", 1_000_000), ("GB", 1_000_000_000)];

/// Reads both options; none without either.
pub fn read(retention: Option<&str>, max_size: Option<&str>) -> Result<Option<Retention>, Failure> {
    let (mut age, mut size) = (None, None);
    for part in retention.into_iter().flat_map(|text| text.split(',')).map(str::trim) {
        let (known, number, least, name) = match (quantity(part, &DURATIONS), quantity(part, &SIZES)) {
            (Some(seconds), _) => (&mut age, seconds, SHORTEST, "an hour"),
            (None, Some(bytes)) => (&mut size, bytes, SMALLEST, "1MiB"),
            (None, None) => return Err(malformed("--audit-retention", part)),
        };
        if number < least {
            return Err(too_little("--audit-retention", part, name));
        }
        if known.replace(number).is_some() {
            return Err(twice(part));
        }
    }
    if let Some(text) = max_size.map(str::trim) {
        let bytes = quantity(text, &SIZES).ok_or_else(|| malformed("--audit-max-size", text))?;
        if bytes < SMALLEST {
            return Err(too_little("--audit-max-size", text, "1MiB"));
        }
        if size.replace(bytes).is_some() {
            return Err(twice(text));
        }
    }
    Ok(Retention::new(age.map(Duration::from_secs), size))
}

/// A whole number with one of the units.
fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn malformed(option: &str, part: &str) -> Failure {
    let help = if option == "--audit-max-size" {
        "give a size such as 500MiB or 10GiB"
    } else {
        "give an age such as 90d or 12w, a size such as 10GiB, or both with a comma: 90d,10GiB"
    };
    Failure::usage("audit_retention_malformed", format!("invalid value `{part}` of {option}"), help)
}

fn too_little(option: &str, part: &str, least: &str) -> Failure {
    let help = "a smaller limit would delete records before anybody can have read them";
    Failure::usage("audit_retention_too_small", format!("`{part}` of {option} is less than {least}"), help)
}

fn twice(part: &str) -> Failure {
    let message = format!("`{part}` limits the audit a second time in the same way");
    Failure::usage("audit_retention_twice", message, "give one age and one size at most")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_a_size_or_both_are_read_in_either_form() {
        let day = Duration::from_secs(86_400);
        let of = |days: Option<u32>, size: Option<u64>| Retention::new(days.map(|days| day * days), size);
        for (retention, max_size, expected) in [
            (None, None, None),
            (Some("90d"), None, of(Some(90), None)),
            (Some("2w"), None, of(Some(14), None)),
            (Some("24h"), None, of(Some(1), None)),
            (Some("10GiB"), None, of(None, Some(10 << 30))),
            (Some("90d,10GiB"), None, of(Some(90), Some(10 << 30))),
            (Some("10GB, 90d"), None, of(Some(90), Some(10_000_000_000))),
            (Some("90d"), Some("500MiB"), of(Some(90), Some(500 << 20))),
            (None, Some("1TiB"), of(None, Some(1 << 40))),
        ] {
            assert_eq!(read(retention, max_size).unwrap(), expected, "{retention:?} {max_size:?}");
        }
    }

    #[test]
    fn other_limits_are_refused() {
        for (retention, max_size, code) in [
            (Some(""), None, "audit_retention_malformed"),
            (Some("90"), None, "audit_retention_malformed"),
            (Some("d"), None, "audit_retention_malformed"),
            (Some("90 d"), None, "audit_retention_malformed"),
            (Some("-1d"), None, "audit_retention_malformed"),
            (Some("1.5d"), None, "audit_retention_malformed"),
            (Some("90d,"), None, "audit_retention_malformed"),
            (Some("10gib"), None, "audit_retention_malformed"),
            (Some("99999999999999999999d"), None, "audit_retention_malformed"),
            (Some("9999999999999999999w"), None, "audit_retention_malformed"),
            (None, Some("90d"), "audit_retention_malformed"),
            (None, Some("10"), "audit_retention_malformed"),
            (Some("90s"), None, "audit_retention_too_small"),
            (Some("90d,10KiB"), None, "audit_retention_too_small"),
            (None, Some("10KiB"), "audit_retention_too_small"),
            (Some("90d,80d"), None, "audit_retention_twice"),
            (Some("10GiB"), Some("10GiB"), "audit_retention_twice"),
        ] {
            let refused = read(retention, max_size).unwrap_err();
            assert_eq!(refused.code(), code, "{retention:?} {max_size:?}");
            assert!(!refused.help().is_empty());
        }
    }
}
