//! Cases after the tests of Intel's quote verification library, with what that library answers to the same bytes.

use dcap::{IntelResult, TcbStatus};
use serde_json::Value;
use unix_time::UnixTime;

use crate::table::Table;
use crate::{answer, read, root, unpacked};

/// The first code of an error of Intel's library, and with what the codes of the same refusal here begin.
const REFUSALS: &[(&str, &[&str])] = &[
    ("INVALID_PCK_CERT", &["root_certificate_untrusted"]),
    ("INVALID_QE_REPORT_SIGNATURE", &["qe_report_bad_signature"]),
    ("INVALID_QUOTE_SIGNATURE", &["quote_bad_signature"]),
    // An identity of another enclave is not chosen, and an ISVPRODID of more than two bytes is not read.
    ("QE_IDENTITY_MISMATCH", &["qe_identity_mismatch", "collateral_missing", "collateral_document_malformed"]),
    ("SGX_CRL_EXPIRED", &["pck_crl_not_yet_valid", "root_ca_crl_expired"]),
    ("SGX_CRL_INVALID_EXTENSIONS", &["collateral_crl_malformed"]),
    ("SGX_CRL_UNKNOWN_ISSUER", &["collateral_missing"]),
    ("SGX_CRL_UNSUPPORTED_FORMAT", &["collateral_crl_malformed"]),
    ("SGX_ENCLAVE_IDENTITY_INVALID", &["collateral_document_malformed"]),
    ("SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE", &["collateral_signer_missing"]),
    ("SGX_INTERMEDIATE_CA_INVALID_EXTENSIONS", &["pck_ca_certificate_malformed"]),
    ("SGX_INTERMEDIATE_CA_MISSING", &["pck_ca_certificate_wrong_subject"]),
    ("SGX_INTERMEDIATE_CA_REVOKED", &["pck_crl_pck_ca_certificate_revoked"]),
    ("SGX_PCK_CERT_CHAIN_EXPIRED", &["pck_certificate_expired", "root_certificate_expired"]),
    ("SGX_PCK_CERT_CHAIN_UNTRUSTED", &["root_certificate_untrusted"]),
    ("SGX_PCK_INVALID_EXTENSIONS", &["pck_certificate_sgx_extension_malformed", "root_certificate_malformed"]),
    ("SGX_PCK_INVALID_ISSUER", &["pck_certificate_wrong_issuer_key"]),
    ("SGX_PCK_MISSING", &["pck_certificate_wrong_subject"]),
    ("SGX_PCK_REVOKED", &["pck_certificate_revoked"]),
    ("SGX_ROOT_CA_INVALID_EXTENSIONS", &["collateral_certificate_malformed", "pck_certificate_malformed"]),
    ("SGX_ROOT_CA_MISSING", &["root_certificate_wrong_subject"]),
    ("SGX_SIGNING_CERT_CHAIN_EXPIRED", &["tcb_info_tcb_signing_certificate_expired"]),
    ("SGX_TCB_INFO_INVALID", &["collateral_document_malformed"]),
    ("SGX_TCB_INFO_UNSUPPORTED_FORMAT", &["collateral_document_malformed"]),
    ("SGX_TCB_SIGNING_CERT_MISSING", &["tcb_info_tcb_signing_certificate_wrong_subject"]),
    ("TCB_INFO_INVALID_SIGNATURE", &["collateral_signer_missing"]),
    // TCB Info of another platform is not chosen, and an FMSPC that stands twice is not read.
    ("TCB_INFO_MISMATCH", &["collateral_missing", "pck_certificate_sgx_extension_malformed"]),
    (
        "TCB_NOT_SUPPORTED",
        &[
            "tcb_not_supported",
            "qe_tcb_not_supported",
            "tdx_module_tcb_not_supported",
            "tdx_module_mismatch",
            "tdx_module_status_unknown",
            // A component of more than one byte, which Intel's library cuts.
            "pck_certificate_sgx_extension_malformed",
        ],
    ),
    ("TCB_REVOKED", &["tcb_revoked"]),
    ("TDX_MODULE_MISMATCH", &["tdx_module_mismatch"]),
    ("UNSUPPORTED_CERT_FORMAT", &["pck_chain_", "pck_certificate_sgx_extension_malformed"]),
    ("UNSUPPORTED_QUOTE_FORMAT", &["quote_"]),
];

fn is_same_refusal(intel: &str, code: &str) -> bool {
    let first = intel.trim_start_matches("ERR STATUS_").split(',').next();
    REFUSALS.iter().any(|(theirs, ours)| Some(*theirs) == first && ours.iter().any(|begin| code.starts_with(begin)))
}

/// What Intel's library answers in the terms of its caller: a status, or an error, which always is terminal.
fn in_intels_terms(intel: &str) -> Option<IntelResult> {
    intel.parse::<TcbStatus>().ok().map(IntelResult::from)
}

#[test]
fn every_case_is_answered_as_intels_library_does_or_listed_with_the_reason() {
    let Some(index) = test_support::recorded("intel-cases/index.json") else { return };
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
            // Both refuse for the same reason, and what is said of Intel's library is an error as well.
            (Err(refused), None) if is_same_refusal(intel, &refused.code) => {
                assert!(refused.intel.is_none_or(IntelResult::is_terminal), "{id}: {refused:?}");
            }
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
