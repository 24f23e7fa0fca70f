//! Any bytes as an answer of the quote service, to whatever was asked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use machine::qgs::{Collateral, PlatformInfo, TdQuote};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(quote) = TdQuote::decode(bytes) {
        assert!(!quote.quote.is_empty());
        assert_eq!(16 + 8 + quote.selected_id.len() + quote.quote.len(), bytes.len());
    }
    if let Ok(info) = PlatformInfo::decode(bytes) {
        assert_eq!(16 + 12 + info.platform_id.len() + info.cpu_svn.len(), bytes.len());
    }
    let _ = Collateral::decode(bytes);
});
