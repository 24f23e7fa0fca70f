//! The same quotes, whole and mutated, before this verifier and before dcap-qvl: nothing that dcap-qvl rejects is accepted,
//! and what it accepts and this one rejects is rejected for a reason that is listed here.

#[path = "it/simulated/mod.rs"]
mod simulated;

use std::collections::BTreeMap;

use abi::quote::body_type;
use collateral::CollateralSet;
use dcap::{Quote, TrustedRoots, VerifiedCollateral, Verifier};
use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::verify::QuoteVerifier;
use simulated::tdx::TrustDomain;
use simulated::{Fresh, NOW, at, peer, quote_of, read_collateral, roots_of};
use simulator::Blueprint;
use unix_time::UnixTime;

/// Mutants of each quote.
const MUTANTS: usize = 1500;

/// Why this verifier rejects what dcap-qvl accepts.
const STRICTER: &[(&str, &str)] = &[
    ("quote_trailing_bytes", "dcap-qvl ignores whatever follows a quote; here only zero padding may"),
    ("quote_length_wrong", "dcap-qvl ignores bytes that a length takes in beyond the certification data"),
    ("quote_certification_type_unknown", "dcap-qvl does not look at the type of what holds the QE report"),
    ("pck_chain_malformed", "dcap-qvl skips text between and after the certificates of a chain"),
    ("pck_chain_length_wrong", "dcap-qvl takes a chain of which it does not need every certificate"),
    ("root_certificate_untrusted", "dcap-qvl does not look at the root certificate within the chain"),
    ("root_certificate_malformed", "the same"),
    ("root_certificate_bad_signature", "the same"),
    ("root_certificate_wrong_subject", "the same"),
    ("root_certificate_wrong_constraints", "the same"),
    ("root_certificate_wrong_issuer", "the same"),
    ("root_certificate_wrong_issuer_key", "the same"),
    ("root_certificate_not_yet_valid", "the same"),
    ("root_certificate_expired", "the same"),
];

/// A quote that both accept, with what each judges it by.
struct Case {
    name: &'static str,
    quote: Vec<u8>,
    verifier: Verifier,
    collateral: VerifiedCollateral,
    theirs: QuoteCollateralV3,
    root: Vec<u8>,
    at: UnixTime,
}

impl Case {
    fn ours(&self, quote: &[u8]) -> Result<(), String> {
        simulated::verify_with(quote, &self.collateral, &self.verifier, self.at).map(drop)
    }

    fn theirs(&self, quote: &[u8]) -> Result<(), String> {
        let verifier = QuoteVerifier::new(self.root.clone());
        let verdict = verifier.verify(quote, &self.theirs, self.at.seconds().unsigned_abs());
        verdict.map(drop).map_err(|error| format!("{error:#}"))
    }

    fn simulated(name: &'static str, machine: &Blueprint, quote: Vec<u8>) -> Self {
        let made = machine.collateral().unwrap();
        let verifier = Verifier::new(roots_of(machine));
        let collateral = verifier.verify_collateral(read_collateral(&made).unwrap(), at(NOW)).unwrap();
        let root = machine.issue().unwrap().certificates().root.clone();
        Self { name, quote, verifier, collateral, theirs: peer::collateral(made), root, at: at(NOW) }
    }

    fn real(name: &'static str, quote: &str, collateral: &str, at: &str) -> Self {
        let directory = test_support::package("dcap-qvl");
        let read = |name: &str| std::fs::read(directory.join(name)).unwrap();
        let (bytes, at) = (read(&format!("sample/{quote}")), UnixTime::from_rfc3339(at).unwrap());
        let verifier = Verifier::new(TrustedRoots::intel());
        let quote = Quote::parse(&bytes).unwrap();
        let pck = verifier.prove(&quote, None, at).unwrap();
        let json = format!("sample/{collateral}");
        let set = CollateralSet::load(&directory.join(&json)).unwrap();
        let choice = set.choose(&pck.family(quote.tee()), at).unwrap();
        let collateral = verifier.verify_collateral(choice.collateral, at).unwrap();
        let mut theirs: QuoteCollateralV3 = serde_json::from_slice(&read(&json)).unwrap();
        // It would be taken instead of the quote's own, which is what is mutated.
        theirs.pck_certificate_chain = None;
        Self { name, quote: bytes, verifier, collateral, theirs, root: read("src/TrustedRootCA.der"), at }
    }

    fn all() -> Vec<Self> {
        let sgx = Blueprint::fresh();
        let sgx = Self::simulated("simulated SGX version 3", &sgx, quote_of(&sgx));
        let forms = [
            ("simulated TDX 1.0 version 4", 4, body_type::TD10),
            ("simulated TDX 1.5 version 5", 5, body_type::TD15),
            ("simulated TDX 1.5ex version 5", 5, body_type::TD15_EX),
        ];
        let tdx = forms.map(|(name, version, body_type)| {
            let mut made = TrustDomain::fresh();
            made.body(version, body_type);
            Self::simulated(name, &made.machine, made.quote())
        });
        let real = [
            ("real SGX version 3", "sgx_quote", "sgx_quote_collateral.json", "2025-06-20T00:00:00Z"),
            ("real TDX version 4", "tdx_quote", "tdx_quote_collateral.json", "2025-06-20T00:00:00Z"),
            ("real TDX version 5", "tdx_quote_td15ex", "tdx_quote_td15ex_collateral.json", "2026-10-08T01:10:00Z"),
        ];
        let real = real.map(|(name, quote, collateral, at)| Self::real(name, quote, collateral, at));
        [sgx].into_iter().chain(tdx).chain(real).collect()
    }
}

/// Numbers that are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % limit.max(1)
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    /// One mutant: structures are changed as often as the long text of the chain behind them.
    fn mutant(&mut self, quote: &[u8]) -> Vec<u8> {
        let mut mutant = quote.to_vec();
        let end = if self.below(2) == 0 { 1600 } else { quote.len() };
        let place = self.below(end);
        match self.below(12) {
            0..6 => mutant[place] ^= 1 << self.below(8),
            6 => mutant[place] = self.byte(),
            7 => mutant.truncate(place),
            8 => mutant.insert(place, self.byte()),
            9 => drop(mutant.drain(place..(place + 1 + self.below(40)).min(quote.len()))),
            10 => mutant.extend(std::iter::repeat_with(|| self.byte()).take(3)),
            _ => {
                let (from, count) = (self.below(quote.len() - 64), self.below(64));
                let to = self.below(quote.len() - 64);
                mutant.copy_within(from..from + count, to);
            }
        }
        mutant
    }
}

#[test]
fn what_both_are_shown_unchanged_both_accept() {
    for case in Case::all() {
        assert_eq!((case.ours(&case.quote), case.theirs(&case.quote)), (Ok(()), Ok(())), "{}", case.name);
    }
}

#[test]
fn mutants_are_rejected_by_both_or_for_a_listed_reason() {
    let mut numbers = Numbers(0x5eed);
    let mut stricter: BTreeMap<String, usize> = BTreeMap::new();
    let (mut both, mut accepted) = (0, 0);
    for case in Case::all() {
        for number in 0..MUTANTS {
            let mutant = numbers.mutant(&case.quote);
            match (case.ours(&mutant), case.theirs(&mutant)) {
                (Ok(()), Ok(())) => accepted += 1,
                (Err(_), Err(_)) => both += 1,
                (Ok(()), Err(theirs)) => panic!("{}, mutant {number}: dcap-qvl alone rejects it: {theirs}", case.name),
                (Err(code), Ok(())) => {
                    let is_listed = STRICTER.iter().any(|(listed, _)| *listed == code);
                    assert!(is_listed, "{}, mutant {number}: rejected here alone: {code}", case.name);
                    *stricter.entry(code).or_default() += 1;
                }
            }
        }
    }
    println!("rejected by both: {both}; accepted by both: {accepted}; rejected here alone: {stricter:#?}");
    assert!(both > 1000 && !stricter.is_empty());
}
