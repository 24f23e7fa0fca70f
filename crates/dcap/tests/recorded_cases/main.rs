//! Cases that others made, with what their verifiers answer: Intel's library, and dcap-qvl's suite.

mod dcap_qvl;
mod intel;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use collateral::CollateralSet;
use dcap::{Certificate, IntelResult, Quote, TrustedRoots, VerifiedQuote, Verifier, pem};
use problem::Problem;
use unix_time::UnixTime;

/// What Veritee says of a case: a verified quote, or the code of the refusal and what Intel's library is said to say.
type Answer = Result<VerifiedQuote, Refused>;

/// A refusal.
#[derive(Debug)]
struct Refused {
    code: String,
    /// In the terms of Intel's library, once platform and collateral are proven.
    intel: Option<IntelResult>,
}

impl Refused {
    fn of(code: impl Into<String>) -> Self {
        Self { code: code.into(), intel: None }
    }
}

/// The whole line over evidence as it came.
fn answer(quote: &[u8], collateral: &[u8], roots: TrustedRoots, chain_beside: Option<&[u8]>, at: UnixTime) -> Answer {
    let verifier = Verifier::new(roots);
    let quote = Quote::parse(quote).map_err(|error| Refused::of(error.code()))?;
    let pck = verifier.prove(&quote, chain_beside, at).map_err(|error| Refused::of(error.code()))?;
    let mut set = CollateralSet::default();
    set.add("case", collateral).map_err(|error| Refused::of(error.code()))?;
    let choice = set.choose(&pck.family(quote.tee()), at).map_err(|error| Refused::of(error.code()))?;
    let collateral = verifier.verify_collateral(choice.collateral, at).map_err(|error| Refused::of(error.code()))?;
    verifier
        .verify(&quote, &pck, &collateral, at)
        .map_err(|error| Refused { code: error.code().into_owned(), intel: Some(IntelResult::from(&error)) })
}

/// The key of that root certificate alone. A root that cannot be read cannot be trusted.
fn root(pem_text: &[u8]) -> Result<TrustedRoots, Refused> {
    let root = pem::blocks(pem_text, "CERTIFICATE").unwrap();
    let root = Certificate::from_der(&root[0]).map_err(|_| Refused::of("root_certificate_malformed"))?;
    Ok(TrustedRoots::only(&root))
}

fn read(directory: &Path, name: &str) -> Vec<u8> {
    let path = directory.join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn unpacked(archive: &str, name: &str) -> Option<PathBuf> {
    test_support::unpacked(archive, Path::new(env!("CARGO_TARGET_TMPDIR")), name)
}
