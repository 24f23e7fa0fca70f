//! Numbers: whole ones stay whole, and `1` is `1.0`.

use std::cmp::Ordering;

use serde_json::Number;

use super::Json;

/// The order of two numbers; all of JSON's are finite.
pub(super) fn compare(a: &Number, b: &Number) -> Ordering {
    if let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) {
        return a.cmp(&b);
    }
    if a.is_f64() && b.is_f64() {
        return float(a).partial_cmp(&float(b)).unwrap_or(Ordering::Equal);
    }
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => float(a).total_cmp(&float(b)),
    }
}

fn whole(number: &Number) -> Option<i128> {
    let signed = number.as_i64().map(i128::from);
    signed.or_else(|| number.as_u64().map(i128::from)).or_else(|| whole_float(float(number)))
}

/// A float without a fraction, in the range where floats are exact.
fn whole_float(number: f64) -> Option<i128> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    // Within that range the conversion loses nothing.
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within 2^53")]
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i128)
}

pub(super) fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or_default()
}

/// A float as a number, whole where it is one; a float that is not finite is no JSON.
pub(super) fn of_float(number: f64) -> Option<Json> {
    let whole = whole_float(number).and_then(|whole| i64::try_from(whole).ok()).map(Number::from);
    whole.or_else(|| Number::from_f64(number)).map(Json::Number)
}

/// As it would have come out of a document; none where it is too large for one.
pub(super) fn normal(number: &Number) -> Option<Json> {
    if number.is_f64() && float(number) == 0.0 {
        return Some(Json::Number(0.into()));
    }
    float(number).is_finite().then(|| Json::Number(number.clone()))
}

/// Whole numbers are added exactly, as far as they go.
pub(super) fn sum(numbers: &[&Number]) -> Option<Json> {
    let exact = numbers.iter().try_fold(0_i64, |sum, number| sum.checked_add(number.as_i64()?));
    match exact {
        Some(sum) => Some(Json::Number(sum.into())),
        None => of_float(numbers.iter().map(|number| float(number)).sum()),
    }
}

pub(super) fn absolute(number: &Number) -> Option<Json> {
    match number.as_i64() {
        Some(whole) => Some(Json::Number(whole.unsigned_abs().into())),
        None if number.is_u64() => Some(Json::Number(number.clone())),
        None => of_float(float(number).abs()),
    }
}

/// `round` is applied to what has a fraction.
pub(super) fn rounded(number: &Number, round: fn(f64) -> f64) -> Option<Json> {
    if number.is_f64() { of_float(round(float(number))) } else { Some(Json::Number(number.clone())) }
}
