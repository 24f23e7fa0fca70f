//! Loading collateral from a path: what is no collateral, and how it is said.

use std::fs;
use std::path::PathBuf;

use collateral::{CollateralSet, LoadError, MAX_PIECE, Unrecognised, sniff};
use problem::Problem;
use simulator::Blueprint;
use tempfile::TempDir;
use unix_time::UnixTime;

fn directory(files: &[(&str, &[u8])]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, bytes)| fs::write(directory.path().join(name), bytes).unwrap());
    let path = directory.path().to_owned();
    (directory, path)
}

fn tcb_info() -> Vec<u8> {
    Blueprint::new(UnixTime::from_seconds(1_790_000_000)).unwrap().tcb_info.build().unwrap()
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
    let error = CollateralSet::load(&path).unwrap_err();
    assert!(matches!(error, LoadError::TooManyFiles(_)));
    assert_eq!((&*error.code(), error.help().is_empty()), ("collateral_too_many_files", false));
}

#[test]
fn files_that_are_no_collateral_are_passed_over_with_their_reason() {
    let damaged = tcb_info().iter().map(|&byte| if byte == b'}' { b')' } else { byte }).collect::<Vec<_>>();
    let (_kept, path) = directory(&[("tcb.json", &tcb_info()), ("notes.txt", b"notes"), ("damaged.json", &damaged)]);
    let set = CollateralSet::load(&path).unwrap();
    let names: Vec<&str> = set.unrecognised().iter().map(|file| file.source.as_str()).collect();
    assert_eq!(names, ["damaged.json", "notes.txt"]);
    assert!(set.unrecognised().iter().all(|file| !file.reason.is_empty()));
}

#[test]
fn every_kind_of_damage_has_its_reason() {
    let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----";
    let two_crls = "-----BEGIN X509 CRL-----\nAA==\n-----END X509 CRL-----\n".repeat(2);
    type Is = fn(&Unrecognised) -> bool;
    let table: [(&[u8], Is); 8] = [
        (b"notes", |e| matches!(e, Unrecognised::Unknown)),
        (b"{}", |e| matches!(e, Unrecognised::Unknown)),
        (two_crls.as_bytes(), |e| matches!(e, Unrecognised::Encoding)),
        (b"{\"tcbInfo\":{},\"tcbInfo\":{},\"signature\":\"\"}", |e| matches!(e, Unrecognised::Json(_))),
        (empty.as_bytes(), |e| matches!(e, Unrecognised::Certificate(_))),
        (b"-----BEGIN CERTIFICATE-----\n*", |e| matches!(e, Unrecognised::Pem(_))),
        (b"-----BEGIN X509 CRL-----\nAA==\n-----END X509 CRL-----", |e| matches!(e, Unrecognised::Crl(_))),
        (&[0x30, 0x82, 0xff, 0xff], |e| matches!(e, Unrecognised::Certificate(_) | Unrecognised::Crl(_))),
    ];
    for (bytes, is_expected) in table {
        let error = sniff(bytes).map(|_| ()).unwrap_err();
        assert!(is_expected(&error), "{:?}: {error:?}", String::from_utf8_lossy(bytes));
        assert!(error.code().starts_with("collateral_") && !error.help().is_empty());
    }
    assert!(matches!(sniff(&vec![b' '; MAX_PIECE + 1]), Err(Unrecognised::TooLong)));
}

#[test]
fn a_directory_of_too_many_bytes_is_refused() {
    // What is no bundle counts with its first bytes alone, however long it is.
    let sparse = |path: &PathBuf, files: usize| {
        for number in 0..files {
            fs::File::create(path.join(number.to_string())).unwrap().set_len(1 << 30).unwrap();
        }
    };
    let (_kept, path) = directory(&[("tcb.json", &tcb_info())]);
    sparse(&path, 31);
    let set = CollateralSet::load(&path).unwrap();
    assert_eq!(set.unrecognised().len(), 31);
    sparse(&path, 32);
    let error = CollateralSet::load(&path).unwrap_err();
    assert!(matches!(error, LoadError::TooManyBytes(_)), "{error:?}");
    assert_eq!((&*error.code(), error.help().is_empty()), ("collateral_too_many_bytes", false));
}

#[test]
fn several_paths_are_added_to_one_set() {
    let made = Blueprint::new(UnixTime::from_seconds(1_790_000_000)).unwrap().collateral().unwrap();
    let (_kept, documents) = directory(&[("tcb.json", &made.tcb_info), ("notes.txt", b"notes")]);
    let (_kept, chains) = directory(&[("chain.pem", made.tcb_info_chain_pem.as_bytes())]);
    let mut set = CollateralSet::default();
    set.add_path(&documents).unwrap();
    set.add_path(&chains).unwrap();
    set.add_path(&chains.join("chain.pem")).unwrap();
    let at = UnixTime::from_seconds(1_790_000_000);
    assert_eq!((set.list(at).len(), set.unrecognised().len()), (5, 1));
    let (_kept, nothing) = directory(&[("notes.txt", b"notes")]);
    assert!(matches!(set.add_path(&nothing), Err(LoadError::Empty(_))));
    assert!(matches!(CollateralSet::load(&chains), Err(LoadError::Empty(_))), "certificates alone judge nothing");
}

#[test]
fn a_bundle_is_loaded_from_a_file_and_from_a_directory() {
    let (_kept, path) = directory(&[("tcb.json", &tcb_info())]);
    let bundle = CollateralSet::load(&path).unwrap().to_bundle().unwrap();
    let padded = [&bundle[..], &vec![b' '; MAX_PIECE]].concat();
    let (_kept, path) = directory(&[("site.json", &padded)]);
    let at = UnixTime::from_seconds(1_790_000_000);
    for path in [path.join("site.json"), path] {
        let listed = CollateralSet::load(&path).unwrap().list(at);
        assert_eq!((listed.len(), listed[0].source.as_str()), (1, "site.json#tcb.json"));
    }
}

#[test]
fn every_reason_has_a_code_and_help() {
    let (_kept, path) = directory(&[("notes.txt", b"notes")]);
    for (error, code) in [
        (CollateralSet::load(&path).unwrap_err(), "collateral_empty"),
        (CollateralSet::load(&path.join("missing")).unwrap_err(), "collateral_unreadable"),
        (CollateralSet::load(&path.join("notes.txt")).unwrap_err(), "collateral_unrecognised"),
    ] {
        assert_eq!((&*error.code(), error.help().is_empty()), (code, false));
    }
    let long = sniff(&vec![b' '; MAX_PIECE + 1]).map(|_| ()).unwrap_err();
    assert_eq!((&*long.code(), long.help().is_empty()), ("collateral_too_long", false));
}
