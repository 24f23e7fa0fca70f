//! How long it takes to verify a quote, beside a peer in the same run, on one core.
//!
//! - `raw`: one P-256 verification over the signed bytes of the quote (aws-lc-rs): the least that any verifier can do.
//! - `cold`: from bytes: collateral and quote are read, every signature and chain is verified, nothing is remembered.
//! - `new-host`: collateral was verified before, the host was never seen.
//! - `warm`: collateral was verified before, another quote of the host was seen.
//!
//! What it measured ends with `ratio NAME VALUE` lines; docs/benchmarks.md gives their bounds.

mod cores;
mod evidence;
mod fleet;
mod measure;
mod peer;
mod samples;
mod scale;

use std::cell::RefCell;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use dcap::{Quote, VerifiedCollateral, Verifier};
use unix_time::UnixTime;

use evidence::Evidence;
use fleet::Kind;
use measure::{Contender, measure};
use peer::Peer;

fn main() {
    // What follows runs on the first core alone; the measurement of two cores comes last, on a thread that may use both.
    let mut ratios = std::thread::scope(|scope| scope.spawn(one_core).join()).unwrap();
    ratios.extend(scale::memory_of_hosts());
    ratios.extend(scale::two_cores().into_iter().flatten());
    println!();
    for (name, value) in ratios {
        println!("ratio {name} {value:.3}");
    }
}

fn one_core() -> Vec<(String, f64)> {
    println!("pinned to one core: {}\n", if cores::pin(0) { "yes" } else { "no" });
    let simulated = Kind::ALL.into_iter().map(fleet::evidence);
    simulated.chain(samples::all()).flat_map(|evidence| compare(&evidence)).collect()
}

/// All contenders over one kind of evidence, in turns.
fn compare(evidence: &Evidence) -> Vec<(String, f64)> {
    let Evidence { name, quotes, hosts, pieces, at, .. } = evidence;
    let (peer, raw) = (Peer::new(evidence), quotes.iter().map(|quote| RawSignature::of(quote)).collect::<Vec<_>>());
    let roots = evidence.roots();
    let known_to = |verifier: &Verifier| verifier.verify_collateral(pieces.read(), *at).unwrap();
    let seen = Verifier::new(roots.clone());
    let collateral = known_to(&seen);
    quotes.iter().for_each(|quote| verify(&seen, quote, &collateral, *at));
    // A host is new once: verifiers that know the collateral and nothing else, as many as are needed. They share the collateral, as
    // all hosts do in a service.
    let strange = RefCell::new(Vec::new());
    let prepare = |count: usize| {
        let one = || {
            let verifier = Verifier::new(roots.clone());
            drop(known_to(&verifier));
            verifier
        };
        *strange.borrow_mut() = std::iter::repeat_with(one).take(count.div_ceil(*hosts)).collect();
    };
    let per_host = quotes.len() / hosts;
    let new_host = |number: usize| {
        let strange = strange.borrow();
        let verifier = &strange[(number / hosts) % strange.len()];
        verify(verifier, &quotes[number % hosts * per_host], &collateral, *at);
    };
    let quote = |number: usize| &quotes[number % quotes.len()];
    // What is compared stands side by side.
    let [new_host, raw, warm, aws_lc, cold, ring] = measure(
        name,
        [
            Contender::prepared("new-host", prepare, new_host),
            Contender::new("raw", |number| raw[number % raw.len()].verify()),
            Contender::new("warm", |number| verify(&seen, quote(number), &collateral, *at)),
            Contender::new("dcap-qvl aws-lc", |number| peer.aws_lc(quote(number))),
            Contender::new("cold", |number| {
                let verifier = Verifier::new(roots.clone());
                let collateral = known_to(&verifier);
                verify(&verifier, quote(number), &collateral, *at);
            }),
            Contender::new("dcap-qvl ring", |number| peer.ring(quote(number))),
        ],
    );
    let ratio = |what: &str, value: f64| (format!("{what}/{name}"), value);
    vec![
        ratio("cold/dcap-qvl-aws-lc", cold.over(&aws_lc)),
        ratio("cold/dcap-qvl-ring", cold.over(&ring)),
        ratio("new-host/raw", new_host.over(&raw)),
        ratio("warm/raw", warm.over(&raw)),
    ]
}

/// From bytes to a verified quote.
pub fn verify(verifier: &Verifier, bytes: &[u8], collateral: &VerifiedCollateral, at: UnixTime) {
    let quote = Quote::parse(bytes).unwrap();
    let pck = verifier.prove(&quote, None, at).unwrap();
    verifier.verify(&quote, &pck, collateral, at).unwrap();
}

/// The signature of a quote by its attestation key, taken apart beforehand.
pub struct RawSignature {
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl RawSignature {
    /// That of a quote.
    pub fn of(quote: &[u8]) -> Self {
        let parsed = Quote::parse(quote).unwrap();
        let body = match parsed.report() {
            dcap::Report::SgxEnclave(_) => 384,
            dcap::Report::Td10(_) => 584,
            dcap::Report::Td15(_) => 648,
            dcap::Report::Td15Ex(_) => 885,
        };
        let (message, rest) = quote.split_at(48 + body + if parsed.version() == 5 { 6 } else { 0 });
        let (signature, rest) = rest[4..].split_at(64);
        Self { key: [&[4], &rest[..64]].concat(), message: message.to_vec(), signature: signature.to_vec() }
    }

    /// The one computation.
    pub fn verify(&self) {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.key).verify(&self.message, &self.signature).unwrap();
    }
}
