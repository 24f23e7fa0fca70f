//! Any text as a policy JWS, and as one that adds a certificate: read, its signature checked.
#![no_main]

use attestation::policy_jws::{CertificateJws, PolicyJws, unsecured};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let _ = CertificateJws::read(text);
    let Ok(policy) = PolicyJws::read(text) else { return };
    if let Some(text) = policy.text() {
        let again = PolicyJws::read(&unsecured(text)).expect("what is written is read");
        assert_eq!(again.text(), Some(text));
    }
});
