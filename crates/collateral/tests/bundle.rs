//! Our own bundle: what it keeps, and what is refused.

mod made;

use collateral::{
    BundleError, CollateralSet, Container, Contents, Form, MAX_BUNDLE, MAX_BUNDLE_PIECES, MAX_PIECE, Unrecognised,
    sniff,
};
use dcap::{Tee, TrustedRoots, pem};
use evidence::BUNDLE_FORMAT;
use made::{Evidence, NOW, at, evidence, made, pieces, set, tcb_info, verify};
use problem::Problem;
use serde_json::{Value, json};
use simulator::{Blueprint, DAY};
use unix_time::UnixTime;

fn read(bytes: &[u8]) -> Result<CollateralSet, Unrecognised> {
    let mut set = CollateralSet::default();
    set.add("bundle.json", bytes).map(|()| set)
}

fn refused(bytes: &[u8]) -> BundleError {
    match read(bytes).unwrap_err() {
        Unrecognised::Bundle(error) => error,
        other => panic!("{other:?}"),
    }
}

/// A bundle of one platform's pieces as JSON to change.
fn bundle() -> Value {
    serde_json::from_slice(&set(&pieces(&made().collateral().unwrap())).to_bundle().unwrap()).unwrap()
}

/// Its text, with `format` first whatever order `serde_json` keeps.
fn text(bundle: &Value) -> Vec<u8> {
    let rest: String = bundle
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| *name != "format")
        .map(|(name, value)| format!(",{}:{value}", json!(name)))
        .collect();
    format!("{{\"format\":{}{rest}}}", bundle["format"]).into_bytes()
}

#[test]
fn verification_through_a_bundle_is_that_through_the_pieces() {
    let (sgx, tdx) = (evidence(&made()), evidence(&Blueprint::for_tdx(at(NOW)).unwrap()));
    let loose = [&sgx, &tdx].map(|of| set(&pieces(&of.collateral)));
    // One bundle for both platforms, each under another Intel.
    let mut both = CollateralSet::default();
    loose.iter().for_each(|loose| both.add("loose", &loose.to_bundle().unwrap()).unwrap());
    let bundled = read(&both.to_bundle().unwrap()).unwrap();
    for (Evidence { quote, roots, .. }, loose) in [&sgx, &tdx].into_iter().zip(&loose) {
        for time in [NOW, NOW + 29 * DAY, NOW + 31 * DAY, NOW - 1] {
            let through = |set: &CollateralSet| format!("{:?}", verify(quote, set, roots, at(time)));
            assert_eq!(through(&bundled), through(loose));
        }
        assert!(verify(quote, &bundled, roots, at(NOW)).is_ok());
    }
    assert_eq!(
        bundled.platform_families(),
        [("5653494d0000".to_owned(), Tee::Sgx), ("5653494d0000".to_owned(), Tee::Tdx)]
    );
}

#[test]
fn verification_of_a_genuine_quote_through_a_bundle_is_that_through_the_pieces() {
    let Some(directory) = test_support::recorded("quotes") else { return };
    let quote = std::fs::read(directory.join("e9f0aad48a099297_v3_SGX_00906ed50000.quote")).unwrap();
    let loose = CollateralSet::load(&directory.join("collateral")).unwrap();
    let bundled = read(&loose.to_bundle().unwrap()).unwrap();
    let (roots, time) = (TrustedRoots::intel(), UnixTime::from_rfc3339("2025-05-27T20:31:08Z").unwrap());
    let verified = verify(&quote, &bundled, &roots, time).unwrap();
    assert_eq!(verified.tcb().status.as_str(), "OutOfDate");
    assert_eq!(format!("{verified:?}"), format!("{:?}", verify(&quote, &loose, &roots, time).unwrap()));
    assert_eq!(bundled.to_bundle().unwrap(), loose.to_bundle().unwrap());
}

#[test]
fn the_same_pieces_give_the_same_bytes_in_whatever_order_and_however_often() {
    let made = made();
    let mut all = pieces(&made.collateral().unwrap()).to_vec();
    all.push(("other", tcb_info(&made, 99, NOW, NOW + DAY)));
    let once = set(&all).to_bundle().unwrap();
    all.reverse();
    assert_eq!(set(&all).to_bundle().unwrap(), once);
    let mut again = set(&all);
    again.add("site.json", &once).unwrap();
    all.iter().for_each(|(name, bytes)| again.add(&format!("{name} again"), bytes).unwrap());
    assert_eq!(again.to_bundle().unwrap(), once, "the source that sorts first stays");
    assert_eq!(read(&once).unwrap().to_bundle().unwrap(), once, "a bundle of a bundle is that bundle");
    let sources: Vec<String> = read(&once).unwrap().list(at(NOW)).into_iter().map(|piece| piece.source).collect();
    assert_eq!(sources[..3], ["bundle.json#tcb_info", "bundle.json#other", "bundle.json#qe_identity"]);
}

#[test]
fn signed_bytes_survive_byte_for_byte() {
    let made = made();
    // Spaces, an escape, another alphabet: whatever is signed is kept.
    let mut document = made.tcb_info.clone();
    let body = String::from_utf8(simulator::Specification::to_be_signed(&document.spec).unwrap()).unwrap();
    let body = body.replacen('{', "{ \"note\" : \"\\u00e9 é \\\"\\n 日本\\/\",\t", 1);
    document.instead = Some(body.clone().into_bytes());
    let mut all = pieces(&made.collateral().unwrap()).to_vec();
    all[0].1 = document.build().unwrap();
    let bundle = set(&all).to_bundle().unwrap();
    let Contents::Several(Container::Bundle, pieces) = sniff(&bundle).unwrap() else { panic!() };
    let Form::TcbInfo(kept) = &pieces[0].1 else { panic!("{pieces:?}") };
    assert_eq!(str::from_utf8(kept.body()).unwrap(), body);
    assert_eq!(kept.wrapped(), all[0].1);
    let signer = |set: CollateralSet| set.list(at(NOW)).swap_remove(0).signer;
    assert_eq!(signer(read(&bundle).unwrap()).as_deref(), Some("Intel SGX TCB Signing"));
}

#[test]
fn format_and_version_come_first_and_a_piece_takes_a_line() {
    let bundle = set(&pieces(&made().collateral().unwrap())).to_bundle().unwrap();
    let text = str::from_utf8(&bundle).unwrap();
    assert!(text.starts_with(
        "{\n\"format\": \"veritee-collateral-bundle\",\n\"version\": 1,\n\"pieces\": [\n{\"kind\":\"tcb-info\","
    ));
    assert!(text.ends_with("}\n]\n}\n"));
    let kinds: Vec<&str> = text.lines().skip(4).filter_map(|line| line.split('"').nth(3)).collect();
    assert_eq!(kinds, ["tcb-info", "identity", "crl", "crl", "certificate", "certificate"]);
    assert_eq!(
        CollateralSet::default().to_bundle().unwrap(),
        b"{\n\"format\": \"veritee-collateral-bundle\",\n\"version\": 1,\n\"pieces\": [\n]\n}\n"
    );
}

#[test]
fn white_space_and_the_order_of_other_members_do_not_matter() {
    let whole = bundle();
    let spaced = serde_json::to_string_pretty(&whole["pieces"]).unwrap();
    let text = format!(" \n{{ \"format\"\t:\r\n\"{BUNDLE_FORMAT}\" , \"pieces\": {spaced}, \"version\": 1 }} \n");
    assert_eq!(read(text.as_bytes()).unwrap().list(at(NOW)).len(), 6);
}

#[test]
fn a_chain_in_one_piece_is_taken_and_comes_out_one_by_one() {
    let collateral = made().collateral().unwrap();
    let piece = json!({"kind": "certificate", "source": "chain", "pem": collateral.tcb_info_chain_pem});
    let bundle = read(&text(&json!({"format": BUNDLE_FORMAT, "version": 1, "pieces": [piece]}))).unwrap();
    assert_eq!(bundle.list(at(NOW)).len(), 2);
    let again: Value = serde_json::from_slice(&bundle.to_bundle().unwrap()).unwrap();
    assert_eq!(again["pieces"].as_array().unwrap().len(), 2);
}

#[test]
fn an_unknown_version_is_refused_before_anything_else_is_looked_at() {
    for version in [0_u64, 2, u64::MAX] {
        let mut newer = bundle();
        newer["version"] = json!(version);
        newer["signatures"] = json!([{"protected": "", "signature": ""}]);
        newer["pieces"][0] = json!({"kind": "novelty", "deep": [[[[[]]]]]});
        let error = refused(&text(&newer));
        assert!(matches!(error, BundleError::Version(found) if found == version), "{error:?}");
        assert_eq!((&*error.code(), error.help().is_empty()), ("collateral_bundle_version_unknown", false));
    }
}

#[test]
fn members_too_many_too_few_twice_or_of_another_type_are_refused() {
    let whole = bundle();
    let with = |name: &str, value: Value| {
        let mut changed = whole.clone();
        changed[name] = value;
        text(&changed)
    };
    let without = |name: &str| {
        let mut changed = whole.clone();
        changed.as_object_mut().unwrap().remove(name);
        text(&changed)
    };
    let twice = String::from_utf8(text(&whole)).unwrap().replacen(",", ",\"version\":1,", 1).into_bytes();
    let damaged = text(&whole).into_iter().rev().skip(1).rev().collect::<Vec<_>>();
    for bytes in [
        with("comment", json!("unknown")),
        with("signatures", json!([])),
        with("version", json!("1")),
        with("version", json!(-1)),
        with("version", json!(1.0)),
        with("pieces", json!({})),
        with("version", serde_json::from_str(&("[".repeat(33) + &"]".repeat(33))).unwrap()),
        without("version"),
        without("pieces"),
        twice,
        damaged,
    ] {
        let error = refused(&bytes);
        assert!(matches!(error, BundleError::Json(_)), "{error:?}");
        assert_eq!((&*error.code(), error.help().is_empty()), ("collateral_bundle_malformed", false));
    }
    // Without the format, or with another one, it is none of ours.
    for bytes in [with("format", json!("another-bundle")), br#"{"version":1,"pieces":[]}"#.to_vec()] {
        assert!(matches!(read(&bytes), Err(Unrecognised::Unknown)));
    }
}

#[test]
fn a_piece_that_cannot_be_read_is_named_by_its_place() {
    let whole = bundle();
    let (tcb_info, crl, certificate) = (&whole["pieces"][0], &whole["pieces"][2], &whole["pieces"][4]);
    let with = |piece: &Value, name: &str, value: Value| {
        let mut changed = piece.clone();
        changed[name] = value;
        changed
    };
    let without = |piece: &Value, name: &str| {
        let mut changed = piece.clone();
        changed.as_object_mut().unwrap().remove(name);
        changed
    };
    for (piece, code) in [
        (json!(7), "collateral_bundle_piece_malformed"),
        (json!([[[[]]]]), "collateral_bundle_piece_malformed"),
        (with(tcb_info, "kind", json!("novelty")), "collateral_bundle_piece_malformed"),
        (with(tcb_info, "comment", json!("unknown")), "collateral_bundle_piece_malformed"),
        (with(crl, "pem", json!("")), "collateral_bundle_piece_malformed"),
        (with(certificate, "pem", json!(7)), "collateral_bundle_piece_malformed"),
        (without(tcb_info, "kind"), "collateral_bundle_piece_malformed"),
        (without(tcb_info, "source"), "collateral_bundle_piece_malformed"),
        (without(certificate, "pem"), "collateral_bundle_piece_malformed"),
        (with(tcb_info, "document", whole["pieces"][1]["document"].clone()), "collateral_document_malformed"),
        (with(tcb_info, "kind", json!("identity")), "collateral_document_malformed"),
        (with(tcb_info, "document", json!("{}")), "collateral_document_malformed"),
        (with(crl, "der", json!("*")), "collateral_encoding_unknown"),
        (with(crl, "der", json!("AAAA")), "collateral_crl_malformed"),
        (with(certificate, "pem", json!("*")), "collateral_pem_malformed"),
        (with(certificate, "pem", json!(pem::encode(&[0], "CERTIFICATE"))), "collateral_certificate_malformed"),
    ] {
        let mut changed = whole.clone();
        changed["pieces"][3] = piece.clone();
        let error = read(&text(&changed)).unwrap_err();
        assert!(matches!(&error, Unrecognised::Member { member, .. } if member == "pieces[3]"), "{piece}: {error:?}");
        assert_eq!((&*error.code(), error.help().is_empty()), (code, false), "{piece}");
    }
}

#[test]
fn more_pieces_than_the_bound_are_refused_in_reading_and_in_writing() {
    let piece = bundle()["pieces"][4].clone();
    let of = |number: usize| text(&json!({"format": BUNDLE_FORMAT, "version": 1, "pieces": vec![&piece; number]}));
    assert_eq!(
        read(&of(MAX_BUNDLE_PIECES)).unwrap().to_bundle().unwrap().iter().filter(|&&byte| byte == b'\n').count(),
        7
    );
    let error = refused(&of(MAX_BUNDLE_PIECES + 1));
    assert!(matches!(error, BundleError::TooManyPieces));
    assert_eq!((&*error.code(), error.help().is_empty()), ("collateral_bundle_too_many_pieces", false));
    let root = made().certificates.root;
    let mut many = CollateralSet::default();
    for serial in 0..=MAX_BUNDLE_PIECES {
        // Certificates are told apart by their bytes: what signs them does not matter here.
        let mut one = root.clone();
        one.spec.serial = [&[1], &serial.to_be_bytes()[..]].concat();
        many.add("root", &one.build().unwrap()).unwrap();
    }
    assert!(matches!(many.to_bundle(), Err(BundleError::TooManyPieces)));
}

#[test]
fn a_bundle_may_be_longer_than_a_piece_and_not_longer_than_its_bound() {
    let mut whole = bundle();
    whole["pieces"][4]["source"] = json!("x".repeat(MAX_PIECE));
    assert_eq!(read(&text(&whole)).unwrap().list(at(NOW)).len(), 6);
    let mut long = text(&whole);
    long.resize(MAX_BUNDLE, b' ');
    assert!(read(&long).is_ok());
    long.push(b' ');
    let error = refused(&long);
    assert!(matches!(error, BundleError::TooLong));
    assert_eq!((&*error.code(), error.help().is_empty()), ("collateral_bundle_too_long", false));
    // Nothing else may be that long.
    assert!(matches!(read(&text(&whole)[1..]), Err(Unrecognised::TooLong)));
    let mut set = CollateralSet::default();
    let certificate = made().certificates.root.build().unwrap();
    set.add(&"x".repeat(MAX_BUNDLE), &certificate).unwrap();
    assert!(matches!(set.to_bundle(), Err(BundleError::TooLong)));
}
