//! How long and how large the audit is kept: `--audit-retention 90d`, `10GiB` or `90d,10GiB`, and `--audit-max-size 10GiB`.

use std::borrow::Cow;
use std::time::Duration;

use attestation::Retention;
use problem::Problem;

use crate::duration;

/// What is less deletes records before anybody can have read them; most likely the unit is wrong.
const SHORTEST: Duration = Duration::from_secs(3600);
const SMALLEST: u64 = 1 << 20;

const SIZES: [(&str, u64); 6] =
    [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("MB", 1_000_000), ("GB", 1_000_000_000)];

/// Bounds of the audit: an age, a size in bytes, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    age: Option<Duration>,
    size: Option<u64>,
}

/// Why bounds of the audit are refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBounds {
    /// One part is neither an age nor a size.
    #[error("use an age such as 90d or 12w, a size such as 10GiB, or both with a comma: 90d,10GiB")]
    AgeOrSize,
    /// The text is not a size.
    #[error("use a size such as 500MiB or 10GiB")]
    Size,
    /// The bound is very small.
    #[error("`{part}` is less than {least}, so records would be deleted before anybody can have read them")]
    TooSmall { part: String, least: &'static str },
    /// The audit has two bounds of one kind.
    #[error("`{0}` limits the audit a second time in the same way")]
    Twice(String),
}

impl Problem for InvalidBounds {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::AgeOrSize | Self::Size => "audit_retention_malformed",
            Self::TooSmall { .. } => "audit_retention_too_small",
            Self::Twice(_) => "audit_retention_twice",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::AgeOrSize => {
                "the units of an age are s, m, h, d and w; those of a size KiB, MiB, GiB, TiB, MB and GB".into()
            }
            Self::Size => "the units of a size are KiB, MiB, GiB, TiB, MB and GB".into(),
            Self::TooSmall { least, .. } => format!("use {least} or more").into(),
            Self::Twice(_) => "give one age and one size at most".into(),
        }
    }
}

/// Reads `--audit-retention`: an age, a size, or both.
pub fn age_or_size(text: &str) -> Result<Bounds, InvalidBounds> {
    let mut bounds = Bounds::default();
    for part in text.split(',').map(str::trim) {
        let one = match duration::parse(part) {
            Some(age) if age < SHORTEST => return Err(too_small(part, "an hour")),
            Some(age) => Bounds { age: Some(age), size: None },
            None if duration::quantity(part, &SIZES).is_none() => {
                return Err(InvalidBounds::AgeOrSize);
            }
            None => size(part)?,
        };
        bounds = bounds.and(one, part)?;
    }
    Ok(bounds)
}

/// Reads `--audit-max-size`.
pub fn size(text: &str) -> Result<Bounds, InvalidBounds> {
    let text = text.trim();
    match duration::quantity(text, &SIZES) {
        Some(bytes) if bytes < SMALLEST => Err(too_small(text, "1MiB")),
        Some(bytes) => Ok(Bounds { age: None, size: Some(bytes) }),
        None => Err(InvalidBounds::Size),
    }
}

/// Puts both options together; none without either.
pub fn together(retention: Option<Bounds>, max_size: Option<Bounds>) -> Result<Option<Retention>, InvalidBounds> {
    let bounds = retention.unwrap_or_default().and(max_size.unwrap_or_default(), "--audit-max-size")?;
    Ok(Retention::new(bounds.age, bounds.size))
}

impl Bounds {
    fn and(self, other: Self, name: &str) -> Result<Self, InvalidBounds> {
        if (self.age.is_some() && other.age.is_some()) || (self.size.is_some() && other.size.is_some()) {
            return Err(InvalidBounds::Twice(name.to_owned()));
        }
        Ok(Self { age: self.age.or(other.age), size: self.size.or(other.size) })
    }
}

fn too_small(part: &str, least: &'static str) -> InvalidBounds {
    InvalidBounds::TooSmall { part: part.to_owned(), least }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(retention: Option<&str>, max_size: Option<&str>) -> Result<Option<Retention>, InvalidBounds> {
        together(retention.map(age_or_size).transpose()?, max_size.map(size).transpose()?)
    }

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
