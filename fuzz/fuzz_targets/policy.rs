//! Any text as a policy, over a few claims.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::{Claim, Issuer, OwnedNames, Policy, Value};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(policy) = Policy::parse(text) else { return };
    let owned = OwnedNames::new(&["iss", "exp"], &["x-ms-"]);
    let _ = policy.check_owned(&owned);
    let _ = policy.configure();
    let claim = |name: &str, value| Claim { name: name.into(), value, issuer: Issuer::AttestationService };
    let claims = [
        claim("a", Value::Integer(1)),
        claim("a", Value::Integer(2)),
        claim("b", Value::Boolean(true)),
        claim("type", Value::String("value".into())),
    ];
    let _ = policy.decide(&claims, &owned);
});
