//! Any bytes as a file of collateral.
#![no_main]

use collateral::CollateralSet;
use unix_time::UnixTime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut set = CollateralSet::default();
    if set.add("file", bytes).is_ok() {
        let _ = set.list(UnixTime::from_seconds(1_790_000_000));
    }
});
