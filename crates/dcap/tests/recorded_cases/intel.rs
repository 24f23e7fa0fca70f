//! Cases after the tests of Intel's quote verification library, with what that library answers to the same bytes.

use dcap::{IntelResult, TcbStatus, UnixTime};
use serde_json::Value;

use crate::table::Table;
use crate::{answer, read, root, unpacked};

/// What Intel's library answers in the terms of its caller: a status, or an error, which always is terminal.
fn in_intels_terms(intel: &str) -> Option<IntelResult> {
    intel.parse::<TcbStatus>().ok().map(IntelResult::from)
}

#[test]
fn every_case_is_answered_as_intels_library_does_or_listed_with_the_reason() {
    let Some(index) = test_data::recorded("intel-cases/index.json") else { return };
    let Some(directory) = unpacked("intel-cases/cases.tar.xz", "intel-cases") else { return };
    let index: Value = serde_json::from_slice(&std::fs::read(index).unwrap()).unwrap();
    let mut table = Table::named("intel");
    let cases = index["cases"].as_array().unwrap();
    for case in cases {
        let text = |name: &str| case[name].as_str();
        let (id, intel) = (text("id").unwrap(), text("intel").unwrap());
        let folder = directory.join("intel").join(text("folder").unwrap_or(id));
        let at = UnixTime::from_rfc3339(text("at").unwrap()).unwrap();
        let beside = case["pckChainBeside"].as_bool().unwrap().then(|| read(&folder, "pck_chain.pem"));
        let (quote, collateral) = (read(&folder, "quote.bin"), read(&folder, "ref.json"));
        let answer = root(&read(&folder, "root.pem"))
            .and_then(|roots| answer(&quote, &collateral, roots, beside.as_deref(), at));
        let intels = in_intels_terms(intel);
        match (&answer, intels) {
            (Ok(quote), Some(_)) if quote.tcb().status.as_str() == intel => {
                assert_eq!(Some(IntelResult::from(quote.tcb().status)), intels, "{id}");
            }
            // Both refuse, and what is said of Intel's library is an error as well.
            (Err(refused), None) => assert!(refused.intel.is_none_or(IntelResult::is_terminal), "{id}: {refused:?}"),
            (Ok(quote), _) => table.differs(id, quote.tcb().status.as_str(), intel),
            (Err(refused), _) => {
                table.differs(id, &refused.code, intel);
                // A revoked current level is refused knowingly, and the result is what Intel's library says.
                if refused.code == "tcb_revoked" {
                    assert_eq!(refused.intel, intels, "{id}");
                }
            }
        }
    }
    assert!(cases.len() >= 417, "{} cases", cases.len());
    table.finish();
}
