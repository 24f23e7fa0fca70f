//! Choosing among pieces: what is taken, and what is missed.

use collateral::{Choice, ChooseError, CollateralSet};
use dcap::{Certificate, CertificationData, Piece, ProvenPck, Quote, Tee, TrustedRoots, UnixTime, pem};
use simulator::{Blueprint, Collateral, DAY, EcdsaKey, EnclaveReport};

const NOW: i64 = 1_790_000_000;

fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

/// A platform, proven, with the roots it is proven under.
fn platform(made: &Blueprint) -> (ProvenPck, TrustedRoots, Collateral) {
    let issued = made.issue().unwrap();
    let enclave = EnclaveReport {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        isv_prod_id: 0,
        isv_svn: 0,
        debug: false,
        report_data: [0; 64],
    };
    let quote = issued.quote(&enclave.on(made.cpu_svn())).unwrap();
    let quote = Quote::parse(&quote).unwrap();
    let CertificationData::PckChain(chain) = quote.certification() else { panic!("no chain") };
    let roots = TrustedRoots::only(&Certificate::from_der(&issued.certificates().root).unwrap());
    (ProvenPck::prove(chain, &roots, at(NOW)).unwrap(), roots, issued.collateral().unwrap())
}

fn made() -> Blueprint {
    Blueprint::new(NOW).unwrap()
}

fn pieces(of: &Collateral) -> [(&'static str, Vec<u8>); 5] {
    [
        ("tcb_info", of.tcb_info.clone()),
        ("qe_identity", of.qe_identity.clone()),
        ("chain", of.tcb_info_chain_pem.clone().into_bytes()),
        ("root_crl", of.root_crl.clone()),
        ("pck_crl", of.pck_crl.clone()),
    ]
}

fn set(pieces: &[(&str, Vec<u8>)]) -> CollateralSet {
    let mut set = CollateralSet::default();
    pieces.iter().for_each(|(name, bytes)| set.add(name, bytes).unwrap());
    set
}

fn source(choice: &Choice, piece: Piece) -> &str {
    &choice.taken.iter().find(|taken| taken.piece == piece).unwrap().source
}

/// TCB Info of the same Intel with that number and those times.
fn tcb_info(made: &Blueprint, number: u32, issued: i64, until: i64) -> Vec<u8> {
    let mut document = made.tcb_info.clone();
    document.spec.tcb_evaluation_data_number = number;
    document.spec.issue_date = issued;
    document.spec.next_update = until;
    document.build().unwrap()
}

#[test]
fn whole_pieces_are_chosen_and_verify() {
    let (pck, roots, collateral) = platform(&made());
    let choice = set(&pieces(&collateral)).choose(&pck, Tee::Sgx, at(NOW)).unwrap();
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
        let error = set(&rest).choose(&pck, Tee::Sgx, at(NOW)).unwrap_err();
        assert!(matches!(&error, ChooseError::Missing { piece, .. } if *piece == expected), "{left_out}: {error}");
        assert_eq!((error.code(), error.help().is_empty()), ("collateral_missing", false));
    }
}

#[test]
fn a_document_without_its_signers_certificate_is_refused() {
    let (pck, _, collateral) = platform(&made());
    let rest: Vec<_> = pieces(&collateral).into_iter().filter(|(name, _)| *name != "chain").collect();
    let error = set(&rest).choose(&pck, Tee::Sgx, at(NOW)).unwrap_err();
    assert_eq!(error, ChooseError::NoSigner(Piece::TcbInfo));
    assert_eq!((error.code(), error.help().is_empty()), ("collateral_signer_missing", false));
}

#[test]
fn collateral_of_another_family_and_of_another_tee_does_not_fit() {
    let mut other = made();
    other.tcb_info.spec.fmspc = "00606A000000".to_owned();
    let (pck, _, collateral) = platform(&other);
    let error = set(&pieces(&collateral)).choose(&pck, Tee::Sgx, at(NOW)).unwrap_err();
    assert!(matches!(error, ChooseError::Missing { piece: Piece::TcbInfo, .. }));
    let (pck, _, collateral) = platform(&made());
    let error = set(&pieces(&collateral)).choose(&pck, Tee::Tdx, at(NOW)).unwrap_err();
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
        let choice = set(all).choose(&pck, Tee::Sgx, at(time)).unwrap();
        source(&choice, Piece::TcbInfo).to_owned()
    };
    assert_eq!(chosen(&all, NOW), "newer 21");
    all.reverse();
    assert_eq!(chosen(&all, NOW), "newer 21", "the order of files does not matter");
    assert_eq!(chosen(&all, NOW + 2 * DAY), "future 99");
}

#[test]
fn where_nothing_is_valid_the_nearest_is_taken_and_verification_says_why_not() {
    let made = made();
    let (pck, roots, collateral) = platform(&made);
    let choice = set(&pieces(&collateral)).choose(&pck, Tee::Sgx, at(NOW + 60 * DAY)).unwrap();
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
    let choice = set(&all).choose(&pck, Tee::Sgx, at(NOW)).unwrap();
    assert_eq!(source(&choice, Piece::TcbInfo), "tcb_info");
}

#[test]
fn revocation_lists_are_taken_in_every_encoding() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let (pck, roots, collateral) = platform(&made());
    type Encode = fn(&[u8]) -> Vec<u8>;
    let encodings: [Encode; 4] = [
        <[u8]>::to_vec,
        |der| pem::encode(der, "X509 CRL").into_bytes(),
        |der| hex::encode_upper(der).into_bytes(),
        |der| STANDARD.encode(der).into_bytes(),
    ];
    for encode in encodings {
        let mut all = pieces(&collateral).to_vec();
        for (name, bytes) in &mut all {
            if name.ends_with("_crl") {
                *bytes = encode(bytes);
            }
        }
        let choice = set(&all).choose(&pck, Tee::Sgx, at(NOW)).unwrap();
        assert!(choice.collateral.verify(&roots, at(NOW)).is_ok());
    }
}
