//! Any bytes as a quote.
#![no_main]

use dcap::Quote;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(quote) = Quote::parse(bytes) {
        assert!(matches!(quote.version(), 3..=5));
        assert!(quote.padding() < bytes.len());
        let _ = format!("{:?}", (quote.tee(), quote.report(), quote.header(), quote.qe_report(), quote.certification()));
    }
});
