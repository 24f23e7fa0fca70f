//! The last step: a quote under a proven platform and verified collateral, each of its eight steps broken alone.

use crate::simulated::{Change, NOW, acceptances, at, blueprint, key, quote_of, refusals, roots_of, verify};
use dcap::{Certificate, Report, TcbStatus, Verifier};
use simulator::{Blueprint, CaType, DAY, Link, Signer};
use unix_time::UnixTime;

/// Header version 4 or 5 around an enclave's report.
fn version(b: &mut Blueprint, version: u16) {
    b.quoting.header.version = version.into();
}

fn attestation_key(b: &mut Blueprint, raw: [u8; 64]) {
    b.quoting.attestation_key = raw;
}

/// Signature of the quote with one half overwritten by zeros.
fn zero_half(b: &mut Blueprint, half: usize) {
    let quote = quote_of(b);
    let mut signature: [u8; 64] = quote[436..500].try_into().unwrap();
    signature[half * 32..half * 32 + 32].fill(0);
    b.quoting.signer = Signer::Bytes(signature);
}

refusals! { verify;
    pitfall_12_rejects_revoked_pck: "pck_certificate_revoked", |b| {
        let serial = b.certificates.pck.spec.serial.clone();
        b.pck_crl.spec.revoked.extend([vec![1], serial, vec![0x7f; 20]]);
    };
    rejects_revoked_pck_whose_serial_number_looks_negative: "pck_certificate_revoked", |b| {
        b.certificates.pck.spec.serial = vec![0xef; 20];
        b.pck_crl.spec.revoked.push(vec![0xef; 20]);
    };
    rejects_revoked_certificate_of_a_ca_that_has_another: "pck_ca_certificate_revoked", |b| {
        let mut renewed = b.certificates.platform_ca.clone();
        renewed.spec.serial = vec![9];
        b.pck_crl_chain[0] = Link::Der(renewed.build().unwrap());
        let serial = b.certificates.platform_ca.spec.serial.clone();
        b.root_crl.spec.revoked.push(serial);
    };
    pitfall_13_rejects_pck_crl_of_the_other_ca: "pck_crl_wrong_issuer", |b| {
        b.pck_crl = b.pck_crl_of(CaType::Processor);
        b.pck_crl_chain[0] = Link::Ca(CaType::Processor);
    };
    rejects_pck_crl_of_a_ca_of_that_name_and_another_key: "pck_crl_wrong_issuer", |b| {
        let other = key();
        let mut ca = b.certificates.platform_ca.clone();
        ca.spec.subject_public_key_info = other.subject_public_key_info().unwrap();
        b.pck_crl_chain[0] = Link::Der(ca.build().unwrap());
        b.pck_crl.signer = other.into();
    };
    rejects_tcb_info_about_tdx: "tcb_info_tee_mismatch", |b| {
        b.tcb_info.spec = Blueprint::for_tdx(at(NOW)).unwrap().tcb_info.spec;
    };
    rejects_tcb_info_of_another_family: "tcb_info_fmspc_mismatch", |b| {
        b.tcb_info.spec.fmspc = "00606A000000".to_owned();
    };
    pitfall_17_rejects_tcb_info_of_another_pce: "tcb_info_pceid_mismatch", |b| b.tcb_info.spec.pce_id = "0001".to_owned();
    rejects_qe_report_signed_by_another: "qe_report_bad_signature", |b| b.quoting.qe_report_signer = key().into();
    rejects_qe_report_signed_by_the_attestation_key: "qe_report_bad_signature", |b| {
        b.quoting.qe_report_signer = b.quoting.signer.clone();
    };
    rejects_unsigned_qe_report: "qe_report_bad_signature", |b| b.quoting.qe_report_signer = Signer::Bytes([0; 64]);
    rejects_pck_of_another_platform: "qe_report_bad_signature", |b| {
        b.certificates.pck.spec.subject_public_key_info = key().subject_public_key_info().unwrap();
    };
    rejects_attestation_key_that_is_not_bound: "attestation_key_not_bound", |b| {
        b.quoting.qe_report_data = Some([0; 64]);
    };
    rejects_attestation_key_bound_with_something_in_the_second_half: "attestation_key_not_bound", |b| {
        let quote = quote_of(b);
        let mut data: [u8; 64] = quote[436 + 128 + 320..436 + 128 + 384].try_into().unwrap();
        data[63] = 1;
        b.quoting.qe_report_data = Some(data);
    };
    rejects_other_authentication_data_than_is_bound: "attestation_key_not_bound", |b| {
        let quote = quote_of(b);
        b.quoting.qe_report_data = Some(quote[436 + 128 + 320..436 + 128 + 384].try_into().unwrap());
        b.quoting.auth_data[0] ^= 1;
    };
    rejects_identity_of_the_td_quoting_enclave: "qe_identity_id_mismatch", |b| {
        b.qe_identity.spec.id = "TD_QE".to_owned();
    };
    rejects_identity_of_the_verification_enclave: "qe_identity_id_mismatch", |b| {
        b.qe_identity.spec.id = "QVE".to_owned();
    };
    pitfall_01_rejects_qe_of_another_signer: "qe_identity_mismatch", |b| b.quoting.qe_report.mr_signer[31] ^= 1;
    rejects_qe_of_another_product: "qe_identity_mismatch", |b| b.quoting.qe_report.isv_prod_id = 2.into();
    pitfall_15_rejects_qe_in_debug: "qe_identity_mismatch", |b| b.quoting.qe_report.attributes.flags = 0x17.into();
    rejects_qe_without_provisioning_key: "qe_identity_mismatch", |b| {
        b.quoting.qe_report.attributes.flags = 0x05.into();
    };
    rejects_qe_with_another_misc_select: "qe_identity_mismatch", |b| b.quoting.qe_report.misc_select = 1.into();
    rejects_qe_with_a_bit_of_misc_select_that_is_demanded_elsewhere: "qe_identity_mismatch", |b| {
        b.quoting.qe_report.misc_select = 0x0100_0000.into();
        b.qe_identity.spec.misc_select = [1, 0, 0, 0];
    };
    rejects_identity_that_demands_what_its_mask_hides: "qe_identity_mismatch", |b| {
        b.qe_identity.spec.attributes[15] = 1;
        b.quoting.qe_report.attributes.xfrm = (1_u64 << 56 | 0xe7).into();
    };
    rejects_quote_signed_by_another: "quote_bad_signature", |b| b.quoting.signer = key().into();
    rejects_quote_signed_by_the_pck: "quote_bad_signature", |b| b.quoting.signer = (&b.keys.pck).into();
    cheap_rejects_attestation_key_off_the_curve: "quote_bad_signature", |b| attestation_key(b, [7; 64]);
    rejects_attestation_key_of_zeros: "quote_bad_signature", |b| attestation_key(b, [0; 64]);
    cheap_rejects_r_of_zero: "quote_bad_signature", |b| zero_half(b, 0);
    cheap_rejects_s_of_zero: "quote_bad_signature", |b| zero_half(b, 1);
    rejects_signature_of_zeros: "quote_bad_signature", |b| b.quoting.signer = Signer::Bytes([0; 64]);
    cheap_rejects_signature_beyond_the_order: "quote_bad_signature", |b| b.quoting.signer = Signer::Bytes([0xff; 64]);
    rejects_version_5_signed_without_its_descriptor: "quote_bad_signature", |b| {
        version(b, 5);
        let signed = [&quote_of(b)[..48], &quote_of(b)[54..438]].concat();
        let attestation = key();
        b.quoting.use_attestation_key(&attestation);
        b.quoting.signer = Signer::Bytes(attestation.sign(&signed).unwrap());
    };
    rejects_platform_one_pce_svn_below_all_levels: "tcb_not_supported", |b| {
        b.tcb_info.spec.tcb_levels.iter_mut().for_each(|level| level.pce_svn = 14);
    };
    rejects_platform_one_component_below_all_levels: "tcb_not_supported", |b| {
        b.tcb_info.spec.tcb_levels.iter_mut().for_each(|level| level.components[15].svn = 1);
    };
    rejects_qe_below_all_levels: "qe_tcb_not_supported", |b| {
        b.quoting.qe_report.isv_svn = 5.into();
    };
    pitfall_04_rejects_revoked_platform_level: "tcb_revoked", |b| {
        b.tcb_info.spec.tcb_levels[0].tcb_status = "Revoked".to_owned();
    };
    pitfall_05_rejects_revoked_qe_level: "tcb_revoked", |b| {
        b.qe_identity.spec.tcb_levels[0].tcb_status = "Revoked".to_owned();
    };
    rejects_revoked_qe_level_on_an_old_platform: "tcb_revoked", |b| {
        b.tcb_info.spec.tcb_levels[0].tcb_status = "OutOfDate".to_owned();
        b.qe_identity.spec.tcb_levels[0].tcb_status = "Revoked".to_owned();
    };
}

acceptances! { verify;
    accepts_version_3: |_| ();
    pitfall_27_accepts_version_4: |b| version(b, 4);
    pitfall_27_accepts_version_5: |b| version(b, 5);
    accepts_a_new_attestation_key: |b| b.quoting.use_attestation_key(&key());
    accepts_authentication_data_of_any_length: |b| b.quoting.auth_data = vec![9; 100];
    accepts_a_newer_qe: |b| b.quoting.qe_report.isv_svn = 99.into();
    accepts_misc_select_where_the_identity_demands_it: |b| {
        b.quoting.qe_report.misc_select = 1.into();
        b.qe_identity.spec.misc_select = [1, 0, 0, 0];
    };
    accepts_misc_select_that_the_mask_hides: |b| {
        b.quoting.qe_report.misc_select = 0x0100_0001.into();
        b.qe_identity.spec.misc_select_mask = [0xfe, 0xff, 0xff, 0];
    };
}

#[test]
fn every_status_but_revoked_is_data_and_an_old_qe_makes_it_old() {
    for status in TcbStatus::ALL.into_iter().take(6) {
        for qe in [TcbStatus::UpToDate, TcbStatus::OutOfDate] {
            let mut made = blueprint(|_| ());
            made.tcb_info.spec.tcb_levels[0].tcb_status = status.to_string();
            made.qe_identity.spec.tcb_levels[0].tcb_status = qe.to_string();
            let quote = verify(&made).unwrap();
            assert_eq!((quote.tcb().platform_status, quote.tcb().qe_status), (status, qe));
            assert_eq!(quote.tcb().status, status.converge(qe));
        }
    }
}

#[test]
fn pitfall_26_the_level_reached_gives_date_advisories_and_numbers_with_those_of_the_qe() {
    let mut made = blueprint(|b| b.quoting.qe_report.isv_svn = 7.into());
    made.certificates.pck.spec.sgx_extension.as_mut().unwrap().pce_svn = 12;
    made.qe_identity.spec.tcb_evaluation_data_number = 17;
    made.tcb_info.spec.tcb_levels[1].tcb_date = at(NOW - 300 * DAY);
    made.qe_identity.spec.tcb_levels[1].tcb_date = at(NOW - 200 * DAY);
    made.qe_identity.spec.tcb_levels[1].advisory_ids.push("INTEL-SA-00001".to_owned());
    let quote = verify(&made).unwrap();
    let tcb = quote.tcb();
    assert_eq!(tcb.status, TcbStatus::OutOfDate);
    assert_eq!(tcb.advisory_ids, ["INTEL-SA-00001", "INTEL-SA-00615", "INTEL-SA-00657"], "sorted, each once");
    assert_eq!(tcb.date, at(NOW - 300 * DAY), "the earlier one");
    assert_eq!((tcb.tcb_info_evaluation_data_number, tcb.qe_identity_evaluation_data_number), (20, 17));
    assert_eq!(tcb.evaluation_data_number(), 17);
    made.qe_identity.spec.tcb_levels[1].tcb_date = at(NOW - 400 * DAY);
    assert_eq!(verify(&made).unwrap().tcb().date, at(NOW - 400 * DAY));
}

#[test]
fn a_verified_quote_says_what_was_attested_and_how_long_the_verdict_holds() {
    for (change, expected) in [((|_| ()) as Change, 3), (|b| version(b, 4), 4), (|b| version(b, 5), 5)] {
        let made = blueprint(change);
        let quote = verify(&made).unwrap();
        assert_eq!((quote.version(), quote.at(), quote.tee()), (expected, at(NOW), dcap::Tee::Sgx));
        assert_eq!(quote.report(), &Report::SgxEnclave(crate::simulated::report(&made)));
        assert_eq!((quote.report().report_data(), quote.report().is_debug()), (&[5; 64], false));
        assert_eq!(quote.fmspc().as_bytes(), &simulator::FMSPC);
        assert_eq!((quote.validity().from, quote.validity().until), (at(NOW), at(NOW + 30 * DAY)));
        assert!(quote.root().is_simulated());
    }
}

/// Verifies at one time, then the same proven chain and collateral again at another.
fn later(made: &Blueprint, then: UnixTime) -> Result<(), String> {
    let bytes = quote_of(made);
    let quote = crate::simulated::read(&bytes)?;
    let pck = crate::simulated::prove_quote(&bytes, &roots_of(made), at(NOW)).unwrap();
    let collateral = crate::simulated::collateral(made)?;
    let verifier = Verifier::new(roots_of(made));
    crate::simulated::judge(&quote, &pck, &collateral, &verifier, at(NOW))?;
    crate::simulated::judge(&quote, &pck, &collateral, &verifier, then).map(|_| ())
}

#[test]
fn pitfall_16_what_was_verified_before_is_refused_outside_its_window() {
    let table: [(&str, Change, i64); 7] = [
        ("tcb_info_expired", |b| b.tcb_info.spec.next_update = at(NOW + 9), 10),
        ("tcb_info_expired", |b| b.certificates.tcb_signing.spec.not_after = at(NOW + 9), 10),
        ("qe_identity_expired", |b| b.qe_identity.spec.next_update = at(NOW + 9), 10),
        ("root_ca_crl_expired", |b| b.root_crl.spec.next_update = Some(at(NOW + 9)), 10),
        ("pck_crl_expired", |b| b.pck_crl.spec.next_update = Some(at(NOW + 9)), 10),
        ("pck_certificate_expired", |b| b.certificates.pck.spec.not_after = at(NOW + 9), 10),
        ("pck_ca_certificate_expired", |b| b.certificates.platform_ca.spec.not_after = at(NOW + 9), 10),
    ];
    for (code, change, seconds) in table {
        let made = blueprint(change);
        assert_eq!(later(&made, at(NOW + seconds - 1)), Ok(()), "{code}");
        assert_eq!(later(&made, at(NOW + seconds)), Err(code.to_owned()));
    }
    assert_eq!(later(&blueprint(|_| ()), at(NOW - 1)), Err("tcb_info_not_yet_valid".to_owned()));
    let early = later(&blueprint(|b| b.certificates.pck.spec.not_before = at(NOW)), at(NOW - 1));
    assert_eq!(early, Err("pck_certificate_not_yet_valid".to_owned()));
}

#[test]
fn platform_and_collateral_of_different_roots_are_refused() {
    let [one, other] = [(); 2].map(|()| blueprint(|_| ()));
    let bytes = quote_of(&one);
    let quote = crate::simulated::read(&bytes).unwrap();
    let pck = crate::simulated::prove(&one).unwrap();
    let collateral = crate::simulated::collateral(&other).unwrap();
    for verifier in [&one, &other].map(|made| Verifier::new(roots_of(made))) {
        assert_eq!(
            crate::simulated::judge(&quote, &pck, &collateral, &verifier, at(NOW)).unwrap_err(),
            "root_mismatch"
        );
    }
}

/// What was proven under one verifier's roots is nothing to a verifier with other roots.
#[test]
fn what_was_proven_under_other_roots_is_refused() {
    let made = blueprint(|_| ());
    let bytes = quote_of(&made);
    let quote = crate::simulated::read(&bytes).unwrap();
    let (pck, collateral) = (crate::simulated::prove(&made).unwrap(), crate::simulated::collateral(&made).unwrap());
    for roots in [dcap::TrustedRoots::intel(), crate::simulated::roots(&key())] {
        let refused = crate::simulated::judge(&quote, &pck, &collateral, &Verifier::new(roots), at(NOW)).unwrap_err();
        assert_eq!(refused, "root_certificate_untrusted");
    }
    let root = Certificate::from_der(&made.certificates.root.build().unwrap()).unwrap();
    let verifier = Verifier::new(dcap::TrustedRoots::only(&root));
    assert!(crate::simulated::judge(&quote, &pck, &collateral, &verifier, at(NOW)).is_ok());
}

#[test]
fn the_chain_of_another_quote_does_not_vouch_for_this_one() {
    let mut one = blueprint(|_| ());
    let quote = quote_of(&one);
    // The same Intel, another platform: key and certificate of its own.
    one.keys.pck = key();
    one.certificates.pck.spec.subject_public_key_info = one.keys.pck.subject_public_key_info().unwrap();
    let (pck, collateral) = (crate::simulated::prove(&one).unwrap(), crate::simulated::collateral(&one).unwrap());
    let verifier = Verifier::new(roots_of(&one));
    let refused =
        crate::simulated::judge(&crate::simulated::read(&quote).unwrap(), &pck, &collateral, &verifier, at(NOW));
    assert_eq!(refused.unwrap_err(), "qe_report_bad_signature");
}

/// A root of somebody's own is neither Intel's nor the simulator's, whatever else its name says.
#[test]
fn a_root_that_does_not_say_that_it_is_simulated_is_foreign() {
    let kind = |made: &Blueprint| verify(made).unwrap().root().kind();
    let mut made = blueprint(|_| ());
    assert_eq!(kind(&made), dcap::RootKind::Simulated);
    let simulated = made.certificates.root.spec.subject.clone();
    let unit = simulated.attributes.iter().position(|(_, text)| text == dcap::SIMULATION_UNIT).unwrap();
    let organisation = simulated.attributes.iter().position(|(_, text)| text == "Intel Corporation").unwrap();
    let mut without = simulated.clone();
    without.attributes.remove(unit);
    let mut other_unit = simulated.clone();
    other_unit.attributes[unit].1 = "Our own".to_owned();
    let mut other_place = without.clone();
    other_place.attributes[organisation].1 = dcap::SIMULATION_UNIT.to_owned();
    for name in [without, other_unit, other_place] {
        let certificates = &mut made.certificates;
        certificates.root.spec.subject = name.clone();
        for one in [&mut certificates.root, &mut certificates.platform_ca, &mut certificates.tcb_signing] {
            one.spec.issuer = name.clone();
        }
        made.root_crl.spec.issuer = name;
        assert_eq!(kind(&made), dcap::RootKind::Foreign);
    }
}

#[test]
fn a_root_is_named_by_the_hash_of_its_key_and_a_set_of_roots_by_its_keys() {
    let [one, other] = [blueprint(|_| ()), blueprint(|_| ())];
    let certificate = Certificate::from_der(&one.certificates.root.build().unwrap()).unwrap();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.public_key());
    assert_eq!(verify(&one).unwrap().root().sha256(), hash.as_ref());
    assert_eq!(roots_of(&one), roots_of(&one));
    assert_ne!(roots_of(&one), roots_of(&other));
    assert_ne!(roots_of(&one), dcap::TrustedRoots::intel());
}

#[test]
fn tcb_info_is_about_the_platforms_of_its_family_and_pce() {
    let is_about = |change: fn(&mut Blueprint)| {
        let made = blueprint(change);
        let collateral = crate::simulated::collateral(&made).unwrap();
        collateral.tcb_info().is_about(&crate::simulated::prove(&made).unwrap().family(dcap::Tee::Sgx))
    };
    assert!(is_about(|_| ()));
    assert!(!is_about(|b| b.tcb_info.spec.fmspc = "00906ed50000".to_owned()));
    assert!(!is_about(|b| b.tcb_info.spec.pce_id = "0001".to_owned()));
}
