//! Loading collateral from a path: what is no collateral, and how it is said.

use std::fs;
use std::path::PathBuf;

use collateral::{CollateralSet, LoadError, MAX_PIECE, Unrecognised, sniff};
use simulator::Blueprint;
use tempfile::TempDir;

fn directory(files: &[(&str, &[u8])]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, bytes)| fs::write(directory.path().join(name), bytes).unwrap());
    let path = directory.path().to_owned();
    (directory, path)
}

fn tcb_info() -> Vec<u8> {
    Blueprint::new(1_790_000_000).unwrap().tcb_info.build().unwrap()
}

#[test]
fn what_cannot_be_read_or_holds_nothing_is_refused() {
    let (_kept, empty) = directory(&[]);
    assert!(matches!(CollateralSet::load(&empty), Err(LoadError::Empty(_))));
    assert!(matches!(CollateralSet::load(&empty.join("missing")), Err(LoadError::Read { .. })));
    let (_kept, path) = directory(&[("notes.txt", b"notes")]);
    assert!(matches!(CollateralSet::load(&path), Err(LoadError::Empty(_))));
    assert!(matches!(CollateralSet::load(&path.join("notes.txt")), Err(LoadError::Unrecognised { .. })));
}

#[test]
fn a_directory_of_too_many_files_is_refused() {
    let (_kept, path) = directory(&[]);
    (0..=4096).for_each(|number| fs::write(path.join(number.to_string()), b"").unwrap());
    assert!(matches!(CollateralSet::load(&path), Err(LoadError::TooManyFiles(_))));
}

#[test]
fn files_that_are_no_collateral_are_passed_over_with_their_reason() {
    let damaged = tcb_info().iter().map(|&byte| if byte == b'}' { b')' } else { byte }).collect::<Vec<_>>();
    let (_kept, path) = directory(&[("tcb.json", &tcb_info()), ("notes.txt", b"notes"), ("damaged.json", &damaged)]);
    let set = CollateralSet::load(&path).unwrap();
    let names: Vec<&str> = set.unrecognised().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["damaged.json", "notes.txt"]);
    assert!(set.unrecognised().iter().all(|(_, reason)| !reason.is_empty()));
}

#[test]
fn every_kind_of_damage_has_its_reason() {
    let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----";
    let two_crls = "-----BEGIN X509 CRL-----\nAA==\n-----END X509 CRL-----\n".repeat(2);
    type Is = fn(&Unrecognised) -> bool;
    let table: [(&[u8], Is); 8] = [
        (b"notes", |e| matches!(e, Unrecognised::Unknown)),
        (b"{}", |e| matches!(e, Unrecognised::Unknown)),
        (two_crls.as_bytes(), |e| matches!(e, Unrecognised::Unknown)),
        (b"{\"tcbInfo\":{},\"tcbInfo\":{},\"signature\":\"\"}", |e| matches!(e, Unrecognised::Json(_))),
        (empty.as_bytes(), |e| matches!(e, Unrecognised::Certificate(_))),
        (b"-----BEGIN CERTIFICATE-----\n*", |e| matches!(e, Unrecognised::Pem(_))),
        (b"-----BEGIN X509 CRL-----\nAA==\n-----END X509 CRL-----", |e| matches!(e, Unrecognised::Crl(_))),
        (&[0x30, 0x82, 0xff, 0xff], |e| matches!(e, Unrecognised::Certificate(_) | Unrecognised::Crl(_))),
    ];
    for (bytes, is_expected) in table {
        let error = sniff(bytes).map(|_| ()).unwrap_err();
        assert!(is_expected(&error), "{:?}: {error:?}", String::from_utf8_lossy(bytes));
    }
    assert!(matches!(sniff(&vec![b' '; MAX_PIECE + 1]), Err(Unrecognised::TooLong)));
}

#[test]
fn a_member_of_dcap_qvls_json_that_is_no_hexadecimal_is_named() {
    let made = Blueprint::new(1_790_000_000).unwrap().collateral().unwrap();
    let qvl = |root_crl: &str| {
        let members = [
            ("pck_crl_issuer_chain", made.pck_crl_chain_pem.as_str()),
            ("root_ca_crl", root_crl),
            ("pck_crl", &hex::encode(&made.pck_crl)),
            ("tcb_info_issuer_chain", &made.tcb_info_chain_pem),
            ("tcb_info", "{}"),
            ("tcb_info_signature", &"00".repeat(64)),
            ("qe_identity_issuer_chain", &made.qe_identity_chain_pem),
            ("qe_identity", "{}"),
            ("qe_identity_signature", &"00".repeat(64)),
        ];
        let members: std::collections::BTreeMap<_, _> = members.into_iter().collect();
        CollateralSet::default().add("qvl", &serde_json::to_vec(&members).unwrap()).unwrap_err()
    };
    assert!(matches!(qvl("no hex"), Unrecognised::Hex("root_ca_crl")));
    let whole = qvl(&hex::encode(&made.root_crl));
    assert!(matches!(whole, Unrecognised::Json(_)), "its TCB Info is empty: {whole:?}");
}
