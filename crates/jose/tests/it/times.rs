//! Each end of the times of claims, to the second.

use jose::{TimeError, Times};
use serde_json::{Map, Value, json};
use unix_time::UnixTime;

fn claims(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn check(value: Value, at: i64, leeway: i64) -> Result<(), TimeError> {
    Times::read(&claims(value)).unwrap().check(UnixTime::from_seconds(at), leeway)
}

#[test]
fn both_ends_are_exact_with_leeway_and_without() {
    let all = || json!({"exp": 200, "nbf": 100, "iat": 100});
    assert!(check(all(), 100, 0).is_ok() && check(all(), 199, 0).is_ok());
    assert!(matches!(check(all(), 99, 0), Err(TimeError::NotYetValid { .. })));
    assert!(matches!(check(all(), 200, 0), Err(TimeError::Expired { .. })));
    assert!(check(all(), 90, 10).is_ok() && check(all(), 209, 10).is_ok());
    assert!(matches!(check(all(), 89, 10), Err(TimeError::NotYetValid { .. })));
    assert!(matches!(check(all(), 210, 10), Err(TimeError::Expired { .. })));
    assert!(matches!(check(json!({"exp": 200, "iat": 100}), 99, 0), Err(TimeError::IssuedInFuture { .. })));
}

#[test]
fn extreme_times_are_plain_answers() {
    for at in [i64::MIN, i64::MAX] {
        assert!(check(json!({"exp": 200, "nbf": 100, "iat": 100}), at, 60).is_err());
    }
    assert!(check(json!({"exp": i64::MAX, "nbf": i64::MIN}), 0, i64::MAX).is_ok());
}

#[test]
fn times_are_whole_seconds_and_only_the_end_is_needed() {
    assert!(Times::read(&claims(json!({"exp": 1}))).is_ok());
    assert_eq!(Times::read(&claims(json!({"nbf": 1}))), Err(TimeError::Missing { claim: "exp" }));
    for claim in ["exp", "nbf", "iat"] {
        for value in [json!("1800000000"), json!(1.5), json!(null), json!(u64::MAX)] {
            let mut all = claims(json!({"exp": 1, "nbf": 1, "iat": 1}));
            all.insert(claim.to_owned(), value);
            assert_eq!(Times::read(&all), Err(TimeError::Missing { claim }));
        }
    }
}
