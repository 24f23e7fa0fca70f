//! Any bytes as an HCL report.
#![no_main]

use abi::hcl::HclReport;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(report) = HclReport::parse(bytes) {
        assert_eq!(report.report().len(), report.hardware().size());
        assert_eq!(report.report_data().len(), 64);
        assert!(report.variable_data().len() < bytes.len());
    }
});
