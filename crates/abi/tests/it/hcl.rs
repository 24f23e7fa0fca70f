//! HCL reports, laid out by hand.

use abi::hcl::{Hardware, HclError, HclReport};
use aws_lc_rs::digest::{SHA256, digest};
use proptest::prelude::*;

const JSON: &[u8] = br#"{"keys":[{"kid":"HCLAkPub"}]}"#;
/// Where the description of the data begins.
const DATA: usize = 32 + 1184;

fn report(report_type: u32, report_data: usize) -> Vec<u8> {
    let mut bytes = b"HCLA".to_vec();
    bytes.resize(DATA, 0);
    for word in [20 + JSON.len() as u32, 1, report_type, 1, JSON.len() as u32] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(JSON);
    bytes[32 + report_data..][..32].copy_from_slice(digest(&SHA256, JSON).as_ref());
    // The NV index is longer.
    bytes.resize(2600, 0);
    bytes
}

fn tdx() -> Vec<u8> {
    report(4, 128)
}

fn error(change: impl FnOnce(&mut Vec<u8>)) -> HclError {
    let mut bytes = tdx();
    change(&mut bytes);
    HclReport::parse(&bytes).unwrap_err()
}

#[test]
fn reads_reports_of_both_kinds() {
    let bytes = tdx();
    let parsed = HclReport::parse(&bytes).unwrap();
    assert_eq!((parsed.hardware(), parsed.report().len()), (Hardware::Tdx, 1024));
    assert_eq!(parsed.variable_data(), JSON);
    assert_eq!(parsed.report_data()[..32], *digest(&SHA256, JSON).as_ref());
    assert_eq!(parsed.report_data().len(), 64);
    let bytes = report(2, 80);
    let parsed = HclReport::parse(&bytes).unwrap();
    assert_eq!((parsed.hardware(), parsed.report().len()), (Hardware::SevSnp, 1184));
}

#[test]
fn refuses_what_is_bound_to_something_else() {
    assert_eq!(error(|bytes| bytes[DATA + 20] ^= 1), HclError::Binding);
    assert_eq!(error(|bytes| bytes[32 + 128] ^= 1), HclError::Binding);
    // The hash where the other kind has it.
    assert_eq!(HclReport::parse(&report(2, 128)), Err(HclError::Binding));
}

#[test]
fn refuses_other_forms_by_name() {
    assert_eq!(error(|bytes| bytes[0] = b'h'), HclError::Signature);
    assert_eq!(error(|bytes| bytes[DATA + 8] = 3), HclError::Hardware(3));
    assert_eq!(error(|bytes| bytes[DATA + 12] = 2), HclError::Hash(2));
    assert_eq!(error(|bytes| bytes.truncate(DATA + 19)), HclError::TooShort);
    assert_eq!(error(|bytes| bytes.clear()), HclError::TooShort);
    assert_eq!(error(|bytes| bytes.resize((64 << 10) + 1, 0)), HclError::TooLong);
    let (claimed, left) = (JSON.len() as u32, JSON.len() - 1);
    assert_eq!(error(|bytes| bytes.truncate(DATA + 20 + left)), HclError::VariableData { claimed, left });
    let giant = error(|bytes| bytes[DATA + 16..DATA + 20].fill(0xff));
    assert!(matches!(giant, HclError::VariableData { claimed: u32::MAX, .. }));
}

proptest! {
    #[test]
    fn a_changed_report_is_refused_or_still_bound(index in 0..DATA + 60, byte: u8) {
        let mut bytes = tdx();
        bytes[index] = byte;
        if let Ok(parsed) = HclReport::parse(&bytes) {
            let hash = digest(&SHA256, parsed.variable_data());
            prop_assert_eq!(&parsed.report_data()[..32], hash.as_ref());
        }
    }
}
