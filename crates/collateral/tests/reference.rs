//! Intel's reference structure, in memory and as JSON.

mod made;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use collateral::{CollateralSet, Container, MAX_PIECE, ReferenceCollateral, Unrecognised};
use dcap::pem;
use made::{Evidence, NOW, at, evidence, made, verify};
use serde_json::{Value, json, value::RawValue};
use simulator::Collateral;

/// Each member's bytes with what a C string ends with.
struct Owned([Vec<u8>; 7]);

impl Owned {
    fn of(collateral: &Collateral, crl: fn(&[u8]) -> Vec<u8>, end: &[u8]) -> Self {
        let members = [
            collateral.pck_crl_chain_pem.clone().into_bytes(),
            crl(&collateral.root_crl),
            crl(&collateral.pck_crl),
            collateral.tcb_info_chain_pem.clone().into_bytes(),
            collateral.tcb_info.clone(),
            collateral.qe_identity_chain_pem.clone().into_bytes(),
            collateral.qe_identity.clone(),
        ];
        Self(members.map(|member| [&member[..], end].concat()))
    }

    fn borrowed(&self, version: u32) -> ReferenceCollateral<'_> {
        let [chain, root_ca_crl, pck_crl, tcb_chain, tcb_info, qe_chain, qe_identity] = &self.0;
        ReferenceCollateral {
            version,
            tee_type: 0,
            pck_crl_issuer_chain: chain,
            root_ca_crl,
            pck_crl,
            tcb_info_issuer_chain: tcb_chain,
            tcb_info,
            qe_identity_issuer_chain: qe_chain,
            qe_identity,
        }
    }
}

type Encode = fn(&[u8]) -> Vec<u8>;

const ENCODINGS: [Encode; 4] = [
    <[u8]>::to_vec,
    |der| pem::encode(der, "X509 CRL").into_bytes(),
    |der| hex::encode_upper(der).into_bytes(),
    |der| STANDARD.encode(der).into_bytes(),
];

#[test]
fn the_structure_is_taken_whatever_encoding_its_version_promises() {
    let Evidence { quote, roots, collateral } = evidence(&made());
    for version in [1, 3, 0x0001_0003, 4, 0xffff_ffff] {
        for (encode, end) in ENCODINGS.iter().flat_map(|encode| [(encode, &b""[..]), (encode, b"\0")]) {
            let owned = Owned::of(&collateral, *encode, end);
            let mut set = CollateralSet::default();
            set.add_reference("library", &owned.borrowed(version)).unwrap();
            assert!(verify(&quote, &set, &roots, at(NOW)).is_ok());
            assert_eq!(set.list(at(NOW))[0].source, "library#tcb_info");
        }
    }
}

fn json_of(collateral: &Collateral, crl: &dyn Fn(&[u8]) -> String) -> Value {
    json!({
        "version": {"major": 3, "minor": 1},
        "tee_type": 0,
        "pck_crl_issuer_chain": collateral.pck_crl_chain_pem,
        "pck_crl_issuer_chain_size": collateral.pck_crl_chain_pem.len(),
        "root_ca_crl": crl(&collateral.root_crl),
        "pck_crl": crl(&collateral.pck_crl),
        "tcb_info_issuer_chain": collateral.tcb_info_chain_pem,
        "tcb_info": str::from_utf8(&collateral.tcb_info).unwrap(),
        "qe_identity_issuer_chain": collateral.qe_identity_chain_pem,
        "qe_identity": str::from_utf8(&collateral.qe_identity).unwrap(),
    })
}

#[test]
fn json_is_taken_with_lists_in_every_text_and_documents_as_text_or_object() {
    let Evidence { quote, roots, collateral } = evidence(&made());
    let texts: [fn(&[u8]) -> String; 4] = [
        |der| pem::encode(der, "X509 CRL"),
        |der| hex::encode(der),
        |der| hex::encode_upper(der) + "\0",
        |der| STANDARD.encode(der),
    ];
    for text in texts {
        let as_text = json_of(&collateral, &text).to_string();
        // An object keeps the signed bytes: it is put in as it is, not written anew.
        let object = |text: &str, name: &str, document: &[u8]| {
            let value: Value = serde_json::from_str(text).unwrap();
            let mut all: std::collections::BTreeMap<String, Box<RawValue>> = value
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.clone(), RawValue::from_string(value.to_string()).unwrap()))
                .collect();
            let document = String::from_utf8(document.to_vec()).unwrap();
            all.insert(name.to_owned(), RawValue::from_string(document).unwrap());
            serde_json::to_string(&all).unwrap()
        };
        let tcb_object = object(&as_text, "tcb_info", &collateral.tcb_info);
        let identity_object = object(&as_text, "qe_identity", &collateral.qe_identity);
        for document in [as_text, tcb_object, identity_object] {
            let mut set = CollateralSet::default();
            set.add("library.json", document.as_bytes()).unwrap();
            assert!(verify(&quote, &set, &roots, at(NOW)).is_ok());
        }
    }
}

#[test]
fn each_member_that_cannot_be_read_is_named() {
    let collateral = made().collateral().unwrap();
    let owned = Owned::of(&collateral, <[u8]>::to_vec, b"");
    let long = vec![b' '; MAX_PIECE + 1];
    type Set = for<'a> fn(&mut ReferenceCollateral<'a>, &'a [u8]);
    let members: [(&str, Set); 7] = [
        ("pck_crl_issuer_chain", |of, bytes| of.pck_crl_issuer_chain = bytes),
        ("root_ca_crl", |of, bytes| of.root_ca_crl = bytes),
        ("pck_crl", |of, bytes| of.pck_crl = bytes),
        ("tcb_info_issuer_chain", |of, bytes| of.tcb_info_issuer_chain = bytes),
        ("tcb_info", |of, bytes| of.tcb_info = bytes),
        ("qe_identity_issuer_chain", |of, bytes| of.qe_identity_issuer_chain = bytes),
        ("qe_identity", |of, bytes| of.qe_identity = bytes),
    ];
    // A document in place of a list, a list in place of a chain, and so on: the kind is the member's.
    for wrong in [&b""[..], b"\0", b"damaged", &collateral.pck_crl[1..], b"{\"enclaveIdentit\":{}}", &long] {
        for (name, set) in members {
            let mut damaged = owned.borrowed(3);
            set(&mut damaged, wrong);
            let mut into = CollateralSet::default();
            let error = into.add_reference("library", &damaged).unwrap_err();
            assert!(matches!(&error, Unrecognised::Member { member, .. } if member == name), "{name}: {error:?}");
            assert!(problem::chain(&error).starts_with(&format!("`{name}`: ")), "{error}");
            assert!(into.list(at(NOW)).is_empty(), "nothing of it is taken");
        }
    }
    let mut swapped = owned.borrowed(3);
    (swapped.tcb_info, swapped.qe_identity) = (swapped.qe_identity, swapped.tcb_info);
    let error = swapped.pieces().unwrap_err();
    assert!(matches!(error, Unrecognised::Member { member, .. } if member == "tcb_info"));
}

#[test]
fn json_with_a_member_missing_of_another_type_or_twice_is_refused() {
    let whole = json_of(&made().collateral().unwrap(), &|der| hex::encode(der));
    let add = |document: &str| CollateralSet::default().add("library.json", document.as_bytes()).unwrap_err();
    let needed = whole.as_object().unwrap().keys().filter(|name| !name.ends_with("_size"));
    for name in needed.filter(|name| !["version", "tee_type"].contains(&name.as_str())) {
        let mut missing = whole.clone();
        missing.as_object_mut().unwrap().remove(name);
        let error = add(&missing.to_string());
        assert!(matches!(error, Unrecognised::Members { container: Container::Reference, .. }), "{name}: {error:?}");
        let mut number = whole.clone();
        number[name] = json!(7);
        let error = add(&number.to_string());
        assert!(matches!(error, Unrecognised::Members { .. } | Unrecognised::Member { .. }), "{name}: {error:?}");
    }
    let twice = whole.to_string().replacen('{', "{\"tcb_info\":\"\",", 1);
    assert!(matches!(add(&twice), Unrecognised::Json(_)));
    // The bare inner object has no signature.
    let mut inner = whole;
    inner["tcb_info"] = json!("{\"id\":\"SGX\"}");
    assert!(matches!(add(&inner.to_string()), Unrecognised::Member { member, .. } if member == "tcb_info"));
}
