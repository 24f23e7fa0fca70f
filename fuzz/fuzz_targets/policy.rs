//! Any text as a policy, over a few claims: read, laid out, looked at, evaluated, explained.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::{Claim, Issuer, OwnedNames, Policy, Value, Vocabulary, format, lint};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let vocabulary = Vocabulary { owned: OwnedNames::new(&["iss", "exp"], &["x-ms-"]), ..Vocabulary::empty() };
    let _ = lint(text, &vocabulary);
    let Ok(policy) = Policy::parse(text) else { return };
    let formatted = format(text).expect("a policy is laid out");
    assert_eq!(format(&formatted).expect("what is laid out is a policy"), formatted);
    let _ = policy.configure(&vocabulary);
    let claim = |name: &str, value| Claim { name: name.into(), value, issuer: Issuer::AttestationService };
    let claims = [
        claim("a", Value::Integer(1)),
        claim("a", Value::Integer(2)),
        claim("b", Value::Boolean(true)),
        claim("type", Value::String("value".into())),
        claim("events", Value::String(r#"{"Events": [{"PcrIndex": 7, "ProcessedData": {"x": [1, "AQ"]}}]}"#.into())),
    ];
    let explanation = policy.explain(&claims, &vocabulary);
    assert_eq!(explanation.outcome, policy.decide(&claims, &vocabulary));
    let _ = explanation.text(&policy);
});
