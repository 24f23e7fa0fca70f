//! Supplemental data in Intel's terms.

use crate::simulated::{NOW, at, blueprint, quote_of, roots_of, verify_collateral};
use collateral::CollateralSet;
use dcap::{Quote, Supplemental, TcbStatus, TrustedRoots, VerifiedCollateral, Verifier};
use simulator::{Blueprint, CaType};
use unix_time::UnixTime;

fn of(made: &Blueprint, collateral: &VerifiedCollateral) -> Supplemental {
    let verifier = Verifier::new(roots_of(made));
    let bytes = quote_of(made);
    let quote = Quote::parse(&bytes).unwrap();
    let pck = verifier.prove(&quote, None, at(NOW)).unwrap();
    let verified = verifier.verify(&quote, &pck, collateral, at(NOW)).unwrap();
    verified.supplemental()
}

fn supplemental(made: &Blueprint) -> Supplemental {
    of(made, &verify_collateral(made).unwrap())
}

#[test]
fn every_date_bears_on_the_earliest_and_the_latest() {
    type Set = fn(&mut Blueprint, UnixTime);
    let ends: [Set; 8] = [
        |b, until| b.root_crl.spec.next_update = Some(until),
        |b, until| b.pck_crl.spec.next_update = Some(until),
        |b, until| b.certificates.platform_ca.spec.not_after = until,
        |b, until| b.certificates.pck.spec.not_after = until,
        |b, until| b.certificates.root.spec.not_after = until,
        |b, until| b.certificates.tcb_signing.spec.not_after = until,
        |b, until| b.tcb_info.spec.next_update = until,
        |b, until| b.qe_identity.spec.next_update = until,
    ];
    for (number, set) in ends.iter().enumerate() {
        let mut made = blueprint(|_| ());
        set(&mut made, at(NOW + 7));
        let found = supplemental(&made);
        assert_eq!(found.earliest_expiration_date, at(NOW + 7), "{number}");
        assert!(!found.is_collateral_expired(at(NOW + 6)) && found.is_collateral_expired(at(NOW + 7)), "{number}");
        let is_of_identity = matches!(number, 4 | 5 | 7);
        assert_eq!(found.qe_iden_earliest_expiration_date == at(NOW + 7), is_of_identity, "{number}");
    }
    let mut made = blueprint(|_| ());
    made.pck_crl.spec.this_update = at(NOW - 5);
    made.certificates.root.spec.not_before = at(NOW - 1_000_000);
    let found = supplemental(&made);
    assert_eq!((found.earliest_issue_date, found.latest_issue_date), (at(NOW - 1_000_000), at(NOW)));
}

#[test]
fn the_platform_is_the_certificates() {
    let made = blueprint(|b| b.pck_crl.spec.crl_number = Some(0x01_0000));
    let extension = made.certificates.pck.spec.sgx_extension.as_ref().unwrap();
    let found = supplemental(&made);
    assert_eq!(found.pck_ppid[..], extension.ppid);
    assert_eq!(found.tcb_cpusvn[..], extension.cpu_svn);
    assert_eq!(u32::from(found.tcb_pce_isvsvn), extension.pce_svn);
    assert_eq!(found.platform_instance_id[..], *extension.platform_instance_id.as_ref().unwrap());
    assert_eq!([found.dynamic_platform, found.cached_keys, found.smt_enabled], [Some(true); 3]);
    assert_eq!((found.sgx_type, found.tee_type, found.pce_id), (1, 0, [0, 0]));
    assert_eq!((found.pck_crl_num, found.root_ca_crl_num), (Some(0x01_0000), Some(1)));
    assert_eq!((found.qe_iden_status, found.sa_list.as_str()), (TcbStatus::UpToDate, ""));
    let processor = supplemental(&Blueprint::under(CaType::Processor, at(NOW)).unwrap());
    assert_eq!((processor.platform_instance_id, processor.smt_enabled), ([0; 16], None));
    let long = blueprint(|b| b.pck_crl.spec.crl_number = Some(1 << 32));
    assert_eq!(supplemental(&long).pck_crl_num, None);
}

#[test]
fn a_verified_quote_tells_of_the_collateral_that_it_was_verified_with() {
    let one = blueprint(|_| ());
    let mut newer = one.clone();
    newer.tcb_info.spec.tcb_evaluation_data_number += 1;
    newer.qe_identity.spec.tcb_evaluation_data_number += 1;
    let number = |collateral: &Blueprint| of(&one, &verify_collateral(collateral).unwrap()).tcb_eval_ref_num;
    assert_eq!(number(&newer), number(&one) + 1);
}

/// Expected values were read from the sample's pieces with openssl, and the key's hash was computed apart.
#[test]
fn a_real_quote_has_intels_values() {
    let directory = test_support::package("dcap-qvl").join("sample");
    let at = UnixTime::from_rfc3339("2025-06-20T00:00:00Z").unwrap();
    let verifier = Verifier::new(TrustedRoots::intel());
    let bytes = std::fs::read(directory.join("sgx_quote")).unwrap();
    let quote = Quote::parse(&bytes).unwrap();
    let pck = verifier.prove(&quote, None, at).unwrap();
    let set = CollateralSet::load(&directory.join("sgx_quote_collateral.json")).unwrap();
    let choice = set.choose(&pck.family(quote.tee()), at).unwrap();
    let collateral = verifier.verify_collateral(choice.collateral, at).unwrap();
    let verified = verifier.verify(&quote, &pck, &collateral, at).unwrap();
    let found = verified.supplemental();
    let json = serde_json::to_value(&found).unwrap();
    let expected = serde_json::json!({
        // The root certificate, and TCB Info.
        "earliest_issue_date": "2018-05-21T10:45:10Z",
        "latest_issue_date": "2025-06-19T10:56:11Z",
        // QE identity.
        "earliest_expiration_date": "2025-07-19T10:01:18Z",
        "tcb_level_date_tag": "2024-03-13T00:00:00Z",
        "pck_crl_num": 1,
        "root_ca_crl_num": 1,
        "tcb_eval_ref_num": 17,
        "root_key_id": "46e403bd34f05a3f2817ab9badcaacc7ffc98e0f261008cd30dae936cace18d5dcf58eef31463613de1570d516200993",
        "pck_ppid": "d04ec06d4e6d92dc90d0ad3cf5ee2ddf",
        "tcb_cpusvn": "0b0b0202ff0100000000000000000000",
        "tcb_pce_isvsvn": 13,
        "pce_id": "0000",
        "tee_type": 0,
        "sgx_type": 0,
        "platform_instance_id": "00000000000000000000000000000000",
        "dynamic_platform": null,
        "cached_keys": null,
        "smt_enabled": null,
        "sa_list": "INTEL-SA-00289,INTEL-SA-00615",
        "qe_iden_earliest_issue_date": "2018-05-21T10:45:10Z",
        "qe_iden_latest_issue_date": "2025-06-19T10:01:18Z",
        "qe_iden_earliest_expiration_date": "2025-07-19T10:01:18Z",
        "qe_iden_tcb_level_date_tag": "2024-03-13T00:00:00Z",
        "qe_iden_tcb_eval_ref_num": 17,
        "qe_iden_status": "UpToDate",
        "platform_tcb_level_date_tag": "2024-03-13T00:00:00Z",
    });
    assert_eq!(json, expected);
}
