//! A genuine quote with some bytes changed: it is never accepted, unless nothing that it says has changed.
//!
//! The input is a list of changes, four bytes each: where (16 bits), what to do, with which byte.
#![no_main]

use std::sync::LazyLock;

use dcap::{CertificationData, Quote, VerifiedCollateral, Verifier, pem};
use unix_time::UnixTime;
use libfuzzer_sys::fuzz_target;
use veritee_fuzz::{NOW, Machine};

static EVIDENCE: LazyLock<Vec<(Vec<u8>, Verifier, VerifiedCollateral)>> =
    LazyLock::new(|| Machine::all().into_iter().flat_map(|machine| machine.evidence()).collect());

fuzz_target!(|bytes: &[u8]| {
    let Some((&which, changes)) = bytes.split_first() else { return };
    let (quote, verifier, collateral) = &EVIDENCE[usize::from(which) % EVIDENCE.len()];
    let mut changed = quote.clone();
    for change in changes.chunks_exact(4).take(16) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % changed.len().max(1);
        match change[2] % 4 {
            0 if !changed.is_empty() => changed[at] ^= change[3],
            1 => changed.insert(at, change[3]),
            2 => drop(changed.drain(at..changed.len().min(at + usize::from(change[3])))),
            _ => changed.truncate(changed.len() - usize::from(change[3]).min(changed.len())),
        }
    }
    let at = UnixTime::from_seconds(NOW);
    let Ok(parsed) = Quote::parse(&changed) else { return };
    let Ok(pck) = verifier.prove(&parsed, None, at) else { return };
    if verifier.verify(&parsed, &pck, collateral, at).is_ok() {
        assert_eq!(said(&changed), said(quote));
    }
});

/// What a quote says, apart from zero padding and from how the PEM of its chain is broken into lines.
fn said(bytes: &[u8]) -> (&[u8], Vec<Vec<u8>>) {
    let quote = Quote::parse(bytes).unwrap();
    let CertificationData::PckChain(chain) = quote.certification() else { panic!("accepted without a chain") };
    let before = bytes.len() - quote.padding() - chain.len();
    // The length of the chain may differ with its line ends.
    (&bytes[..before.saturating_sub(4)], pem::blocks(chain, "CERTIFICATE").unwrap())
}
