//! What passes the strict check is JSON, and stays so when it is written anew.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let strict = strict_json::check(bytes, 32);
    let plain = serde_json::from_slice::<serde_json::Value>(bytes);
    if strict.is_ok() {
        let value = plain.expect("strict JSON is JSON");
        strict_json::check(value.to_string().as_bytes(), 32).expect("and still is when written anew");
    } else if plain.is_err() {
        assert!(strict.is_err());
    }
});
