//! A quote of a known host is verified without allocating anything but the result. A program of its own: it counts for all
//! threads of this program.

#[path = "it/simulated/mod.rs"]
mod simulated;

use dcap::{Quote, VerifiedQuote, Verifier};
use simulated::tdx::TrustDomain;
use simulated::{Fresh, NOW, at, collateral, quote_of, roots_of};
use simulator::Blueprint;

/// What a result consists of in memory: the list of advisories, and each of them.
fn parts(quote: &VerifiedQuote) -> u64 {
    let advisories = u64::try_from(quote.tcb().advisory_ids.len()).unwrap();
    if advisories == 0 { 0 } else { 1 + advisories }
}

fn warm(machine: &Blueprint, quote: &[u8]) {
    let collateral = collateral(machine).unwrap();
    let verifier = Verifier::new(roots_of(machine));
    let verify = || {
        let quote = Quote::parse(quote).unwrap();
        let pck = verifier.prove(&quote, None, at(NOW)).unwrap();
        verifier.verify(&quote, &pck, &collateral, at(NOW)).unwrap()
    };
    let first = verify();
    let counted = allocation_counter::measure(|| drop(verify()));
    // aws-lc counts on its own heap. Merging lists of advisories takes one more list.
    let merging = u64::from(parts(&first) > 0);
    assert_eq!(counted.count_total, parts(&first) + merging, "{counted:?}");
}

#[test]
fn the_warm_path_allocates_its_result_alone() {
    let mut sgx = Blueprint::fresh();
    warm(&sgx, &quote_of(&sgx));
    sgx.tcb_info.spec.tcb_levels[0].advisory_ids = vec!["INTEL-SA-00615".to_owned(), "INTEL-SA-00289".to_owned()];
    warm(&sgx, &quote_of(&sgx));
    let tdx = TrustDomain::fresh();
    warm(&tdx.machine, &tdx.quote());
}
