//! A diagnosis names all that is wrong, and nothing where verification finds nothing.

use crate::simulated::{NOW, at, blueprint, key, quote_of, read_collateral, roots_of};
use dcap::{Diagnosis, Outcome, TcbStatus, Verifier, diagnose};
use simulator::pki::Name;
use simulator::{Blueprint, CaType, Link, Signer};

fn examine(made: &Blueprint) -> Diagnosis {
    let collateral = read_collateral(&made.collateral().unwrap()).unwrap();
    diagnose(&quote_of(made), None, &collateral, &roots_of(made), at(NOW))
}

/// Check and code of each failure.
fn failures(made: &Blueprint) -> Vec<(String, String)> {
    let failed = |finding: &dcap::Finding| match &finding.outcome {
        Outcome::Failed { code, message, help } => {
            assert!(!message.is_empty() && !help.is_empty());
            (finding.check.to_owned(), code.clone())
        }
        other => panic!("{other:?}"),
    };
    examine(made).failed().map(failed).collect()
}

/// What verification says, which stops at the first fault.
fn verdict(made: &Blueprint) -> Result<(), String> {
    let verifier = Verifier::new(roots_of(made)).remembering(0);
    let collateral = crate::simulated::collateral(made)?;
    crate::simulated::verify_with(&quote_of(made), &collateral, &verifier, at(NOW)).map(drop)
}

#[test]
fn intact_evidence_passes_every_check() {
    let made = blueprint(|_| ());
    let diagnosis = examine(&made);
    assert!(diagnosis.findings.iter().all(|finding| finding.outcome == Outcome::Passed), "{diagnosis:?}");
    assert_eq!(diagnosis.findings.len(), 23);
    assert_eq!(diagnosis.tcb.unwrap().status, TcbStatus::UpToDate);
    assert!(diagnosis.shortfalls.is_empty());
}

type Change = fn(&mut Blueprint);

/// The change, the check that fails by it, its code.
const FAULTS: &[(Change, &str, &str)] = &[
    (|b| b.quoting.header.qe_vendor_id[0] ^= 1, "quote.format", "quote_vendor_unknown"),
    (|b| b.quoting.trailing = vec![1], "quote.format", "quote_trailing_bytes"),
    (|b| b.pck_chain.truncate(2), "pck_chain", "pck_chain_length_wrong"),
    (|b| b.certificates.pck.signer = key().into(), "pck_chain", "pck_certificate_bad_signature"),
    (|b| b.certificates.pck.spec.sgx_extension = None, "pck_chain", "pck_certificate_sgx_extension_malformed"),
    (|b| b.certificates.pck.spec.not_after = at(NOW - 1), "pck_chain.validity", "pck_certificate_expired"),
    (|b| b.certificates.pck.spec.not_before = at(NOW + 1), "pck_chain.validity", "pck_certificate_not_yet_valid"),
    (|b| b.pck_crl_chain.truncate(1), "pck_crl.issuer_chain", "pck_crl_chain_length_wrong"),
    (|b| b.root_crl.signer = key().into(), "root_ca_crl", "root_ca_crl_bad_signature"),
    (|b| b.root_crl.spec.next_update = Some(at(NOW - 1)), "root_ca_crl.validity", "root_ca_crl_expired"),
    (|b| b.pck_crl.signer = key().into(), "pck_crl", "pck_crl_bad_signature"),
    (|b| b.pck_crl.spec.issuer = Name::simulated("A Stranger"), "pck_crl", "pck_crl_wrong_issuer"),
    (|b| b.pck_crl.spec.next_update = Some(at(NOW - 1)), "pck_crl.validity", "pck_crl_expired"),
    (|b| b.pck_crl.spec.this_update = at(NOW + 1), "pck_crl.validity", "pck_crl_not_yet_valid"),
    (|b| b.tcb_info.signer = key().into(), "tcb_info", "tcb_info_bad_signature"),
    (|b| b.tcb_info.spec.next_update = at(NOW - 1), "tcb_info.validity", "tcb_info_expired"),
    (|b| b.tcb_info.spec.issue_date = at(NOW + 1), "tcb_info.validity", "tcb_info_not_yet_valid"),
    (|b| b.qe_identity.signer = Signer::Bytes([1; 64]), "qe_identity", "qe_identity_bad_signature"),
    (|b| b.qe_identity.spec.next_update = at(NOW - 1), "qe_identity.validity", "qe_identity_expired"),
    (revoke_pck, "pck_certificate.revocation", "pck_certificate_revoked"),
    (other_ca, "pck_crl.issuer", "pck_crl_wrong_issuer"),
    (|b| b.tcb_info.spec.fmspc = "00906ed50000".to_owned(), "tcb_info.subject", "tcb_info_fmspc_mismatch"),
    (|b| b.tcb_info.spec.pce_id = "0001".to_owned(), "tcb_info.subject", "tcb_info_pceid_mismatch"),
    (|b| b.quoting.qe_report_signer = key().into(), "qe_report.signature", "qe_report_bad_signature"),
    (|b| b.quoting.qe_report_data = Some([7; 64]), "attestation_key", "attestation_key_not_bound"),
    (|b| b.quoting.qe_report.mr_signer = [7; 32], "qe_report.identity", "qe_identity_mismatch"),
    (|b| b.quoting.signer = key().into(), "quote.signature", "quote_bad_signature"),
    (|b| b.tcb_info.spec.tcb_levels[0].tcb_status = "Revoked".to_owned(), "tcb_level", "tcb_revoked"),
    (|b| b.quoting.qe_report.isv_svn = 0.into(), "tcb_level", "qe_tcb_not_supported"),
];

fn revoke_pck(made: &mut Blueprint) {
    made.pck_crl.spec.revoked.push(made.certificates.pck.spec.serial.clone());
}

fn other_ca(made: &mut Blueprint) {
    made.pck_crl = made.pck_crl_of(CaType::Processor);
    made.pck_crl_chain[0] = Link::Ca(CaType::Processor);
}

#[test]
fn each_fault_is_found_by_its_own_check_alone_with_the_code_of_verification() {
    for (number, (change, check, code)) in FAULTS.iter().enumerate() {
        let made = blueprint(*change);
        assert_eq!(failures(&made), [((*check).to_owned(), (*code).to_owned())], "{number}");
        assert_eq!(verdict(&made), Err((*code).to_owned()), "{number}");
    }
}

#[test]
fn two_faults_are_both_found() {
    for (number, (change, check, _)) in FAULTS.iter().enumerate() {
        // An expired QE identity hides nothing, and nothing hides it but a broken signature below it.
        let mut made = blueprint(|b| b.qe_identity.spec.next_update = at(NOW - 1));
        change(&mut made);
        let found: Vec<String> = failures(&made).into_iter().map(|(check, _)| check).collect();
        assert!(found.contains(&(*check).to_owned()), "{number}: {found:?}");
        let rests_on = ["pck_crl.issuer_chain", "root_ca_crl", "qe_identity"];
        assert_eq!(
            found.contains(&"qe_identity.validity".to_owned()),
            !rests_on.contains(check),
            "{number}: {found:?}"
        );
    }
}

#[test]
fn an_old_platform_does_not_hide_an_expired_list() {
    let mut made = blueprint(|b| b.pck_crl.spec.next_update = Some(at(NOW - 1)));
    made.tcb_info.spec.tcb_levels[0].pce_svn = 14;
    let diagnosis = examine(&made);
    assert_eq!(failures(&made), [("pck_crl.validity".to_owned(), "pck_crl_expired".to_owned())]);
    assert_eq!(diagnosis.tcb.unwrap().status, TcbStatus::OutOfDate);
    assert_eq!(diagnosis.shortfalls.len(), 1);
}

#[test]
fn what_rests_on_a_failed_check_is_skipped_and_says_so() {
    let diagnosis = examine(&blueprint(|b| b.tcb_info.signer = key().into()));
    let skipped = diagnosis.findings.iter().filter_map(|finding| match finding.outcome {
        Outcome::Skipped { because } => Some((finding.check, because)),
        _ => None,
    });
    let on_tcb_info = ["tcb_info.validity", "tcb_info.subject", "tdx_module", "tcb_level"];
    assert_eq!(skipped.collect::<Vec<_>>(), on_tcb_info.map(|check| (check, "tcb_info")));
    assert!(diagnosis.tcb.is_none() && diagnosis.shortfalls.is_empty());
}

#[test]
fn no_quote_at_all_leaves_the_collateral_to_be_examined() {
    let made = blueprint(|b| b.pck_crl.spec.next_update = Some(at(NOW - 1)));
    let collateral = read_collateral(&made.collateral().unwrap()).unwrap();
    for bytes in [&b""[..], b"no quote", &[0xff; 5000]] {
        let diagnosis = diagnose(bytes, None, &collateral, &roots_of(&made), at(NOW));
        let failed: Vec<&str> = diagnosis.failed().map(|finding| finding.check).collect();
        assert_eq!(failed, ["quote.format", "pck_crl.validity"]);
    }
}
