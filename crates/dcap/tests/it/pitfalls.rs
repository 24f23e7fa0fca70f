//! Faults of other verifiers that no other test here shows. docs/pitfalls.md lists all of them with their tests.

use crate::simulated::{NOW, at, blueprint, quote_of, read_collateral, roots_of};
use dcap::{Certificate, Crl, SgxExtension, Verifier, pem};
use problem::Problem;
use simulator::Blueprint;

fn version(made: &mut Blueprint, version: u16) {
    made.quoting.header.version = version.into();
}

#[test]
fn pitfall_05_rejects_revoked_level_in_every_version() {
    for number in [3, 4, 5] {
        let mut made = blueprint(|_| ());
        version(&mut made, number);
        assert!(crate::simulated::verify(&made).is_ok(), "version {number}");
        made.tcb_info.spec.tcb_levels[0].tcb_status = "Revoked".to_owned();
        assert_eq!(crate::simulated::verify(&made).map(drop), Err("tcb_revoked".to_owned()), "version {number}");
    }
}

/// `SEQUENCE` within `SEQUENCE`.
fn nested(depth: usize) -> Vec<u8> {
    let mut der = Vec::new();
    for _ in 0..depth {
        let length = u32::try_from(der.len()).unwrap().to_be_bytes();
        let head: &[u8] =
            if der.len() < 0x80 { &[0x30, length[3]] } else { &[0x30, 0x83, length[1], length[2], length[3]] };
        der.splice(..0, head.iter().copied());
    }
    der
}

#[test]
fn pitfall_09_rejects_der_nested_thousands_deep() {
    // As deep as fits below the limits of length.
    let deep = nested(10_000);
    assert!(Crl::from_der(&deep).is_err() && SgxExtension::from_der(&deep).is_err());
    assert!(Certificate::from_der(&deep).is_err());
    let fits = nested(3_000);
    assert!(fits.len() < dcap::MAX_CERTIFICATE);
    assert!(Certificate::from_der(&fits).is_err() && Crl::from_der(&fits).is_err());
    let text = pem::encode(&fits, "CERTIFICATE").repeat(3);
    assert!(dcap::ProvenPck::prove(text.as_bytes(), &dcap::TrustedRoots::intel(), at(NOW)).is_err());
}

#[test]
fn pitfall_11_a_document_without_issuer_chain_is_refused_and_never_taken_unsigned() {
    let made = blueprint(|_| ());
    let collateral = read_collateral(&made.collateral().unwrap()).unwrap();
    assert!(collateral.clone().verify(&roots_of(&made), at(NOW)).is_ok());
    for (part, code) in
        [(0, "tcb_info_chain_length_wrong"), (1, "qe_identity_chain_length_wrong"), (2, "pck_crl_chain_length_wrong")]
    {
        let mut without = collateral.clone();
        let chains = [&mut without.tcb_info_chain, &mut without.qe_identity_chain, &mut without.pck_crl_chain];
        chains.into_iter().nth(part).unwrap().clear();
        assert_eq!(without.verify(&roots_of(&made), at(NOW)).unwrap_err().code(), code);
    }
}

#[test]
fn pitfall_12_collateral_without_revocation_lists_is_refused() {
    let made = blueprint(|_| ());
    let collateral = made.collateral().unwrap();
    let without = |root: bool| {
        let mut without = collateral.clone();
        if root { &mut without.root_crl } else { &mut without.pck_crl }.clear();
        read_collateral(&without).unwrap_err().code()
    };
    assert_eq!([without(true), without(false)], ["root_ca_crl_malformed", "pck_crl_malformed"]);
}

#[test]
fn pitfall_26_of_two_valid_sets_the_laxer_fails_the_minimum() {
    let mut made = blueprint(|b| b.tcb_info.spec.tcb_evaluation_data_number = 12);
    let verified = crate::simulated::verify(&made).unwrap();
    assert_eq!(verified.tcb().evaluation_data_number(), 12);
    let demand = dcap::Requirements::default().minimum_evaluation_data_number(13);
    assert_eq!(demand.judge(verified).unwrap_err().reason.code(), "evaluation_number_too_low");
    made.tcb_info.spec.tcb_evaluation_data_number = 13;
    assert!(demand.judge(crate::simulated::verify(&made).unwrap()).is_ok());
}

/// The order of P-256, big-endian.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Order minus s.
fn other_s(s: &[u8]) -> Vec<u8> {
    let mut other = vec![0; 32];
    let mut borrow = 0;
    for at in (0..32).rev() {
        let difference = i32::from(ORDER[at]) - i32::from(s[at]) - borrow;
        borrow = i32::from(difference < 0);
        other[at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    other
}

#[test]
fn cheap_accepts_both_values_of_s() {
    let made = blueprint(|_| ());
    let collateral = crate::simulated::collateral(&made).unwrap();
    let mut quote = quote_of(&made);
    let verify = |quote: &[u8]| {
        let verifier = Verifier::new(roots_of(&made)).remembering(0);
        crate::simulated::verify_with(quote, &collateral, &verifier, at(NOW)).map(drop)
    };
    assert_eq!(verify(&quote), Ok(()));
    // s of the quote's signature and of the QE report's.
    for start in [436 + 32, 436 + 128 + 384 + 32] {
        let other = other_s(&quote[start..start + 32]);
        quote[start..start + 32].copy_from_slice(&other);
        assert_eq!(verify(&quote), Ok(()));
    }
}

#[test]
fn cheap_accepts_levels_without_a_list_of_advisories() {
    let made = blueprint(|b| b.tcb_info.spec.tcb_levels.iter_mut().for_each(|level| level.advisory_ids.clear()));
    assert!(!String::from_utf8(made.collateral().unwrap().tcb_info).unwrap().contains("advisoryIDs"));
    assert!(crate::simulated::verify(&made).unwrap().tcb().advisory_ids.is_empty());
}
