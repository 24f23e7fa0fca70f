//! Services that judge recorded evidence: Intel's root, recorded collateral, and the time that it is from.

use std::fs;
use std::path::Path;

use attestation::VerificationClock;
use evidence::Requirements;
use serde_json::Value;
use unix_time::UnixTime;

use super::{Running, running_with};

/// A service with those pieces, as of that time, which accepts any status that can be accepted.
pub async fn as_of(pieces: &Path, at: UnixTime) -> Running {
    running_with(|config| {
        config.root_pem = None;
        config.collateral = Some(pieces.to_owned());
        config.requirements = Requirements::widest();
        config.clock = VerificationClock::Dangerous(at);
    })
    .await
}

/// A service with the collateral of the platform family of Azure's recordings.
pub async fn azure() -> Option<Running> {
    let recorded = test_support::recorded("quotes/collateral")?;
    let pieces = tempfile::tempdir().unwrap();
    let belongs = |name: &str| {
        name.contains("00906ed50000")
            || ["qeid_QE_", "crl_PCKProcessorCA", "crl_RootCA", "chain_tcb"].iter().any(|begin| name.starts_with(begin))
    };
    for entry in fs::read_dir(recorded).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if belongs(&name) {
            fs::copy(entry.path(), pieces.path().join(name)).unwrap();
        }
    }
    Some(as_of(pieces.path(), UnixTime::from_rfc3339("2025-05-27T20:31:08Z").unwrap()).await)
}

/// A service with the collateral of one case of `quotes/cases.json`, as of its time.
pub async fn of_case(directory: &Path, case: &Value) -> Running {
    let pieces = tempfile::tempdir().unwrap();
    let named = ["tcb_info", "qe_identity", "pck_crl", "root_crl", "tcb_chain", "qe_chain"];
    let named = named.iter().map(|piece| case[*piece].as_str().unwrap().to_owned());
    // Some cases name a certificate of the signer that was issued after their time; all of them are there.
    let signers = fs::read_dir(directory.join("collateral")).unwrap();
    let signers = signers.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for name in named.chain(signers.filter(|name| name.starts_with("cert_TCBSigning_"))) {
        fs::copy(directory.join("collateral").join(&name), pieces.path().join(&name)).unwrap();
    }
    as_of(pieces.path(), UnixTime::from_seconds(case["now"].as_i64().unwrap())).await
}
