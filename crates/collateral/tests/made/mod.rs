//! A simulated platform, its collateral, and what the tests do with both.
#![allow(dead_code)] // each test binary uses its part

use collateral::CollateralSet;
use dcap::{Certificate, CertificationData, ProvenPck, Quote, TrustedRoots, VerifiedQuote, Verifier};
use problem::Problem;
use simulator::{Blueprint, Collateral, EnclaveReport, TrustDomainReport};
use unix_time::UnixTime;

pub const NOW: i64 = 1_790_000_000;

pub fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

/// A quote of a platform, the roots it is under, and its collateral.
pub struct Evidence {
    pub quote: Vec<u8>,
    pub roots: TrustedRoots,
    pub collateral: Collateral,
}

pub fn evidence(made: &Blueprint) -> Evidence {
    let issued = made.issue().unwrap();
    let enclave = EnclaveReport {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        isv_prod_id: 0,
        isv_svn: 0,
        debug: false,
        report_data: [0; 64],
    };
    let domain = TrustDomainReport { mr_td: [1; 48], rtmr: [[2; 48]; 4], debug: false, report_data: [0; 64] };
    let quote = match made.tcb_info.spec.id.as_str() {
        "TDX" => issued.quote(&domain.td10()).unwrap(),
        _ => issued.quote(&enclave.on(made.cpu_svn())).unwrap(),
    };
    let roots = TrustedRoots::only(&Certificate::from_der(&issued.certificates().root).unwrap());
    Evidence { quote, roots, collateral: issued.collateral().unwrap() }
}

pub fn proven(quote: &[u8], roots: &TrustedRoots, at: UnixTime) -> ProvenPck {
    let quote = Quote::parse(quote).unwrap();
    let CertificationData::PckChain(chain) = quote.certification() else { panic!("no chain") };
    ProvenPck::prove(chain, roots, at).unwrap()
}

/// A platform, proven, with the roots it is proven under.
pub fn platform(made: &Blueprint) -> (ProvenPck, TrustedRoots, Collateral) {
    let Evidence { quote, roots, collateral } = evidence(made);
    (proven(&quote, &roots, at(NOW)), roots, collateral)
}

/// The whole line with collateral of a set.
pub fn verify(quote: &[u8], set: &CollateralSet, roots: &TrustedRoots, at: UnixTime) -> Result<VerifiedQuote, String> {
    let pck = proven(quote, roots, at);
    let quote = Quote::parse(quote).unwrap();
    let choice = set.choose(&pck.family(quote.tee()), at).map_err(|error| error.code().into_owned())?;
    let verified = choice.collateral.verify(roots, at).map_err(|error| error.code().into_owned())?;
    Verifier::new(roots.clone()).verify(&quote, &pck, &verified, at).map_err(|error| error.code().into_owned())
}

pub fn made() -> Blueprint {
    Blueprint::new(at(NOW)).unwrap()
}

pub fn pieces(of: &Collateral) -> [(&'static str, Vec<u8>); 5] {
    [
        ("tcb_info", of.tcb_info.clone()),
        ("qe_identity", of.qe_identity.clone()),
        ("chain", of.tcb_info_chain_pem.clone().into_bytes()),
        ("root_crl", of.root_crl.clone()),
        ("pck_crl", of.pck_crl.clone()),
    ]
}

pub fn set(pieces: &[(&str, Vec<u8>)]) -> CollateralSet {
    let mut set = CollateralSet::default();
    pieces.iter().for_each(|(name, bytes)| set.add(name, bytes).unwrap());
    set
}

/// TCB Info of the same Intel with that number and those times.
pub fn tcb_info(made: &Blueprint, number: u32, issued: i64, until: i64) -> Vec<u8> {
    let mut document = made.tcb_info.clone();
    document.spec.tcb_evaluation_data_number = number;
    document.spec.issue_date = at(issued);
    document.spec.next_update = at(until);
    document.build().unwrap()
}

/// Identity of the same quoting enclave with that number, issued and valid as TCB Info of the blueprint is.
pub fn identity(made: &Blueprint, number: u32) -> Vec<u8> {
    let mut document = made.qe_identity.clone();
    document.spec.tcb_evaluation_data_number = number;
    document.build().unwrap()
}

/// Bytes as `encodeURIComponent` writes them, but `+`, which some caches leave as it is.
pub fn url_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'+' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
