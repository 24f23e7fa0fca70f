//! Collateral piece by piece: its signer, the signer's chain, its signature and its window.

use crate::simulated::{NOW, acceptances, at, blueprint, collateral, key, refusals};
use dcap::{Piece, TrustedRoots};
use problem::Problem;
use simulator::pki::{CertificateSpec, Name};
use simulator::{Blueprint, CaType, DAY, Link, Signed, Signer};
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};

fn signer(b: &mut Blueprint) -> &mut Signed<CertificateSpec> {
    &mut b.certificates.tcb_signing
}

/// The TCB signing certificate of the QE identity alone, changed.
fn identity_signer(b: &mut Blueprint, change: impl Fn(&mut Signed<CertificateSpec>)) {
    let mut certificate = b.certificates.tcb_signing.clone();
    change(&mut certificate);
    b.qe_identity_chain[0] = Link::Der(certificate.build().unwrap());
}

/// The root certificate in that chain alone, changed.
fn root_in(b: &mut Blueprint, change: impl Fn(&mut Signed<CertificateSpec>)) -> Link {
    let mut root = b.certificates.root.clone();
    change(&mut root);
    Link::Der(root.build().unwrap())
}

refusals! { collateral;
    pitfall_14_rejects_expired_tcb_info: "tcb_info_expired", |b| b.tcb_info.spec.next_update = at(NOW - 1);
    pitfall_14_rejects_tcb_info_of_the_future: "tcb_info_not_yet_valid", |b| b.tcb_info.spec.issue_date = at(NOW + 1);
    pitfall_14_rejects_expired_qe_identity: "qe_identity_expired", |b| b.qe_identity.spec.next_update = at(NOW - 1);
    pitfall_14_rejects_qe_identity_of_the_future: "qe_identity_not_yet_valid", |b| b.qe_identity.spec.issue_date = at(NOW + 1);
    rejects_tcb_info_signed_by_another: "tcb_info_bad_signature", |b| b.tcb_info.signer = key().into();
    rejects_tcb_info_signed_by_the_root: "tcb_info_bad_signature", |b| b.tcb_info.signer = (&b.keys.root).into();
    rejects_tcb_info_signed_by_the_pck: "tcb_info_bad_signature", |b| b.tcb_info.signer = (&b.keys.pck).into();
    rejects_unsigned_tcb_info: "tcb_info_bad_signature", |b| b.tcb_info.signer = Signer::Bytes([0; 64]);
    pitfall_01_rejects_qe_identity_signed_by_another: "qe_identity_bad_signature", |b| b.qe_identity.signer = key().into();
    pitfall_01_rejects_unsigned_qe_identity: "qe_identity_bad_signature", |b| b.qe_identity.signer = Signer::Bytes([0; 64]);
    pitfall_11_rejects_tcb_info_chain_without_root: "tcb_info_chain_length_wrong", |b| b.tcb_info_chain.truncate(1);
    pitfall_11_rejects_tcb_info_chain_without_signer: "tcb_info_chain_length_wrong", |b| drop(b.tcb_info_chain.remove(0));
    rejects_tcb_info_chain_of_three: "tcb_info_chain_length_wrong", |b| b.tcb_info_chain.push(Link::Root);
    rejects_tcb_info_chain_reversed: "tcb_info_root_certificate_untrusted", |b| b.tcb_info_chain.reverse();
    pitfall_11_rejects_qe_identity_chain_without_root: "qe_identity_chain_length_wrong", |b| b.qe_identity_chain.truncate(1);
    rejects_qe_identity_chain_of_three: "qe_identity_chain_length_wrong", |b| b.qe_identity_chain.push(Link::Root);
    pitfall_11_rejects_pck_crl_chain_without_root: "pck_crl_chain_length_wrong", |b| b.pck_crl_chain.truncate(1);
    rejects_pck_crl_chain_of_three: "pck_crl_chain_length_wrong", |b| b.pck_crl_chain.push(Link::Root);

    rejects_root_as_signer_of_tcb_info: "tcb_info_tcb_signing_certificate_wrong_subject", |b| {
        b.tcb_info_chain[0] = Link::Root;
        b.tcb_info.signer = (&b.keys.root).into();
    };
    rejects_ca_as_signer_of_tcb_info: "tcb_info_tcb_signing_certificate_wrong_subject", |b| {
        b.tcb_info_chain[0] = Link::Ca(CaType::Platform);
        b.tcb_info.signer = (&b.keys.platform_ca).into();
    };
    pitfall_21_rejects_pck_as_signer_of_tcb_info: "tcb_info_tcb_signing_certificate_wrong_subject", |b| {
        b.tcb_info_chain[0] = Link::Pck;
        b.tcb_info.signer = (&b.keys.pck).into();
    };
    rejects_pck_name_under_the_root_as_signer_of_tcb_info: "tcb_info_tcb_signing_certificate_wrong_subject", |b| {
        signer(b).spec.subject = Name::simulated("Intel SGX PCK Certificate");
    };
    rejects_signer_of_that_name_under_a_ca: "tcb_info_tcb_signing_certificate_wrong_issuer", |b| {
        let mut forged = b.certificates.pck.clone();
        forged.spec.subject = Name::simulated("Intel SGX TCB Signing");
        b.tcb_info_chain[0] = Link::Der(forged.build().unwrap());
        b.tcb_info.signer = (&b.keys.pck).into();
    };
    rejects_ca_that_signs_in_place_of_the_root: "tcb_info_root_certificate_untrusted", |b| {
        b.tcb_info_chain[1] = Link::Ca(CaType::Platform);
    };
    rejects_signer_signed_by_another: "tcb_info_tcb_signing_certificate_bad_signature", |b| {
        signer(b).signer = key().into();
    };
    rejects_signer_that_may_sign_certificates: "tcb_info_tcb_signing_certificate_wrong_constraints", |b| {
        signer(b).spec.key_usage = Some(KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign));
    };
    rejects_signer_that_may_not_sign_data: "tcb_info_tcb_signing_certificate_wrong_constraints", |b| {
        signer(b).spec.key_usage = Some(KeyUsage(KeyUsages::CRLSign.into()));
    };
    rejects_signer_that_is_a_ca: "tcb_info_tcb_signing_certificate_wrong_constraints", |b| {
        signer(b).spec.basic_constraints = b.certificates.root.spec.basic_constraints.clone();
    };
    rejects_signer_with_another_authority_key_id: "tcb_info_tcb_signing_certificate_wrong_issuer_key", |b| {
        signer(b).spec.authority_key_id = Some(vec![1]);
    };
    rejects_expired_signer: "tcb_info_tcb_signing_certificate_expired", |b| signer(b).spec.not_after = at(NOW - 1);
    rejects_signer_not_yet_valid: "tcb_info_tcb_signing_certificate_not_yet_valid", |b| {
        signer(b).spec.not_before = at(NOW + 1);
    };
    pitfall_12_rejects_revoked_signer: "tcb_info_tcb_signing_certificate_revoked", |b| {
        let serial = signer(b).spec.serial.clone();
        b.root_crl.spec.revoked.push(serial);
    };
    rejects_expired_signer_of_qe_identity: "qe_identity_tcb_signing_certificate_expired", |b| {
        identity_signer(b, |signer| signer.spec.not_after = at(NOW - 1));
    };
    rejects_revoked_signer_of_qe_identity: "qe_identity_tcb_signing_certificate_revoked", |b| {
        identity_signer(b, |signer| signer.spec.serial = vec![77]);
        b.root_crl.spec.revoked.push(vec![77]);
    };
    pitfall_01_rejects_pck_as_signer_of_qe_identity: "qe_identity_tcb_signing_certificate_wrong_subject", |b| {
        b.qe_identity_chain[0] = Link::Pck;
        b.qe_identity.signer = (&b.keys.pck).into();
    };

    rejects_another_root_above_the_signer: "tcb_info_root_certificate_untrusted", |b| {
        b.tcb_info_chain = foreign_signing_chain();
    };
    rejects_another_root_above_the_signer_of_qe_identity: "qe_identity_root_certificate_untrusted", |b| {
        b.qe_identity_chain = foreign_signing_chain();
    };
    rejects_another_root_above_the_ca: "pck_crl_root_certificate_untrusted", |b| {
        b.pck_crl_chain[1] = foreign_signing_chain().remove(1);
    };
    rejects_expired_root_above_the_signer: "tcb_info_root_certificate_expired", |b| {
        b.tcb_info_chain[1] = root_in(b, |root| root.spec.not_after = at(NOW - 1));
    };
    rejects_expired_root_above_the_ca: "pck_crl_root_certificate_expired", |b| {
        b.pck_crl_chain[1] = root_in(b, |root| root.spec.not_after = at(NOW - 1));
    };
    rejects_expired_pck_ca: "pck_crl_pck_ca_certificate_expired", |b| {
        b.certificates.platform_ca.spec.not_after = at(NOW - 1);
    };
    rejects_pck_ca_not_yet_valid: "pck_crl_pck_ca_certificate_not_yet_valid", |b| {
        b.certificates.platform_ca.spec.not_before = at(NOW + 1);
    };
    rejects_pck_ca_signed_by_another: "pck_crl_pck_ca_certificate_bad_signature", |b| {
        b.certificates.platform_ca.signer = key().into();
    };
    rejects_tcb_signer_as_issuer_of_the_pck_crl: "pck_crl_pck_ca_certificate_wrong_subject", |b| {
        b.pck_crl_chain[0] = Link::TcbSigning;
    };
    pitfall_12_rejects_revoked_pck_ca: "pck_crl_pck_ca_certificate_revoked", |b| {
        let serial = b.certificates.platform_ca.spec.serial.clone();
        b.root_crl.spec.revoked.push(serial);
    };
}

fn foreign_signing_chain() -> Vec<Link> {
    let foreign = blueprint(|_| ()).certificates;
    vec![Link::Der(foreign.tcb_signing.build().unwrap()), Link::Der(foreign.root.build().unwrap())]
}

acceptances! { collateral;
    pitfall_14_accepts_tcb_info_in_its_first_second: |b| b.tcb_info.spec.issue_date = at(NOW);
    pitfall_14_accepts_tcb_info_in_its_last_second: |b| b.tcb_info.spec.next_update = at(NOW);
    accepts_qe_identity_in_its_first_second: |b| b.qe_identity.spec.issue_date = at(NOW);
    accepts_qe_identity_in_its_last_second: |b| b.qe_identity.spec.next_update = at(NOW);
    accepts_signer_in_its_first_and_last_second: |b| {
        signer(b).spec.not_before = at(NOW);
        signer(b).spec.not_after = at(NOW);
    };
    pitfall_22_accepts_two_certificates_of_one_root_key: |b| {
        b.tcb_info_chain[1] = root_in(b, |root| root.spec.serial = vec![9]);
    };
    accepts_two_certificates_of_one_signer: |b| identity_signer(b, |signer| signer.spec.serial = vec![9]);
    accepts_crlf_chains: |b| b.chain_style.line_end = "\r\n";
    accepts_collateral_of_a_ca_while_the_other_is_revoked: |b| {
        let serial = b.certificates.processor_ca.spec.serial.clone();
        b.root_crl.spec.revoked.push(serial);
    };
}

#[test]
fn simulated_collateral_is_never_intels() {
    let made = crate::simulated::read_collateral(&blueprint(|_| ()).collateral().unwrap()).unwrap();
    let refused = made.verify(&TrustedRoots::intel(), at(NOW)).unwrap_err();
    assert_eq!(refused.code(), "pck_crl_root_certificate_untrusted");
}

/// Each window is that of the piece and its signers together.
#[test]
fn the_window_of_each_piece_includes_its_signers() {
    let verified = collateral(&blueprint(|b| {
        signer(b).spec.not_after = at(NOW + 5);
        b.certificates.platform_ca.spec.not_before = at(NOW - 5);
        b.pck_crl.spec.this_update = at(NOW - 9);
        b.root_crl.spec.next_update = Some(at(NOW + 7));
    }))
    .unwrap();
    let [tcb_info, qe_identity, root_crl, pck_crl] = *verified.validity_periods();
    assert_eq!((tcb_info.0, tcb_info.1.from, tcb_info.1.until), (Piece::TcbInfo, at(NOW), at(NOW + 5)));
    assert_eq!((qe_identity.0, qe_identity.1.until), (Piece::QeIdentity, at(NOW + 5)));
    assert_eq!((root_crl.0, root_crl.1.until), (Piece::RootCrl, at(NOW + 7)));
    assert_eq!((pck_crl.0, pck_crl.1.from, pck_crl.1.until), (Piece::PckCrl, at(NOW - 5), at(NOW + 30 * DAY)));
    assert_eq!((verified.validity().from, verified.validity().until), (at(NOW), at(NOW + 5)));
    assert!(verified.check_validity(at(NOW + 5)).is_ok());
    assert_eq!(verified.check_validity(at(NOW + 6)).unwrap_err().code(), "tcb_info_expired");
    assert_eq!(verified.check_validity(at(NOW - 1)).unwrap_err().code(), "tcb_info_not_yet_valid");
    assert_eq!(verified.root().kind(), dcap::RootKind::Simulated);
}
