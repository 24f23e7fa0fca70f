//! Whatever is done to the bytes of evidence, nothing panics and nothing changed is accepted; another verifier agrees.

#[path = "it/simulated/mod.rs"]
mod simulated;

use std::sync::LazyLock;

use dcap::{
    Certificate, CertificationData, Crl, EnclaveIdentity, Quote, SgxExtension, SignedDocument, TcbInfo, TrustedRoots,
    VerifiedCollateral, Verifier, pem,
};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;
use simulated::tdx::TrustDomain;
use simulated::{Fresh, NOW, at, peer, report};
use simulator::{Blueprint, Collateral, Specification};

/// One machine with its quotes, and everything to judge them with.
struct Evidence {
    quotes: Vec<Vec<u8>>,
    made: Collateral,
    root: Vec<u8>,
    roots: TrustedRoots,
    verifier: Verifier,
    collateral: VerifiedCollateral,
    documents: [Vec<u8>; 2],
}

impl Evidence {
    fn of(quotes: Vec<Vec<u8>>, blueprint: &Blueprint) -> Self {
        let made = blueprint.collateral().unwrap();
        let roots = simulated::roots_of(blueprint);
        let collateral = simulated::read_collateral(&made).unwrap().verify(&roots, at(NOW)).unwrap();
        Self {
            quotes,
            made,
            root: blueprint.certificates.root.build().unwrap(),
            verifier: Verifier::new(roots.clone()),
            roots,
            collateral,
            documents: [
                blueprint.tcb_info.spec.to_be_signed().unwrap(),
                blueprint.qe_identity.spec.to_be_signed().unwrap(),
            ],
        }
    }

    fn ours(&self, quote: &[u8]) -> Result<(), String> {
        simulated::verify_with(quote, &self.collateral, &self.verifier, at(NOW)).map(|_| ())
    }

    /// The status that dcap-qvl finds, or its complaint.
    fn theirs(&self, quote: &[u8]) -> Result<String, String> {
        peer::verdict(quote, self.made.clone(), &self.root)
    }
}

/// An SGX machine with quotes of versions 3, 4 and 5, and a TDX machine with every body of a trust domain.
static EVIDENCE: LazyLock<[Evidence; 2]> = LazyLock::new(|| {
    let mut sgx = Blueprint::fresh();
    let enclaves = [3_u16, 4, 5].map(|version| {
        sgx.quoting.header.version = version.into();
        sgx.quote(&report(&sgx)).unwrap()
    });
    let mut tdx = TrustDomain::fresh();
    let trust_domains = [(4, 2), (5, 2), (5, 3), (5, 4)].map(|(version, body_type)| {
        tdx.body(version, body_type);
        tdx.quote()
    });
    [Evidence::of(enclaves.to_vec(), &sgx), Evidence::of(trust_domains.to_vec(), &tdx.machine)]
});

/// Each quote with the evidence that it belongs to: three of SGX, four of TDX.
fn quotes() -> impl Iterator<Item = (&'static Evidence, &'static [u8])> {
    EVIDENCE.iter().flat_map(|evidence| evidence.quotes.iter().map(move |quote| (evidence, &quote[..])))
}

fn quote(number: usize) -> (&'static Evidence, &'static [u8]) {
    quotes().nth(number).unwrap()
}

#[derive(Clone, Debug)]
enum Mutation {
    Flip(Index, u8),
    Truncate(Index),
    Insert(Index, Vec<u8>),
    /// Bytes from one place over those at another.
    Splice(Index, Index, usize),
    Remove(Index, usize),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let from = |index: &Index| index.index(bytes.len());
        match self {
            Self::Flip(at, bits) => {
                let at = from(at);
                bytes[at] ^= bits;
            }
            Self::Truncate(at) => bytes.truncate(from(at)),
            Self::Insert(at, more) => {
                let at = from(at);
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Splice(source, to, count) => {
                let (source, to) = (from(source), from(to));
                let count = (*count).min(bytes.len() - source).min(bytes.len() - to);
                bytes.copy_within(source..source + count, to);
            }
            Self::Remove(at, count) => {
                let at = from(at);
                bytes.drain(at..(at + count).min(bytes.len()));
            }
        }
    }
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let one = prop_oneof![
        4 => (any::<Index>(), 1..=255_u8).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        1 => any::<Index>().prop_map(Mutation::Truncate),
        2 => (any::<Index>(), prop::collection::vec(any::<u8>(), 1..9)).prop_map(|(at, b)| Mutation::Insert(at, b)),
        2 => (any::<Index>(), any::<Index>(), 1..64_usize).prop_map(|(a, b, c)| Mutation::Splice(a, b, c)),
        1 => (any::<Index>(), 1..64_usize).prop_map(|(at, count)| Mutation::Remove(at, count)),
    ];
    prop::collection::vec(one, 1..4)
}

/// Where structures end and the chain begins, or a little after.
const HEAD: usize = 1600;

/// Mutated up to `head`, where the structures lie, or anywhere: most of a quote is the chain after them.
fn mutate(bytes: &[u8], mutations: &[Mutation], head: Option<usize>) -> Vec<u8> {
    let (mut head, tail) = match head {
        Some(head) => (bytes[..head].to_vec(), &bytes[head..]),
        None => (bytes.to_vec(), &[][..]),
    };
    mutations.iter().for_each(|mutation| mutation.apply(&mut head));
    head.extend_from_slice(tail);
    head
}

/// What a quote says, apart from zero padding and from how the PEM of its chain is broken into lines.
fn said(bytes: &[u8]) -> (&[u8], Vec<Vec<u8>>) {
    let quote = Quote::parse(bytes).unwrap();
    let CertificationData::PckChain(chain) = quote.certification() else { panic!("no chain") };
    let before = bytes.len() - quote.padding() - chain.len();
    (&bytes[..before], pem::blocks(chain, "CERTIFICATE").unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_quote_is_never_accepted(number in 0..7_usize, mutations in mutations(), near in any::<bool>()) {
        let (evidence, quote) = quote(number);
        let mutated = mutate(quote, &mutations, near.then_some(HEAD));
        if evidence.ours(&mutated).is_ok() {
            prop_assert_eq!(said(&mutated), said(quote));
        }
    }

    #[test]
    fn a_mutated_piece_of_collateral_never_panics_and_is_never_accepted(
        piece in 0..7_usize,
        tee in 0..2_usize,
        mutations in mutations(),
    ) {
        let evidence = &EVIDENCE[tee];
        let mut made = evidence.made.clone();
        let text = |text: &String| String::from_utf8_lossy(&mutate(text.as_bytes(), &mutations, None)).into_owned();
        let bytes = |bytes: &[u8]| mutate(bytes, &mutations, None);
        match piece {
            0 => made.tcb_info = bytes(&made.tcb_info),
            1 => made.qe_identity = bytes(&made.qe_identity),
            2 => made.root_crl = bytes(&made.root_crl),
            3 => made.pck_crl = bytes(&made.pck_crl),
            4 => made.tcb_info_chain_pem = text(&made.tcb_info_chain_pem),
            5 => made.qe_identity_chain_pem = text(&made.qe_identity_chain_pem),
            _ => made.pck_crl_chain_pem = text(&made.pck_crl_chain_pem),
        }
        let verified = read_anything(&made).and_then(|collateral| collateral.verify(&evidence.roots, at(NOW)).ok());
        if let Some(verified) = verified {
            // What can change without meaning: line ends of PEM, whitespace and hex case around the signed object.
            let (read, original) = (verified.read(), evidence.collateral.read());
            prop_assert_eq!(&read.tcb_info, &original.tcb_info);
            prop_assert_eq!(&read.qe_identity, &original.qe_identity);
            prop_assert_eq!(&read.tcb_info_chain, &original.tcb_info_chain);
            prop_assert_eq!(&read.qe_identity_chain, &original.qe_identity_chain);
            prop_assert_eq!(&read.pck_crl_chain, &original.pck_crl_chain);
            prop_assert_eq!((&read.root_crl, &read.pck_crl), (&original.root_crl, &original.pck_crl));
        }
    }

    /// The readers alone, past the signatures that would stop them.
    #[test]
    fn pitfall_24_readers_never_panic(mutations in mutations(), garbage in prop::collection::vec(any::<u8>(), 0..200)) {
        let [sgx, tdx] = &*EVIDENCE;
        let certificate = &sgx.collateral.read().pck_crl_chain[0];
        for der in [&mutate(certificate.der(), &mutations, None), &garbage] {
            let _ = Certificate::from_der(der);
            let _ = Crl::from_der(der);
            let _ = SgxExtension::from_der(der);
        }
        let _ = Crl::from_der(&mutate(&sgx.made.pck_crl, &mutations, None));
        for [tcb_info, identity] in [&sgx.documents, &tdx.documents] {
            let (tcb_info, identity) = (mutate(tcb_info, &mutations, None), mutate(identity, &mutations, None));
            let hex = "00".repeat(64);
            let in_one_pass = SignedDocument::<TcbInfo>::new(tcb_info.clone(), &hex).ok();
            prop_assert_eq!(in_one_pass.map(|read| read.content().clone()), TcbInfo::from_json(&tcb_info).ok());
            let in_one_pass = SignedDocument::<EnclaveIdentity>::new(identity.clone(), &hex).ok();
            prop_assert_eq!(in_one_pass.map(|read| read.content().clone()), EnclaveIdentity::from_json(&identity).ok());
        }
        let _ = Quote::parse(&garbage);
        let _ = pem::blocks(&garbage, "CERTIFICATE");
        let _ = SignedDocument::<TcbInfo>::from_wrapper(&garbage);
    }

    /// dcap-qvl takes quotes of enclaves in version 3 alone, and of trust domains in all forms.
    #[test]
    fn whatever_dcap_qvl_rejects_is_rejected(
        number in prop_oneof![3 => Just(0), 4 => 3..7_usize],
        mutations in mutations(),
        near in any::<bool>(),
    ) {
        let (evidence, quote) = quote(number);
        let mutated = mutate(quote, &mutations, near.then_some(HEAD));
        if let Err(complaint) = evidence.theirs(&mutated) {
            prop_assert!(evidence.ours(&mutated).is_err(), "{complaint}");
        }
    }
}

#[test]
fn what_was_not_changed_is_accepted_in_every_version_and_by_dcap_qvl() {
    for (number, (evidence, quote)) in quotes().enumerate() {
        assert_eq!(evidence.ours(quote), Ok(()));
        if !matches!(number, 1 | 2) {
            assert_eq!(evidence.theirs(quote), Ok("UpToDate".to_owned()));
        }
    }
}

#[test]
fn every_flipped_byte_of_every_version_and_body_is_refused() {
    for (evidence, quote) in quotes() {
        for place in (0..HEAD).chain((HEAD..quote.len()).step_by(11)) {
            let mut changed = quote.to_vec();
            changed[place] ^= 1 << (place % 8);
            assert!(evidence.ours(&changed).is_err(), "byte {place}");
        }
    }
}

/// Collateral of whatever bytes, or nothing where they cannot be read.
fn read_anything(made: &Collateral) -> Option<dcap::Collateral> {
    let chain = |text: &str| -> Option<Vec<Certificate>> {
        let blocks = pem::blocks(text.as_bytes(), "CERTIFICATE").ok()?;
        blocks.iter().map(|der| Certificate::from_der(der).ok()).collect()
    };
    Some(dcap::Collateral {
        tcb_info: SignedDocument::from_wrapper(&made.tcb_info).ok()?,
        tcb_info_chain: chain(&made.tcb_info_chain_pem)?,
        qe_identity: SignedDocument::from_wrapper(&made.qe_identity).ok()?,
        qe_identity_chain: chain(&made.qe_identity_chain_pem)?,
        root_crl: Crl::from_der(&made.root_crl).ok()?,
        pck_crl: Crl::from_der(&made.pck_crl).ok()?,
        pck_crl_chain: chain(&made.pck_crl_chain_pem)?,
    })
}
