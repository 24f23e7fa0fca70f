//! What a verifier remembers saves it work and never changes a verdict.

use crate::simulated::{NOW, at, blueprint, code, pck_code, quote_of, read_collateral, roots_of};
use dcap::{Quote, TrustedRoots, Verifier};
use problem::Problem;
use simulator::{Blueprint, Link};
use unix_time::UnixTime;

/// A machine whose certificates above its own are signed once, as in a fleet.
fn machine() -> Blueprint {
    let mut machine = blueprint(|_| ());
    let certificates = machine.issue().unwrap().certificates().clone();
    let [ca, root] = [certificates.platform_ca, certificates.root].map(Link::Der);
    machine.pck_crl_chain = vec![ca.clone(), root.clone()];
    machine.tcb_info_chain = vec![Link::Der(certificates.tcb_signing), root.clone()];
    machine.qe_identity_chain = machine.tcb_info_chain.clone();
    machine.pck_chain = vec![Link::Der(certificates.pck), ca, root];
    machine
}

fn verify(verifier: &Verifier, quote: &[u8], collateral: &Blueprint, at: UnixTime) -> Result<(), String> {
    let quote = Quote::parse(quote).map_err(|error| error.code().into_owned())?;
    let pck = verifier.prove(&quote, None, at).map_err(|error| pck_code(&error))?;
    let collateral = read_collateral(&collateral.collateral().unwrap()).unwrap();
    let collateral = verifier.verify_collateral(collateral, at).map_err(|error| code(&error))?;
    let verified = verifier.verify(&quote, &pck, &collateral, at);
    verified.map(drop).map_err(|error| code(&error))
}

/// A verifier that has seen a quote of that machine.
fn acquainted(machine: &Blueprint) -> Verifier {
    let verifier = Verifier::new(roots_of(machine));
    assert_eq!(verify(&verifier, &quote_of(machine), machine, at(NOW)), Ok(()));
    verifier
}

fn refused(code: &str) -> Result<(), String> {
    Err(code.to_owned())
}

#[test]
fn a_host_that_is_known_is_refused_once_it_is_revoked() {
    let machine = machine();
    let verifier = acquainted(&machine);
    let mut revoked = machine.clone();
    revoked.pck_crl.spec.revoked.push(machine.certificates.pck.spec.serial.clone());
    assert_eq!(verify(&verifier, &quote_of(&machine), &revoked, at(NOW)), refused("pck_certificate_revoked"));
    let mut revoked = machine.clone();
    revoked.root_crl.spec.revoked.push(machine.certificates.platform_ca.spec.serial.clone());
    let verdict = verify(&verifier, &quote_of(&machine), &revoked, at(NOW));
    assert_eq!(verdict, refused("pck_crl_pck_ca_certificate_revoked"));
    // And accepted again by collateral that does not revoke it.
    assert_eq!(verify(&verifier, &quote_of(&machine), &machine, at(NOW)), Ok(()));
}

#[test]
fn a_host_that_is_known_is_refused_outside_its_windows() {
    let machine = machine();
    let verifier = acquainted(&machine);
    let pck = &machine.certificates.pck.spec;
    let (quote, verify) = (quote_of(&machine), |quote: &[u8], at| verify(&verifier, quote, &machine, at));
    assert_eq!(verify(&quote, pck.not_after.plus(1)), refused("pck_certificate_expired"));
    assert_eq!(verify(&quote, pck.not_before.plus(-1)), refused("pck_certificate_not_yet_valid"));
    let ca = &machine.certificates.platform_ca.spec;
    assert!(ca.not_after > pck.not_after);
    assert_eq!(verify(&quote, machine.pck_crl.spec.next_update.unwrap().plus(1)), refused("pck_crl_expired"));
    assert_eq!(verify(&quote, machine.pck_crl.spec.this_update.plus(-1)), refused("pck_crl_not_yet_valid"));
}

#[test]
fn a_known_report_of_the_quoting_enclave_vouches_for_nothing_else() {
    let machine = machine();
    let verifier = acquainted(&machine);
    let genuine = quote_of(&machine);
    let verdict = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut quote = genuine.clone();
        change(&mut quote);
        verify(&verifier, &quote, &machine, at(NOW)).unwrap_err()
    };
    // Attestation key, QE report, its signature, authentication data, quote signature, body.
    assert_eq!(verdict(&|quote| quote[436 + 64] ^= 1), "attestation_key_not_bound");
    assert_eq!(verdict(&|quote| quote[436 + 128] ^= 1), "qe_report_bad_signature");
    assert_eq!(verdict(&|quote| quote[436 + 128 + 384] ^= 1), "qe_report_bad_signature");
    assert_eq!(verdict(&|quote| quote[436 + 128 + 448 + 2] ^= 1), "attestation_key_not_bound");
    assert_eq!(verdict(&|quote| quote[436] ^= 1), "quote_bad_signature");
    assert_eq!(verdict(&|quote| quote[48 + 64] ^= 1), "quote_bad_signature");
    // The same report under the leaf of another host.
    let other = machine.another_machine().unwrap();
    let mut stolen = other.clone();
    stolen.quoting.qe_report_signer = machine.quoting.qe_report_signer.clone();
    stolen.quoting.attestation_key = machine.quoting.attestation_key;
    stolen.quoting.signer = machine.quoting.signer.clone();
    stolen.pck_chain[0] = Link::Pck;
    assert_eq!(verify(&verifier, &quote_of(&stolen), &machine, at(NOW)), refused("qe_report_bad_signature"));
}

#[test]
fn a_changed_byte_in_a_known_chain_is_refused() {
    let machine = machine();
    let verifier = acquainted(&machine);
    let genuine = quote_of(&machine);
    let start = genuine.windows(5).position(|window| window == b"-----").unwrap();
    for at_byte in (start..genuine.len() - 1).step_by(37) {
        let mut quote = genuine.clone();
        quote[at_byte] = if quote[at_byte] == b'A' { b'B' } else { b'A' };
        let verdict = verify(&verifier, &quote, &machine, at(NOW)).unwrap_err();
        assert!(verdict.starts_with("pck_") || verdict.starts_with("root_"), "{at_byte}: {verdict}");
        let fresh = Verifier::new(roots_of(&machine)).remembering(0);
        assert_eq!(verify(&fresh, &quote, &machine, at(NOW)), Err(verdict));
    }
}

#[test]
fn a_known_leaf_under_another_known_ca_is_refused() {
    let machine = machine();
    let verifier = acquainted(&machine);
    // A machine of the Processor CA, so that this CA is known as well.
    let mut other = machine.clone();
    let processor = machine.issue().unwrap().certificates().processor_ca.clone();
    other.pck_chain[1] = Link::Der(processor);
    for _ in 0..2 {
        let refused_as = refused("pck_certificate_wrong_issuer");
        assert_eq!(verify(&verifier, &quote_of(&other), &machine, at(NOW)), refused_as);
    }
    assert_eq!(verify(&verifier, &quote_of(&machine), &machine, at(NOW)), Ok(()));
}

#[test]
fn another_verifier_knows_nothing_of_it() {
    let [one, other] = [machine(), machine()];
    let verifier = acquainted(&one);
    let stranger = Verifier::new(roots_of(&other));
    assert_eq!(verify(&stranger, &quote_of(&one), &one, at(NOW)), refused("root_certificate_untrusted"));
    let intel = Verifier::new(TrustedRoots::intel());
    assert_eq!(verify(&intel, &quote_of(&one), &one, at(NOW)), refused("root_certificate_untrusted"));
    assert_eq!(verify(&verifier.clone(), &quote_of(&one), &one, at(NOW)), Ok(()));
}

#[test]
fn a_memory_of_few_hosts_verifies_many() {
    let first = machine();
    let verifier = Verifier::new(roots_of(&first)).remembering(2);
    for _ in 0..40 {
        let mut host = first.another_machine().unwrap();
        host.pck_chain[0] = Link::Pck;
        assert_eq!(verify(&verifier, &quote_of(&host), &first, at(NOW)), Ok(()));
    }
}

#[test]
fn a_batch_says_of_each_quote_what_it_says_alone() {
    let machine = machine();
    let verifier = Verifier::new(roots_of(&machine));
    let collateral = read_collateral(&machine.collateral().unwrap()).unwrap();
    let collateral = verifier.verify_collateral(collateral, at(NOW)).unwrap();
    let genuine = quote_of(&machine);
    let mut quotes = vec![genuine.clone(); 50];
    quotes[7].truncate(600);
    quotes[20][48 + 64] ^= 1;
    let stranger = blueprint(|_| ());
    quotes[33] = quote_of(&stranger);
    let quotes: Vec<&[u8]> = quotes.iter().map(Vec::as_slice).collect();
    let results = verifier.verify_batch(&quotes, |_, _| Some(&collateral), at(NOW));
    let codes: Vec<Option<String>> =
        results.iter().map(|result| result.as_ref().err().map(|error| code(error))).collect();
    for (number, code) in codes.iter().enumerate() {
        let expected = match number {
            7 => Some("quote_truncated"),
            20 => Some("quote_bad_signature"),
            33 => Some("root_certificate_untrusted"),
            _ => None,
        };
        assert_eq!(code.as_deref(), expected, "{number}");
    }
    let without = verifier.verify_batch(&[&genuine], |_, _| None, at(NOW));
    let error = without[0].as_ref().unwrap_err();
    assert_eq!(code(error), "collateral_missing");
    assert!(verifier.verify_batch(&[], |_, _| None, at(NOW)).is_empty());
}
