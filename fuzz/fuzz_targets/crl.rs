//! Any bytes as a revocation list.
#![no_main]

use dcap::Crl;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(crl) = Crl::from_der(bytes) {
        let _ = (crl.issuer_text(), crl.number(), crl.revokes(b"\x01"));
        assert_eq!(crl.der(), bytes);
    }
});
