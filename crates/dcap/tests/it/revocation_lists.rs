//! Revocation lists of the root and the PCK CA: whose they are, when they hold, what form they have.

use crate::simulated::{NOW, acceptances, at, blueprint, collateral, key, refusals};
use const_oid::ObjectIdentifier;
use dcap::{Crl, MAX_CRL, MalformedCrl};
use simulator::pki::{CrlSpec, Name, RawExtension};
use simulator::{CaType, Link, Signed, Signer};

fn raw(oid: &str, critical: bool, value: &[u8]) -> RawExtension {
    RawExtension { oid: ObjectIdentifier::new_unwrap(oid), critical, value: value.to_vec() }
}

const DELTA_CRL_INDICATOR: &str = "2.5.29.27";
const ISSUING_DISTRIBUTION_POINT: &str = "2.5.29.28";

refusals! { collateral;
    pitfall_18_rejects_expired_pck_crl: "pck_crl_expired", |b| b.pck_crl.spec.next_update = Some(at(NOW - 1));
    pitfall_23_rejects_pck_crl_of_the_future: "pck_crl_not_yet_valid", |b| b.pck_crl.spec.this_update = at(NOW + 1);
    pitfall_16_rejects_expired_root_crl: "root_ca_crl_expired", |b| b.root_crl.spec.next_update = Some(at(NOW - 1));
    pitfall_23_rejects_root_crl_of_the_future: "root_ca_crl_not_yet_valid", |b| b.root_crl.spec.this_update = at(NOW + 1);
    rejects_pck_crl_signed_by_another: "pck_crl_bad_signature", |b| b.pck_crl.signer = key().into();
    rejects_pck_crl_signed_by_the_root: "pck_crl_bad_signature", |b| b.pck_crl.signer = (&b.keys.root).into();
    rejects_unsigned_pck_crl: "pck_crl_bad_signature", |b| b.pck_crl.signer = Signer::Bytes([0; 64]);
    rejects_root_crl_signed_by_another: "root_ca_crl_bad_signature", |b| b.root_crl.signer = key().into();
    rejects_root_crl_signed_by_a_ca: "root_ca_crl_bad_signature", |b| {
        b.root_crl.signer = (&b.keys.platform_ca).into();
    };
    pitfall_13_rejects_pck_crl_of_the_other_ca: "pck_crl_wrong_issuer", |b| b.pck_crl = b.pck_crl_of(CaType::Processor);
    pitfall_13_rejects_root_crl_in_place_of_the_pck_crl: "pck_crl_wrong_issuer", |b| b.pck_crl = b.root_crl.clone();
    rejects_pck_crl_in_place_of_the_root_crl: "root_ca_crl_wrong_issuer", |b| b.root_crl = b.pck_crl.clone();
    rejects_pck_crl_with_another_authority_key_id: "pck_crl_wrong_issuer", |b| {
        b.pck_crl.spec.authority_key_id = Some(vec![1; 20]);
    };
    rejects_pck_crl_of_another_name: "pck_crl_wrong_issuer", |b| b.pck_crl.spec.issuer = Name::simulated("A Stranger");
    rejects_crl_chain_of_the_other_ca: "pck_crl_wrong_issuer", |b| b.pck_crl_chain[0] = Link::Ca(CaType::Processor);
    rejects_pck_crl_without_number: "pck_crl_malformed", |b| b.pck_crl.spec.crl_number = None;
    rejects_pck_crl_without_authority_key_id: "pck_crl_malformed", |b| b.pck_crl.spec.authority_key_id = None;
    rejects_pck_crl_without_next_update: "pck_crl_malformed", |b| b.pck_crl.spec.next_update = None;
    rejects_root_crl_without_number: "root_ca_crl_malformed", |b| b.root_crl.spec.crl_number = None;
    rejects_root_crl_without_authority_key_id: "root_ca_crl_malformed", |b| b.root_crl.spec.authority_key_id = None;
    rejects_root_crl_without_next_update: "root_ca_crl_malformed", |b| b.root_crl.spec.next_update = None;
    rejects_delta_crl: "pck_crl_malformed", |b| {
        b.pck_crl.spec.more_extensions.push(raw(DELTA_CRL_INDICATOR, true, &[2, 1, 1]));
    };
    rejects_partial_crl: "root_ca_crl_malformed", |b| {
        b.root_crl.spec.more_extensions.push(raw(ISSUING_DISTRIBUTION_POINT, true, &[0x30, 3, 0x81, 1, 0xff]));
    };
    rejects_delta_crl_that_is_not_marked_critical: "pck_crl_malformed", |b| {
        b.pck_crl.spec.more_extensions.push(raw(DELTA_CRL_INDICATOR, false, &[2, 1, 1]));
    };
}

acceptances! { collateral;
    accepts_pck_crl_in_its_first_second: |b| b.pck_crl.spec.this_update = at(NOW);
    accepts_pck_crl_in_its_last_second: |b| b.pck_crl.spec.next_update = Some(at(NOW));
    accepts_root_crl_in_its_first_second: |b| b.root_crl.spec.this_update = at(NOW);
    accepts_root_crl_in_its_last_second: |b| b.root_crl.spec.next_update = Some(at(NOW));
    accepts_crl_with_an_unknown_extension: |b| b.pck_crl.spec.more_extensions.push(raw("1.2.3", false, &[5, 0]));
    accepts_crl_that_revokes_strangers: |b| b.pck_crl.spec.revoked = (1..200_u8).map(|n| vec![n, n]).collect();
}

fn crl(change: impl Fn(&mut Signed<CrlSpec>)) -> Result<Crl, MalformedCrl> {
    let mut list = blueprint(|_| ()).pck_crl;
    change(&mut list);
    Crl::from_der(&list.build().unwrap())
}

#[test]
fn each_malformed_list_is_refused_for_what_it_is() {
    let refused = |change: fn(&mut CrlSpec)| crl(|list| change(&mut list.spec)).unwrap_err();
    let sha384 = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
    assert_eq!(refused(|spec| spec.next_update = None), MalformedCrl::NoNextUpdate);
    assert_eq!(refused(|spec| spec.version = Some(0)), MalformedCrl::Algorithm);
    assert_eq!(crl(|list| list.spec.signature_algorithm = sha384).unwrap_err(), MalformedCrl::Algorithm);
    assert_eq!(refused(|spec| spec.crl_number = None), MalformedCrl::MissingExtension("CRL number"));
    for id in [None, Some(vec![])] {
        let refused = crl(|list| list.spec.authority_key_id = id.clone()).unwrap_err();
        assert_eq!(refused, MalformedCrl::MissingExtension("authority key identifier"));
    }
    let number = ObjectIdentifier::new_unwrap("2.5.29.20");
    let twice = refused(|spec| spec.more_extensions.push(raw("2.5.29.20", false, &[2, 1, 9])));
    assert_eq!(twice, MalformedCrl::Extension(number));
    assert!(matches!(refused(|spec| spec.revoked.push(vec![1; 30])), MalformedCrl::Der(_)));
}

#[test]
fn trailing_and_missing_bytes_are_refused() {
    let der = blueprint(|_| ()).pck_crl.build().unwrap();
    assert!(matches!(Crl::from_der(&[&der[..], &[0]].concat()), Err(MalformedCrl::Der(_))));
    for length in 0..der.len() {
        assert!(matches!(Crl::from_der(&der[..length]), Err(MalformedCrl::Der(_))), "{length} bytes");
    }
    assert_eq!(Crl::from_der(&vec![0x30; MAX_CRL + 1]).unwrap_err(), MalformedCrl::TooLong);
    assert!(matches!(Crl::from_der(&vec![0x30; MAX_CRL]), Err(MalformedCrl::Der(_))));
}

#[test]
fn a_list_says_what_it_lists() {
    let list = crl(|list| list.spec.revoked = vec![vec![0xef, 1], vec![3], vec![2]]).unwrap();
    assert_eq!((list.len(), list.is_empty(), list.number()), (3, false, &[1][..]));
    assert!(list.revokes(&[2]) && list.revokes(&[3]) && list.revokes(&[0, 0xef, 1]), "as DER writes it");
    assert!(!list.revokes(&[1]) && !list.revokes(&[]) && !list.revokes(&[2, 0]));
    assert!(list.issuer_text().contains("CN=Intel SGX PCK Platform CA"));
    assert!(crl(|_| ()).unwrap().is_empty());
}

/// Anybody can make such a list: its signature is verified after it is read.
#[test]
fn a_list_with_tens_of_thousands_of_extensions_is_refused_by_their_count() {
    let many = crl(|list| {
        list.spec.more_extensions =
            (0..60_000).map(|n| raw(&format!("1.2.{}.{}", n / 100, n % 100), false, &[])).collect();
    });
    assert_eq!(many.unwrap_err(), MalformedCrl::TooManyExtensions(60_002));
    let most = crl(|list| list.spec.more_extensions = (0..30).map(|n| raw(&format!("1.2.{n}"), false, &[])).collect());
    assert!(most.is_ok(), "with its own two they are 32");
}
