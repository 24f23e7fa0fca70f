//! dcap-qvl's JSON.

mod made;

use std::collections::BTreeMap;

use collateral::{CollateralSet, Container, Contents, Form, Unrecognised, sniff};
use made::{NOW, at, evidence, made, verify};
use problem::Problem;
use serde_json::{Value, json, value::RawValue};
use simulator::Collateral;

fn split(document: &[u8], member: &str) -> (String, String) {
    let parsed: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(document).unwrap();
    (parsed[member].get().to_owned(), serde_json::from_str(parsed["signature"].get()).unwrap())
}

fn qvl(of: &Collateral) -> Value {
    let (tcb_info, tcb_info_signature) = split(&of.tcb_info, "tcbInfo");
    let (qe_identity, qe_identity_signature) = split(&of.qe_identity, "enclaveIdentity");
    json!({
        "pck_crl_issuer_chain": of.pck_crl_chain_pem,
        "root_ca_crl": hex::encode(&of.root_crl),
        "pck_crl": hex::encode(&of.pck_crl),
        "tcb_info_issuer_chain": of.tcb_info_chain_pem,
        "tcb_info": tcb_info,
        "tcb_info_signature": tcb_info_signature,
        "qe_identity_issuer_chain": of.qe_identity_chain_pem,
        "qe_identity": qe_identity,
        "qe_identity_signature": qe_identity_signature,
    })
}

fn add(document: &Value) -> Result<CollateralSet, Unrecognised> {
    let mut set = CollateralSet::default();
    set.add("qvl", document.to_string().as_bytes()).map(|()| set)
}

#[test]
fn all_of_it_is_taken_and_verifies() {
    let evidence = evidence(&made());
    let set = add(&qvl(&evidence.collateral)).unwrap();
    assert!(verify(&evidence.quote, &set, &evidence.roots, at(NOW)).is_ok());
}

#[test]
fn a_platforms_own_chain_adds_its_certificates() {
    let sample = test_support::package("dcap-qvl").join("sample/tdx_quote_td15ex_collateral.json");
    let Contents::Several(Container::Qvl, pieces) = sniff(&std::fs::read(sample).unwrap()).unwrap() else { panic!() };
    let (name, last) = pieces.last().unwrap();
    let Form::Certificates(chain) = last else { panic!("{last:?}") };
    let names: Vec<&str> = chain.iter().map(dcap::Certificate::common_name).collect();
    assert_eq!(name, "pck_certificate_chain");
    assert_eq!(names, ["Intel SGX PCK Certificate", "Intel SGX PCK Platform CA", "Intel SGX Root CA"]);
    let mut without = qvl(&made().collateral().unwrap());
    without["pck_certificate_chain"] = Value::Null;
    assert!(add(&without).is_ok());
}

#[test]
fn a_member_that_cannot_be_read_is_named() {
    let whole = qvl(&made().collateral().unwrap());
    type Is = fn(&Unrecognised) -> bool;
    let table: [(&str, &str, &str, Is); 8] = [
        ("root_ca_crl", "no hex", "collateral_encoding_unknown", |e| matches!(e, Unrecognised::Encoding)),
        ("pck_crl", "3003020100", "collateral_crl_malformed", |e| matches!(e, Unrecognised::Crl(_))),
        ("pck_crl_issuer_chain", "", "collateral_pem_malformed", |e| matches!(e, Unrecognised::Pem(_))),
        ("tcb_info_issuer_chain", "x", "collateral_pem_malformed", |e| matches!(e, Unrecognised::Pem(_))),
        ("tcb_info", "{}", "collateral_document_malformed", |e| matches!(e, Unrecognised::Json(_))),
        ("tcb_info", "{\"a\":1,\"a\":1}", "collateral_document_malformed", |e| matches!(e, Unrecognised::Json(_))),
        ("qe_identity", "{}", "collateral_document_malformed", |e| matches!(e, Unrecognised::Json(_))),
        ("pck_certificate_chain", "x", "collateral_pem_malformed", |e| matches!(e, Unrecognised::Pem(_))),
    ];
    for (name, value, code, is_expected) in table {
        let mut damaged = whole.clone();
        damaged[name] = json!(value);
        let error = add(&damaged).unwrap_err();
        assert_eq!((&*error.code(), error.help().is_empty()), (code, false));
        let Unrecognised::Member { member, source } = error else { panic!("{error:?}") };
        assert_eq!(member, name);
        assert!(is_expected(&source), "{name}: {source:?}");
    }
    let mut spaced = whole.clone();
    spaced["qe_identity"] = json!(format!("{}\n", spaced["qe_identity"].as_str().unwrap()));
    let error = add(&spaced).unwrap_err();
    let message = problem::chain(&error);
    assert!(message.starts_with("`qe_identity`: ") && message.contains("white space"), "{message}");
    let mut damaged = whole;
    damaged["tcb_info_signature"] = json!("00");
    assert!(matches!(add(&damaged), Err(Unrecognised::Member { member, .. }) if member == "tcb_info"));
}

#[test]
fn a_member_that_is_missing_or_of_another_type_is_named() {
    let whole = qvl(&made().collateral().unwrap());
    for name in whole.as_object().unwrap().keys() {
        for value in [None, Some(json!(7))] {
            let mut damaged = whole.clone();
            match value {
                // One of the signatures is left to tell the form by.
                None => drop(damaged.as_object_mut().unwrap().remove(name)),
                Some(value) => damaged[name] = value,
            }
            let error = add(&damaged).unwrap_err();
            assert!(matches!(error, Unrecognised::Members { container: Container::Qvl, .. }), "{name}: {error:?}");
            assert_eq!((&*error.code(), error.help().is_empty()), ("collateral_members_malformed", false));
        }
    }
    let twice = whole.to_string().replacen('{', "{\"pck_crl\":\"\",", 1);
    assert!(matches!(CollateralSet::default().add("qvl", twice.as_bytes()), Err(Unrecognised::Json(_))));
}
