//! The platform's certificate chain: who may sign whom, in which order and window, and how it is written.

use crate::simulated::{NOW, acceptances, at, key, prove, quote_of, refusals, roots_of};
use dcap::{CertificateFault, PckCa, PckError, ProvenPck, RootKind, TrustedRoots};
use problem::Problem;
use simulator::pki::{CertificateSpec, Name};
use simulator::{Blueprint, CaType, DAY, Link, Signed};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};

fn pck(b: &mut Blueprint) -> &mut Signed<CertificateSpec> {
    &mut b.certificates.pck
}

fn ca(b: &mut Blueprint) -> &mut Signed<CertificateSpec> {
    &mut b.certificates.platform_ca
}

fn root(b: &mut Blueprint) -> &mut Signed<CertificateSpec> {
    &mut b.certificates.root
}

fn stranger() -> Name {
    Name::simulated("A Stranger")
}

/// Names a CA and everything it issued anew, so that the name alone is wrong.
fn rename_ca(b: &mut Blueprint, name: &Name) {
    ca(b).spec.subject = name.clone();
    pck(b).spec.issuer = name.clone();
}

fn rename_root(b: &mut Blueprint, name: &Name) {
    root(b).spec.subject = name.clone();
    root(b).spec.issuer = name.clone();
    ca(b).spec.issuer = name.clone();
}

fn constraints(ca: bool, length: Option<u8>) -> Option<BasicConstraints> {
    Some(BasicConstraints { ca, path_len_constraint: length })
}

fn usage(usage: KeyUsages) -> Option<KeyUsage> {
    Some(KeyUsage(usage.into()))
}

refusals! { prove;
    rejects_untrusted_root: "root_certificate_untrusted", |b| b.keys.root = key();
    rejects_root_of_another_name: "root_certificate_wrong_subject", |b| rename_root(b, &stranger());
    rejects_ca_of_another_name: "pck_ca_certificate_wrong_subject", |b| rename_ca(b, &stranger());
    rejects_ca_named_like_the_root: "pck_ca_certificate_wrong_subject", |b| {
        rename_ca(b, &Name::simulated("Intel SGX Root CA"));
    };
    rejects_pck_of_another_name: "pck_certificate_wrong_subject", |b| pck(b).spec.subject = stranger();
    pitfall_21_rejects_pck_named_like_the_tcb_signer: "pck_certificate_wrong_subject", |b| {
        pck(b).spec.subject = Name::simulated("Intel SGX TCB Signing");
    };
    rejects_tcb_signer_in_place_of_pck: "pck_certificate_wrong_subject", |b| {
        b.pck_chain = vec![Link::TcbSigning, Link::Ca(CaType::Platform), Link::Root];
    };
    rejects_root_that_another_issued: "root_certificate_wrong_issuer", |b| root(b).spec.issuer = stranger();
    rejects_ca_that_another_issued: "pck_ca_certificate_wrong_issuer", |b| ca(b).spec.issuer = stranger();
    rejects_pck_that_another_issued: "pck_certificate_wrong_issuer", |b| pck(b).spec.issuer = stranger();
    rejects_pck_under_the_other_ca: "pck_certificate_wrong_issuer", |b| b.pck_chain[1] = Link::Ca(CaType::Processor);
    rejects_root_with_another_authority_key_id: "root_certificate_wrong_issuer_key", |b| {
        root(b).spec.authority_key_id = Some(vec![1; 20]);
    };
    rejects_ca_with_another_authority_key_id: "pck_ca_certificate_wrong_issuer_key", |b| {
        ca(b).spec.authority_key_id = Some(vec![1; 20]);
    };
    rejects_pck_with_another_authority_key_id: "pck_certificate_wrong_issuer_key", |b| {
        pck(b).spec.authority_key_id = Some(vec![1; 20]);
    };
    rejects_root_with_another_subject_key_id: "root_certificate_wrong_issuer_key", |b| {
        root(b).spec.subject_key_id = Some(vec![1; 20]);
    };
    rejects_ca_with_another_subject_key_id: "pck_certificate_wrong_issuer_key", |b| {
        ca(b).spec.subject_key_id = Some(vec![1; 20]);
    };
    rejects_root_signed_by_another: "root_certificate_bad_signature", |b| root(b).signer = key().into();
    rejects_ca_signed_by_another: "pck_ca_certificate_bad_signature", |b| ca(b).signer = key().into();
    rejects_ca_signed_by_itself: "pck_ca_certificate_bad_signature", |b| {
        ca(b).signer = (&b.keys.platform_ca).into();
    };
    rejects_pck_signed_by_another: "pck_certificate_bad_signature", |b| pck(b).signer = key().into();
    rejects_pck_signed_by_the_root: "pck_certificate_bad_signature", |b| pck(b).signer = (&b.keys.root).into();
    rejects_pck_signed_by_itself: "pck_certificate_bad_signature", |b| pck(b).signer = (&b.keys.pck).into();
    rejects_root_that_is_no_ca: "root_certificate_wrong_constraints", |b| {
        root(b).spec.basic_constraints = constraints(false, None);
    };
    rejects_root_that_allows_no_ca_below: "root_certificate_wrong_constraints", |b| {
        root(b).spec.basic_constraints = constraints(true, Some(0));
    };
    rejects_root_that_may_not_sign_certificates: "root_certificate_wrong_constraints", |b| {
        root(b).spec.key_usage = usage(KeyUsages::CRLSign);
    };
    rejects_root_that_may_not_sign_crls: "root_certificate_wrong_constraints", |b| {
        root(b).spec.key_usage = usage(KeyUsages::KeyCertSign);
    };
    rejects_ca_that_is_no_ca: "pck_ca_certificate_wrong_constraints", |b| {
        ca(b).spec.basic_constraints = constraints(false, None);
    };
    rejects_ca_that_may_not_sign_certificates: "pck_ca_certificate_wrong_constraints", |b| {
        ca(b).spec.key_usage = usage(KeyUsages::CRLSign);
    };
    rejects_ca_that_may_not_sign_crls: "pck_ca_certificate_wrong_constraints", |b| {
        ca(b).spec.key_usage = usage(KeyUsages::KeyCertSign);
    };
    rejects_pck_that_is_a_ca: "pck_certificate_wrong_constraints", |b| {
        pck(b).spec.basic_constraints = constraints(true, Some(0));
    };
    rejects_pck_that_may_sign_certificates: "pck_certificate_wrong_constraints", |b| {
        pck(b).spec.key_usage = Some(KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign));
    };
    rejects_pck_that_may_not_sign_data: "pck_certificate_wrong_constraints", |b| {
        pck(b).spec.key_usage = usage(KeyUsages::NonRepudiation);
    };
    rejects_root_not_yet_valid: "root_certificate_not_yet_valid", |b| root(b).spec.not_before = at(NOW + 1);
    rejects_ca_not_yet_valid: "pck_ca_certificate_not_yet_valid", |b| ca(b).spec.not_before = at(NOW + 1);
    pitfall_23_rejects_pck_not_yet_valid: "pck_certificate_not_yet_valid", |b| pck(b).spec.not_before = at(NOW + 1);
    rejects_expired_root: "root_certificate_expired", |b| root(b).spec.not_after = at(NOW - 1);
    rejects_expired_ca: "pck_ca_certificate_expired", |b| ca(b).spec.not_after = at(NOW - 1);
    rejects_expired_pck: "pck_certificate_expired", |b| pck(b).spec.not_after = at(NOW - 1);
    cheap_rejects_chain_from_root_to_leaf: "root_certificate_untrusted", |b| b.pck_chain.reverse();
    rejects_ca_before_leaf: "pck_ca_certificate_wrong_subject", |b| b.pck_chain.swap(0, 1);
    rejects_root_before_ca: "root_certificate_untrusted", |b| b.pck_chain.swap(1, 2);
    rejects_chain_without_root: "pck_chain_length_wrong", |b| b.pck_chain.truncate(2);
    rejects_leaf_alone: "pck_chain_length_wrong", |b| b.pck_chain.truncate(1);
    rejects_chain_of_four: "pck_chain_length_wrong", |b| b.pck_chain.push(Link::Root);
    rejects_pck_without_sgx_extension: "pck_certificate_sgx_extension_malformed", |b| pck(b).spec.sgx_extension = None;
    rejects_chain_of_none: "pck_chain_malformed", |b| b.pck_chain.clear();
    rejects_garbage_in_place_of_a_certificate: "pck_ca_certificate_malformed", |b| {
        b.pck_chain[1] = Link::Der(vec![0x30, 0]);
    };
    rejects_certificate_with_a_byte_after_it: "pck_certificate_malformed", |b| {
        let der = [pck(b).build().unwrap(), vec![0]].concat();
        b.pck_chain[0] = Link::Der(der);
    };
    rejects_text_before_the_chain: "pck_chain_malformed", |b| rewrite(b, |pem| format!("Bag Attributes\n{pem}"));
    rejects_text_after_the_chain: "pck_chain_malformed", |b| rewrite(b, |pem| format!("{pem}x"));
    rejects_nul_between_certificates: "pck_chain_malformed", |b| rewrite(b, |pem| pem.replacen("-----\n", "-----\0", 2));
    rejects_lines_that_end_in_cr_alone: "pck_chain_malformed", |b| rewrite(b, |pem| pem.replace('\n', "\r"));
    rejects_chain_of_another_label: "pck_chain_malformed", |b| {
        rewrite(b, |pem| pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE"));
    };
}

/// The chain as the quote would carry it, rewritten as text.
fn rewrite(b: &mut Blueprint, change: impl Fn(String) -> String) {
    let pem = b.issue().unwrap().chain(&b.pck_chain, b.pck_chain_style);
    let changed = change(pem.clone());
    assert_ne!(changed, pem);
    b.certification_data = Some(changed.into_bytes());
}

acceptances! { prove;
    accepts_root_in_its_first_second: |b| root(b).spec.not_before = at(NOW);
    accepts_ca_in_its_first_second: |b| ca(b).spec.not_before = at(NOW);
    pitfall_29_accepts_pck_in_its_first_second: |b| pck(b).spec.not_before = at(NOW);
    accepts_root_in_its_last_second: |b| root(b).spec.not_after = at(NOW);
    accepts_ca_in_its_last_second: |b| ca(b).spec.not_after = at(NOW);
    pitfall_29_accepts_pck_in_its_last_second: |b| pck(b).spec.not_after = at(NOW);
    accepts_root_without_path_length: |b| root(b).spec.basic_constraints = constraints(true, None);
    cheap_accepts_crlf: |b| b.pck_chain_style.line_end = "\r\n";
    cheap_accepts_a_final_line_end: |b| b.pck_chain_style.final_line_end = true;
    cheap_accepts_no_nul: |b| b.pck_chain_style.nul = false;
    accepts_many_nuls: |b| rewrite(b, |pem| pem + "\0\0\0");
}

#[test]
fn a_proven_chain_says_what_the_certificate_says_and_until_when_it_is_valid() {
    for (ca, expected) in [(CaType::Platform, PckCa::Platform), (CaType::Processor, PckCa::Processor)] {
        let mut made = Blueprint::under(ca, at(NOW)).unwrap();
        made.certificates.pck.spec.not_before = at(NOW - 7);
        made.certificates.root.spec.not_after = at(NOW + 9);
        let pck = prove(&made).unwrap();
        assert_eq!((pck.ca_type(), *pck.fmspc().as_bytes()), (expected, simulator::FMSPC));
        assert_eq!((pck.validity().from, pck.validity().until), (at(NOW - 7), at(NOW + 9)));
        assert_eq!((pck.root().kind(), pck.root().is_simulated()), (RootKind::Simulated, true));
        assert_eq!(pck.platform().component_svns(), &simulator::COMPONENT_SVNS);
        assert_eq!(pck.platform().multi_package().is_some(), ca == CaType::Platform);
        assert_eq!(pck.crl_issuer_chain().map(|c| c.common_name().to_owned())[0], ca.common_name());
    }
}

#[test]
fn a_simulated_chain_is_never_intels() {
    let quote = quote_of(&crate::simulated::blueprint(|_| ()));
    let refused = crate::simulated::prove_quote(&quote, &TrustedRoots::intel(), at(NOW)).unwrap_err();
    assert_eq!(refused.code(), "root_certificate_untrusted");
}

/// The first judge of a chain is the root's key: with a stranger's key nothing else is looked at.
#[test]
fn pitfall_28_an_untrusted_root_is_named_before_any_other_fault() {
    let made = crate::simulated::blueprint(|b| {
        root(b).signer = key().into();
        pck(b).spec.not_after = at(NOW - DAY);
    });
    let roots = crate::simulated::roots(&key());
    let refused = crate::simulated::prove_quote(&quote_of(&made), &roots, at(NOW)).unwrap_err();
    assert!(matches!(refused, PckError::Certificate(error) if error.fault == CertificateFault::Untrusted));
}

#[test]
fn hostile_names_are_cut_and_escaped_in_messages() {
    let made = crate::simulated::blueprint(|b| {
        let name = Name::simulated(&format!("\u{1b}[2J{}", "x".repeat(5000)));
        rename_root(b, &name);
    });
    let error = crate::simulated::prove_quote(&quote_of(&made), &roots_of(&made), at(NOW)).unwrap_err();
    let refused = problem::chain(&error);
    assert!(refused.len() < 400 && refused.contains("\\u{1b}[2Jxxx"), "{refused}");
}

#[test]
fn a_chain_in_der_or_of_other_bytes_is_no_pem() {
    let made = crate::simulated::blueprint(|_| ());
    for bytes in [&b""[..], b"\0", b"\xff\xfe", &made.certificates.pck.build().unwrap()] {
        let refused = ProvenPck::prove(bytes, &roots_of(&made), at(NOW)).unwrap_err();
        assert!(matches!(refused, PckError::Pem(_)) && refused.code() == "pck_chain_malformed");
    }
}
