//! Choosing among pieces: what is taken, and what is missed.

mod made;

use collateral::{Choice, ChooseError};
use dcap::{Piece, Tee};
use made::{NOW, at, made, pieces, platform, set, tcb_info};
use problem::Problem;
use simulator::{DAY, EcdsaKey};

fn source(choice: &Choice, piece: Piece) -> &str {
    &choice.taken.iter().find(|taken| taken.piece == piece).unwrap().source
}

#[test]
fn whole_pieces_are_chosen_and_verify() {
    let (pck, roots, collateral) = platform(&made());
    let choice = set(&pieces(&collateral)).choose(&pck.family(Tee::Sgx), at(NOW)).unwrap();
    assert_eq!(choice.taken.len(), 4);
    assert!(choice.collateral.verify(&roots, at(NOW)).is_ok());
}

#[test]
fn each_missing_piece_is_named() {
    let (pck, _, collateral) = platform(&made());
    for (left_out, expected) in [
        ("tcb_info", Piece::TcbInfo),
        ("qe_identity", Piece::QeIdentity),
        ("root_crl", Piece::RootCrl),
        ("pck_crl", Piece::PckCrl),
    ] {
        let rest: Vec<_> = pieces(&collateral).into_iter().filter(|(name, _)| *name != left_out).collect();
        let error = set(&rest).choose(&pck.family(Tee::Sgx), at(NOW)).unwrap_err();
        assert!(matches!(&error, ChooseError::Missing { piece, .. } if *piece == expected), "{left_out}: {error}");
        assert_eq!((&*error.code(), error.help().is_empty()), ("collateral_missing", false));
    }
}

#[test]
fn a_document_without_its_signers_certificate_is_refused() {
    let (pck, _, collateral) = platform(&made());
    let rest: Vec<_> = pieces(&collateral).into_iter().filter(|(name, _)| *name != "chain").collect();
    let error = set(&rest).choose(&pck.family(Tee::Sgx), at(NOW)).unwrap_err();
    assert_eq!(error, ChooseError::NoSigner(Piece::TcbInfo));
    assert_eq!((&*error.code(), error.help().is_empty()), ("collateral_signer_missing", false));
}

#[test]
fn collateral_of_another_family_and_of_another_tee_does_not_fit() {
    let mut other = made();
    other.tcb_info.spec.fmspc = "00606A000000".to_owned();
    let (pck, _, collateral) = platform(&other);
    let error = set(&pieces(&collateral)).choose(&pck.family(Tee::Sgx), at(NOW)).unwrap_err();
    assert!(matches!(error, ChooseError::Missing { piece: Piece::TcbInfo, .. }));
    let (pck, _, collateral) = platform(&made());
    let error = set(&pieces(&collateral)).choose(&pck.family(Tee::Tdx), at(NOW)).unwrap_err();
    assert!(matches!(error, ChooseError::Missing { piece: Piece::TcbInfo, .. }));
}

#[test]
fn the_highest_number_valid_at_the_time_is_taken_then_the_newest() {
    let made = made();
    let (pck, _, collateral) = platform(&made);
    let mut all = pieces(&collateral).to_vec();
    all.retain(|(name, _)| *name != "tcb_info");
    all.push(("expired 99", tcb_info(&made, 99, NOW - 40 * DAY, NOW - 10 * DAY)));
    all.push(("future 99", tcb_info(&made, 99, NOW + DAY, NOW + 30 * DAY)));
    all.push(("older 21", tcb_info(&made, 21, NOW - 2 * DAY, NOW + 28 * DAY)));
    all.push(("newer 21", tcb_info(&made, 21, NOW - DAY, NOW + 29 * DAY)));
    all.push(("newest 20", tcb_info(&made, 20, NOW, NOW + 30 * DAY)));
    let chosen = |all: &[(&str, Vec<u8>)], time| {
        let choice = set(all).choose(&pck.family(Tee::Sgx), at(time)).unwrap();
        source(&choice, Piece::TcbInfo).to_owned()
    };
    assert_eq!(chosen(&all, NOW), "newer 21");
    all.reverse();
    assert_eq!(chosen(&all, NOW), "newer 21", "the order of files does not matter");
    assert_eq!(chosen(&all, NOW + 2 * DAY), "future 99");
}

#[test]
fn the_newest_revocation_list_is_taken_even_when_it_has_expired_and_an_older_one_has_not() {
    let made = made();
    let (pck, roots, collateral) = platform(&made);
    let list = |number: u64, this_update: i64, next_update: i64| {
        let mut list = made.pck_crl.clone();
        (list.spec.crl_number, list.spec.this_update, list.spec.next_update) =
            (Some(number), at(this_update), Some(at(next_update)));
        list.build().unwrap()
    };
    let mut all = pieces(&collateral).to_vec();
    all.retain(|(name, _)| *name != "pck_crl");
    all.push(("older, valid for long", list(1, NOW - 20 * DAY, NOW + 40 * DAY)));
    all.push(("newer, expired", list(2, NOW - 10 * DAY, NOW - DAY)));
    let chosen = |all: &[(&str, Vec<u8>)], time| {
        let choice = set(all).choose(&pck.family(Tee::Sgx), at(time)).unwrap();
        (source(&choice, Piece::PckCrl).to_owned(), choice.collateral.verify(&roots, at(time)).map(drop))
    };
    let (source, verified) = chosen(&all, NOW);
    assert_eq!((source.as_str(), &*verified.unwrap_err().code()), ("newer, expired", "pck_crl_expired"));
    assert_eq!(chosen(&all, NOW - 11 * DAY).0, "older, valid for long", "the newer had not begun");
    all.push(("newest", list(3, NOW - 10 * DAY, NOW + 20 * DAY)));
    all.push(("future", list(4, NOW + DAY, NOW + 31 * DAY)));
    assert_eq!(chosen(&all, NOW).0, "newest", "of the same time, by its number");
    all.reverse();
    assert_eq!(chosen(&all, NOW).0, "newest", "the order of files does not matter");
    assert_eq!(chosen(&all, NOW + DAY).0, "future");
    assert_eq!(set(&all).next_beginning(at(NOW)), Some(at(NOW + DAY)));
    assert_eq!(set(&all).next_beginning(at(NOW + DAY)), None);
}

#[test]
fn where_nothing_is_valid_the_nearest_is_taken_and_verification_says_why_not() {
    let made = made();
    let (pck, roots, collateral) = platform(&made);
    let choice = set(&pieces(&collateral)).choose(&pck.family(Tee::Sgx), at(NOW + 60 * DAY)).unwrap();
    let error = choice.collateral.verify(&roots, at(NOW + 60 * DAY)).unwrap_err();
    assert!(error.code().ends_with("_expired"), "{}", error.code());
}

#[test]
fn a_forged_document_of_a_higher_number_does_not_displace_the_genuine_one() {
    let made = made();
    let (pck, _, collateral) = platform(&made);
    let mut forged = made.tcb_info.clone();
    forged.spec.tcb_evaluation_data_number = 99;
    forged.signer = EcdsaKey::generate().unwrap().into();
    let mut all = pieces(&collateral).to_vec();
    all.push(("forged", forged.build().unwrap()));
    let choice = set(&all).choose(&pck.family(Tee::Sgx), at(NOW)).unwrap();
    assert_eq!(source(&choice, Piece::TcbInfo), "tcb_info");
}

#[test]
fn the_signer_is_found_among_many_other_certificates() {
    let (pck, roots, collateral) = platform(&made());
    let mut all: Vec<(&str, Vec<u8>)> = Vec::new();
    for _ in 0..30 {
        let others = made().issue().unwrap().certificates().clone();
        all.extend([others.root, others.platform_ca, others.processor_ca, others.pck].map(|der| ("other", der)));
    }
    all.extend(pieces(&collateral));
    let choice = set(&all).choose(&pck.family(Tee::Sgx), at(NOW)).unwrap();
    assert!(choice.collateral.verify(&roots, at(NOW)).is_ok());
    let listed = set(&all).list(at(NOW));
    assert_eq!(listed[0].signer.as_deref(), Some("Intel SGX TCB Signing"));
}
