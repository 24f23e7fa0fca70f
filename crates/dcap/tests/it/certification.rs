//! Quotes that do not carry their PCK chain: certification data of types 1 to 4, with the chain beside the quote.

use crate::simulated::{NOW, at, blueprint, code, pck_code, quote_of, roots_of, verify_collateral};
use abi::quote::certification_data;
use dcap::{Quote, Verifier};
use simulator::pki::PemStyle;
use simulator::{Blueprint, Link};

/// A machine whose certificates are signed once, so that quote, chain and collateral carry the same ones.
struct Machine {
    blueprint: Blueprint,
    leaf: Vec<u8>,
}

impl Machine {
    fn new() -> Self {
        let mut blueprint = blueprint(|_| ());
        let certificates = blueprint.issue().unwrap().certificates().clone();
        let links = [&certificates.pck, &certificates.platform_ca, &certificates.root];
        blueprint.pck_chain = links.map(|der| Link::Der(der.clone())).to_vec();
        Self { blueprint, leaf: certificates.pck }
    }

    /// PPID or as many bytes that hide it, CPUSVN, PCESVN, PCEID.
    fn identity(&self, ppid: &[u8], pce_id: &[u8]) -> Vec<u8> {
        [ppid, &self.blueprint.cpu_svn(), &13_u16.to_le_bytes(), pce_id].concat()
    }

    fn ppid(&self) -> Vec<u8> {
        self.blueprint.certificates.pck.spec.sgx_extension.as_ref().unwrap().ppid.clone()
    }

    fn quote(&self, kind: u16, data: Vec<u8>) -> Vec<u8> {
        let mut made = self.blueprint.clone();
        made.quoting.certification_data_type = kind;
        made.certification_data = Some(data);
        quote_of(&made)
    }

    /// Certificates of its chain in PEM, from one to another.
    fn chain(&self, from: usize) -> Vec<u8> {
        let issued = self.blueprint.issue().unwrap();
        issued.chain(&self.blueprint.pck_chain[from..], PemStyle::default()).into_bytes()
    }

    fn verify(&self, quote: &[u8], beside: Option<&[u8]>) -> Result<(), String> {
        let verifier = Verifier::new(roots_of(&self.blueprint));
        let quote = Quote::parse(quote).unwrap();
        let pck = verifier.prove(&quote, beside, at(NOW)).map_err(|error| pck_code(&error))?;
        let collateral = verify_collateral(&self.blueprint).unwrap();
        let verified = verifier.verify(&quote, &pck, &collateral, at(NOW));
        verified.map(drop).map_err(|error| code(&error))
    }
}

fn refused(code: &str) -> Result<(), String> {
    Err(code.to_owned())
}

#[test]
fn a_quote_that_names_its_platform_needs_the_chain_beside_it() {
    let machine = Machine::new();
    for (kind, ppid) in [
        (certification_data::PPID_CLEAR, machine.ppid()),
        (certification_data::PPID_RSA2048, vec![7; 256]),
        (certification_data::PPID_RSA3072, vec![7; 384]),
    ] {
        let quote = machine.quote(kind, machine.identity(&ppid, &[0, 0]));
        assert_eq!(machine.verify(&quote, Some(&machine.chain(0))), Ok(()));
        assert_eq!(machine.verify(&quote, None), refused("pck_chain_missing"));
        assert_eq!(machine.verify(&quote, Some(&machine.chain(1))), refused("pck_chain_length_wrong"));
        assert_eq!(machine.verify(&quote, Some(b"")), refused("pck_chain_malformed"));
        let other_pce = machine.quote(kind, machine.identity(&ppid, &[1, 0]));
        assert_eq!(machine.verify(&other_pce, Some(&machine.chain(0))), refused("pck_chain_of_other_platform"));
    }
}

#[test]
fn the_chain_of_another_platform_is_refused() {
    let machine = Machine::new();
    let stranger = machine.quote(certification_data::PPID_CLEAR, machine.identity(&[7; 16], &[0, 0]));
    assert_eq!(machine.verify(&stranger, Some(&machine.chain(0))), refused("pck_chain_of_other_platform"));
    // An encrypted PPID cannot be compared: then the quoting enclave's report is not signed by that platform.
    let quote = machine.quote(certification_data::PPID_RSA3072, machine.identity(&[7; 384], &[0, 0]));
    let mut other = Machine { blueprint: machine.blueprint.another_machine().unwrap(), leaf: Vec::new() };
    other.blueprint.pck_chain[0] = Link::Pck;
    assert_eq!(machine.verify(&quote, Some(&other.chain(0))), refused("qe_report_bad_signature"));
}

#[test]
fn a_quote_with_the_leaf_alone_needs_what_is_above_it() {
    let machine = Machine::new();
    let pem = dcap::pem::encode(&machine.leaf, "CERTIFICATE");
    for leaf in [machine.leaf.clone(), pem.clone().into_bytes(), (pem + "\0").into_bytes()] {
        let quote = machine.quote(certification_data::PCK_CERTIFICATE, leaf);
        assert_eq!(machine.verify(&quote, Some(&machine.chain(1))), Ok(()));
        assert_eq!(machine.verify(&quote, Some(&machine.chain(0))), Ok(()));
        assert_eq!(machine.verify(&quote, None), refused("pck_chain_missing"));
        assert_eq!(machine.verify(&quote, Some(&machine.chain(2))), refused("pck_chain_of_other_platform"));
        let mut other = Machine::new();
        other.blueprint.pck_chain[0] = Link::Pck;
        assert_eq!(machine.verify(&quote, Some(&other.chain(0))), refused("pck_chain_of_other_platform"));
        assert_eq!(machine.verify(&quote, Some(&other.chain(1))), refused("root_certificate_untrusted"));
    }
    let two = machine.quote(certification_data::PCK_CERTIFICATE, machine.chain(1));
    assert_eq!(machine.verify(&two, Some(&machine.chain(1))), refused("pck_chain_length_wrong"));
    let garbage = machine.quote(certification_data::PCK_CERTIFICATE, vec![1, 2, 3]);
    assert_eq!(machine.verify(&garbage, Some(&machine.chain(1))), refused("pck_certificate_malformed"));
}

#[test]
fn a_chain_beside_a_quote_that_has_its_own_is_not_looked_at() {
    let machine = Machine::new();
    assert_eq!(machine.verify(&quote_of(&machine.blueprint), Some(b"no chain")), Ok(()));
}
