//! The samples of dcap-qvl's generated suite, with what that suite expects.

use std::fs;

use dcap::{Requirements, TcbStatus};
use problem::Problem;
use serde_json::Value;
use unix_time::UnixTime;

use crate::table::Table;
use crate::{answer, read, root, unpacked};

/// When the suite was made; its documents are valid for decades.
const AT: &str = "2026-11-29T01:03:05Z";

/// What the suite expects an error to say, and the codes of ours that are the same refusal.
const ERRORS: &[(&str, &[&str])] = &[
    (
        "CaUsedAsEndEntity",
        &["tcb_info_tcb_signing_certificate_wrong_subject", "qe_identity_tcb_signing_certificate_wrong_subject"],
    ),
    ("Certificate chain is too short for QE Identity", &["collateral_pem_malformed"]),
    ("Certificate chain is too short for TCB Info", &["collateral_pem_malformed"]),
    ("Debug mode is enabled", &["debug_not_allowed", "qe_identity_mismatch"]),
    ("Failed to decode QeIdentity", &["collateral_document_malformed"]),
    ("Failed to decode TcbInfo", &["collateral_document_malformed"]),
    ("Failed to decode quote", &["quote_version_unknown"]),
    ("Failed to evaluate the current TDX TCB (TEE_TCB_SVN2)", &["tdx_module_tcb_not_supported"]),
    ("Fmspc mismatch", &["collateral_missing"]),
    ("ISV enclave report signature is invalid", &["quote_bad_signature"]),
    // The documents of these samples have no levels, or do not describe the TDX module.
    ("No matching TCB level found", &["tcb_not_supported", "collateral_document_malformed"]),
    ("TCBInfo expired", &["collateral_document_malformed"]),
    ("SGX quote with non-SGX TCB info in the collateral", &["collateral_document_malformed"]),
    ("Not enough data to fill buffer", &["quote_truncated"]),
    ("QE ATTRIBUTES mismatch", &["qe_identity_mismatch"]),
    ("QE ISVPRODID mismatch", &["qe_identity_mismatch"]),
    ("QE Identity expired", &["qe_identity_expired"]),
    ("QE Identity issue date is in the future", &["qe_identity_not_yet_valid"]),
    ("QE MISCSELECT mismatch", &["qe_identity_mismatch"]),
    ("QE MRSIGNER mismatch", &["qe_identity_mismatch"]),
    ("QE report hash mismatch", &["attestation_key_not_bound"]),
    ("Reserved bits in TD attributes are set", &["reserved_attributes_not_allowed"]),
    ("SEPT_VE_DISABLE is not enabled", &["sept_ve_not_allowed"]),
    ("SERVTD_EXT is enabled", &["service_td_not_allowed"]),
    ("Signature is invalid for qe_identity", &["collateral_signer_missing"]),
    ("Signature is invalid for qe_report in quote", &["qe_report_bad_signature"]),
    ("Signature is invalid for tcb_info", &["collateral_signer_missing"]),
    ("TCB status is invalid: Revoked", &["tcb_revoked"]),
    ("TCBInfo issue date is in the future", &["tcb_info_not_yet_valid"]),
    ("TD migration is enabled", &["migratable_not_allowed"]),
    ("TD profiling is enabled", &["debug_not_allowed"]),
    ("TDX component count mismatch", &["collateral_document_malformed"]),
    ("TDX module MRSIGNER mismatch", &["tdx_module_mismatch"]),
    ("Unsupported DCAP PCK cert format", &["pck_chain_missing"]),
    (
        "Unsupported DCAP attestation key type",
        &["quote_is_epid", "quote_key_type_unknown", "quote_key_p384_unsupported"],
    ),
    ("Unsupported QE Identity id/version for the quote TEE type", &["collateral_missing"]),
    ("Unsupported quote version", &["quote_is_epid", "quote_version_unknown"]),
    ("Verification failed", &["quote_certification_type_unknown"]),
    ("is below minimum required from TDX module TCB levels", &["tdx_module_tcb_not_supported"]),
];

fn is_same_refusal(expected: &str, code: &str) -> bool {
    ERRORS.iter().any(|(theirs, ours)| *theirs == expected && ours.contains(&code))
}

#[test]
fn every_sample_is_answered_as_the_suite_expects_or_listed_with_the_reason() {
    let Some(directory) = unpacked("dcap-qvl-samples/samples.tar.xz", "dcap-qvl-samples") else { return };
    let roots = root(&read(&directory, "root.pem")).unwrap();
    let at = UnixTime::from_rfc3339(AT).unwrap();
    let mut table = Table::named("dcap-qvl");
    let mut samples = 0;
    for entry in fs::read_dir(directory.join("samples")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        samples += 1;
        let name = folder.file_name().unwrap().to_str().unwrap();
        let expected: Value = serde_json::from_slice(&read(&folder, "expected.json")).unwrap();
        let collateral = read(&folder, "collateral.json");
        let read_collateral: Value = serde_json::from_slice(&collateral).unwrap();
        // Where the suite has a platform's chain, it stands in the collateral.
        let beside = read_collateral["pck_certificate_chain"].as_str().map(str::as_bytes);
        let answer = answer(&read(&folder, "quote.bin"), &collateral, roots.clone(), beside, at);
        // The suite judges as well: what is acceptable is what it verifies.
        let accepted = answer.map_err(|refused| refused.code).and_then(|quote| {
            let (status, requirements) = (quote.tcb().status, Requirements::default());
            let accepted = requirements.accept([status]).unwrap().judge(quote);
            accepted.map(|_| status).map_err(|refusal| refusal.code().into_owned())
        });
        let (succeeds, error) = (expected["should_succeed"] == true, expected["expected_error"].as_str().unwrap());
        // An expected status that is empty is the best one.
        let status = match expected["expected_status"].as_str().unwrap() {
            "" => TcbStatus::UpToDate.as_str(),
            other => other,
        };
        match &accepted {
            Ok(ours) if succeeds && ours.as_str() == status => {}
            Err(code) if !succeeds && is_same_refusal(error, code) => {}
            Ok(ours) => table.differs(name, ours.as_str(), if succeeds { status } else { error }),
            Err(code) => table.differs(name, code, if succeeds { status } else { error }),
        }
    }
    assert_eq!(samples, 64);
    table.finish();
}
