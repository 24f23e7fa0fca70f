//! One choice for each evaluation data number, to show what `early` and `standard` collateral make of a quote; and the verdict that
//! shows it.

#[path = "../made/mod.rs"]
mod made;
mod verdict;

use collateral::{ChooseError, CollateralSet};
use dcap::{Piece, Tee, TrustedRoots};
use made::{NOW, at, evidence, identity, made, pieces, platform, proven, set, tcb_info};
use simulator::{Blueprint, DAY, EcdsaKey};
use unix_time::UnixTime;

/// Pieces with TCB Info and identities of those numbers alone.
fn numbered(made: &Blueprint, of: &[(&'static str, Vec<u8>)], tcb_infos: &[u32], identities: &[u32]) -> CollateralSet {
    let mut all: Vec<(&str, Vec<u8>)> =
        of.iter().filter(|(name, _)| !["tcb_info", "qe_identity"].contains(name)).cloned().collect();
    all.extend(tcb_infos.iter().map(|&number| ("tcb", tcb_info(made, number, NOW, NOW + 30 * DAY))));
    all.extend(identities.iter().map(|&number| ("qe", identity(made, number))));
    set(&all)
}

#[test]
fn documents_of_one_number_go_together_and_otherwise_the_nearest() {
    let made = made();
    let (pck, roots, collateral) = platform(&made);
    let pieces = pieces(&collateral);
    type Pairs = &'static [(u32, u32)];
    let table: [(&[u32], &[u32], Pairs); 12] = [
        (&[20], &[20], &[(20, 20)]),
        (&[19, 20], &[20, 19], &[(20, 20), (19, 19)]),
        (&[17, 18, 19, 20], &[17, 18, 19, 20], &[(20, 20), (19, 19), (18, 18), (17, 17)]),
        // One identity for all.
        (&[17, 19], &[17], &[(19, 17), (17, 17)]),
        (&[19, 20], &[22], &[(20, 22), (19, 22)]),
        // One number is nearer than the other; of two as near the higher is taken.
        (&[15, 20], &[14, 19], &[(20, 19), (15, 14)]),
        (&[18, 20], &[17, 19, 20], &[(20, 20), (18, 19)]),
        // The first choice takes the highest of each, as `choose` does.
        (&[19], &[20], &[(19, 20)]),
        (&[19], &[19, 20], &[(19, 20), (19, 19)]),
        (&[18, 19], &[18, 22], &[(19, 22), (19, 18), (18, 18)]),
        // Identities of lower numbers belong to other platforms' TCB Infos.
        (&[20], &[17, 18, 19, 20], &[(20, 20)]),
        (&[20], &[17, 18], &[(20, 18)]),
    ];
    for (tcb_infos, identities, expected) in table {
        let set = numbered(&made, &pieces, tcb_infos, identities);
        let choices = set.choose_each(&pck.family(Tee::Sgx), at(NOW)).unwrap();
        let numbers: Vec<(u32, u32)> = choices
            .iter()
            .map(|choice| (choice.tcb_info_evaluation_data_number, choice.qe_identity_evaluation_data_number))
            .collect();
        assert_eq!(numbers, expected, "{tcb_infos:?} {identities:?}");
        let first = set.choose(&pck.family(Tee::Sgx), at(NOW)).unwrap();
        assert_eq!(choices[0].taken, first.taken);
        for choice in choices {
            let taken = |piece| choice.taken.iter().find(|taken| taken.piece == piece).unwrap().evaluation_data_number;
            assert_eq!(taken(Piece::TcbInfo), Some(choice.tcb_info_evaluation_data_number));
            assert_eq!(taken(Piece::QeIdentity), Some(choice.qe_identity_evaluation_data_number));
            assert!(choice.collateral.verify(&roots, at(NOW)).is_ok());
        }
    }
}

#[test]
fn only_what_is_valid_at_the_time_is_chosen() {
    let made = made();
    let (pck, _, collateral) = platform(&made);
    let mut all = pieces(&collateral).to_vec();
    all[0] = ("current 20", tcb_info(&made, 20, NOW - DAY, NOW + 10 * DAY));
    all.push(("older 20", tcb_info(&made, 20, NOW - 2 * DAY, NOW + 10 * DAY)));
    all.push(("expired 19", tcb_info(&made, 19, NOW - 40 * DAY, NOW - 10 * DAY)));
    all.push(("future 21", tcb_info(&made, 21, NOW + DAY, NOW + 30 * DAY)));
    let chosen = |time: i64| -> Vec<String> {
        let choices = set(&all).choose_each(&pck.family(Tee::Sgx), at(time)).unwrap();
        choices.iter().map(|choice| choice.taken[0].source.clone()).collect()
    };
    assert_eq!(chosen(NOW), ["current 20"]);
    assert_eq!(chosen(NOW + DAY), ["future 21", "current 20"]);
    assert_eq!(chosen(NOW + 10 * DAY + 1), ["future 21"]);
    assert!(chosen(NOW - 20 * DAY).is_empty(), "TCB Info of then is there, and no identity");
    assert!(chosen(NOW + 60 * DAY).is_empty());
    // There is something to say why not.
    assert!(set(&all).choose(&pck.family(Tee::Sgx), at(NOW + 60 * DAY)).is_ok());
}

#[test]
fn a_forged_document_of_another_number_is_no_choice() {
    let made = made();
    let (pck, _, collateral) = platform(&made);
    let mut forged = made.tcb_info.clone();
    forged.spec.tcb_evaluation_data_number = 99;
    forged.signer = EcdsaKey::generate().unwrap().into();
    let mut all = pieces(&collateral).to_vec();
    all.push(("forged", forged.build().unwrap()));
    // Nor does it stand in the way of a genuine one of its number.
    forged.spec.tcb_evaluation_data_number = simulator::EVALUATION_DATA_NUMBER;
    forged.spec.issue_date = forged.spec.issue_date.plus(1);
    all.push(("forged newer", forged.build().unwrap()));
    let choices = set(&all).choose_each(&pck.family(Tee::Sgx), at(NOW)).unwrap();
    let sources: Vec<&str> = choices.iter().map(|choice| choice.taken[0].source.as_str()).collect();
    assert_eq!(sources, ["tcb_info"]);
}

#[test]
fn what_is_missing_altogether_is_the_error_of_a_single_choice() {
    let made = made();
    let (pck, _, collateral) = platform(&made);
    for left_out in ["tcb_info", "qe_identity", "root_crl", "pck_crl", "chain"] {
        let rest: Vec<_> = pieces(&collateral).into_iter().filter(|(name, _)| *name != left_out).collect();
        for time in [NOW, NOW + 60 * DAY] {
            let each = set(&rest).choose_each(&pck.family(Tee::Sgx), at(time)).unwrap_err();
            assert_eq!(each, set(&rest).choose(&pck.family(Tee::Sgx), at(time)).unwrap_err());
            assert_eq!(matches!(each, ChooseError::NoSigner(_)), left_out == "chain");
        }
    }
}

#[test]
fn a_certificate_of_a_platforms_own_key_signs_no_documents() {
    let made = made();
    let of = evidence(&made);
    let pck = proven(&of.quote, &of.roots, at(NOW));
    let issued = made.issue().unwrap();
    let mut by_platform = made.tcb_info.clone();
    by_platform.signer = (&made.keys.pck).into();
    let mut all = pieces(&of.collateral).to_vec();
    all[0].1 = by_platform.build().unwrap();
    all.push(("pck", issued.certificates().pck.clone()));
    assert_eq!(set(&all).choose(&pck.family(Tee::Sgx), at(NOW)).unwrap_err(), ChooseError::NoSigner(Piece::TcbInfo));
}

#[test]
fn genuine_collateral_of_several_numbers_gives_each_its_choice() {
    let Some(directory) = test_support::recorded("quotes") else { return };
    let all = CollateralSet::load(&directory.join("collateral")).unwrap();
    let cases: Vec<serde_json::Value> =
        serde_json::from_slice(&std::fs::read(directory.join("cases.json")).unwrap()).unwrap();
    let mut most = 0;
    for case in cases.iter().filter(|case| case["expected"]["error"].is_null()) {
        let quote = std::fs::read(directory.join(case["quote"].as_str().unwrap())).unwrap();
        let time = UnixTime::from_seconds(case["now"].as_i64().unwrap());
        let pck = proven(&quote, &TrustedRoots::intel(), time);
        let tee = dcap::Quote::parse(&quote).unwrap().tee();
        let choices = all.choose_each(&pck.family(tee), time).unwrap();
        assert_eq!(choices[0].taken, all.choose(&pck.family(tee), time).unwrap().taken);
        let numbers: Vec<u32> = choices.iter().map(|choice| choice.tcb_info_evaluation_data_number).collect();
        assert!(numbers.is_sorted_by(|one, next| one >= next), "{numbers:?}");
        assert!(numbers.iter().any(|&number| case["tcb_eval"] == number), "{numbers:?} {case}");
        most = most.max(choices.len());
    }
    assert!(most > 1, "somewhere there are several");
}
