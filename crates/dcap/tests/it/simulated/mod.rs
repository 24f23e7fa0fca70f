//! Evidence of the simulator's making, and the verifier's line over it: each refusal as its code.
#![allow(dead_code, unused_macros, unused_imports, reason = "each test program uses a part of this")]

pub mod peer;
pub mod tdx;

use abi::sgx::ReportBody;
use dcap::{
    Certificate, CertificationData, Collateral, CollateralError, CollateralFault, Crl, PckError, Piece, ProvenPck,
    Quote, SignedDocument, TrustedRoots, VerifiedCollateral, VerifiedQuote, Verifier, pem,
};
use problem::Problem;
use simulator::pki::{CertificateSpec, Name};
use simulator::{Blueprint, EcdsaKey, EnclaveReport, Signed};
use unix_time::UnixTime;

/// When everything is made and judged unless a test says otherwise.
pub const NOW: i64 = 1_790_000_000;

/// One change to what would otherwise be beyond reproach.
pub type Change = fn(&mut Blueprint);

pub fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

pub fn key() -> EcdsaKey {
    EcdsaKey::generate().unwrap()
}

/// A new machine under the Platform CA with that one change.
pub fn blueprint(change: Change) -> Blueprint {
    let mut blueprint = Blueprint::new(at(NOW)).unwrap();
    change(&mut blueprint);
    blueprint
}

pub fn enclave() -> EnclaveReport {
    EnclaveReport {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        isv_prod_id: 3,
        isv_svn: 4,
        debug: false,
        report_data: [5; 64],
    }
}

pub fn report(blueprint: &Blueprint) -> ReportBody {
    enclave().on(blueprint.cpu_svn())
}

pub fn quote_of(blueprint: &Blueprint) -> Vec<u8> {
    blueprint.quote(&report(blueprint)).unwrap()
}

/// The key of a simulated root alone, whatever is wrong with the root certificate in the evidence.
pub fn roots(key: &EcdsaKey) -> TrustedRoots {
    let mut spec = CertificateSpec::ca(Name::simulated("Intel SGX Root CA"), key, 1).unwrap();
    spec.crl_distribution_point = Some("https://example.invalid/root.der".to_owned());
    TrustedRoots::only(&Certificate::from_der(&Signed::new(spec, key).build().unwrap()).unwrap())
}

pub fn roots_of(blueprint: &Blueprint) -> TrustedRoots {
    roots(&blueprint.keys.root)
}

/// The code of an error that also says what to do about it.
pub fn code(error: &dyn Problem) -> String {
    assert!(!error.help().is_empty() && !error.to_string().is_empty());
    error.code().into_owned()
}

/// Reading a quote.
pub fn read(bytes: &[u8]) -> Result<Quote<'_>, String> {
    Quote::parse(bytes).map_err(|error| code(&error))
}

/// Proving the chain of a quote.
pub fn prove_quote(bytes: &[u8], roots: &TrustedRoots, at: UnixTime) -> Result<ProvenPck, PckError> {
    let quote = Quote::parse(bytes).unwrap();
    let CertificationData::PckChain(chain) = quote.certification() else { panic!("no chain") };
    ProvenPck::prove(chain, roots, at)
}

pub fn prove(blueprint: &Blueprint) -> Result<ProvenPck, String> {
    prove_quote(&quote_of(blueprint), &roots_of(blueprint), at(NOW)).map_err(|error| pck_code(&error))
}

pub fn pck_code(error: &PckError) -> String {
    code(error)
}

fn certificates(pem_text: &str) -> Vec<Certificate> {
    let blocks = pem::blocks(pem_text.as_bytes(), "CERTIFICATE").unwrap();
    blocks.iter().map(|der| Certificate::from_der(der).unwrap()).collect()
}

/// Collateral in the verifier's form.
pub fn read_collateral(made: &simulator::Collateral) -> Result<Collateral, CollateralError> {
    fn of<T>(piece: Piece, read: Result<T, impl Into<CollateralFault>>) -> Result<T, CollateralError> {
        read.map_err(|error| CollateralError { piece, fault: error.into() })
    }
    Ok(Collateral {
        tcb_info: of(Piece::TcbInfo, SignedDocument::from_wrapper(&made.tcb_info))?,
        tcb_info_chain: certificates(&made.tcb_info_chain_pem),
        qe_identity: of(Piece::QeIdentity, SignedDocument::from_wrapper(&made.qe_identity))?,
        qe_identity_chain: certificates(&made.qe_identity_chain_pem),
        root_crl: of(Piece::RootCrl, Crl::from_der(&made.root_crl))?,
        pck_crl: of(Piece::PckCrl, Crl::from_der(&made.pck_crl))?,
        pck_crl_chain: certificates(&made.pck_crl_chain_pem),
    })
}

/// Reading and verifying collateral.
pub fn verify_collateral(blueprint: &Blueprint) -> Result<VerifiedCollateral, CollateralError> {
    read_collateral(&blueprint.collateral().unwrap())?.verify(&roots_of(blueprint), at(NOW))
}

pub fn collateral(blueprint: &Blueprint) -> Result<VerifiedCollateral, String> {
    verify_collateral(blueprint).map_err(|error| code(&error))
}

/// A quote's whole line under collateral that was verified before.
pub fn verify_with(
    quote: &[u8],
    collateral: &VerifiedCollateral,
    verifier: &Verifier,
    at: UnixTime,
) -> Result<VerifiedQuote, String> {
    let quote = read(quote)?;
    let CertificationData::PckChain(chain) = quote.certification() else { return Err("no chain".to_owned()) };
    let pck = ProvenPck::prove(chain, verifier.roots(), at).map_err(|error| pck_code(&error))?;
    judge(&quote, &pck, collateral, verifier, at)
}

/// The last step alone.
pub fn judge(
    quote: &Quote<'_>,
    pck: &ProvenPck,
    collateral: &VerifiedCollateral,
    verifier: &Verifier,
    at: UnixTime,
) -> Result<VerifiedQuote, String> {
    verifier.verify(quote, pck, collateral, at).map_err(|error| code(&error))
}

/// The whole line.
pub fn verify(blueprint: &Blueprint) -> Result<VerifiedQuote, String> {
    let quote = quote_of(blueprint);
    let verifier = Verifier::new(roots_of(blueprint));
    verify_with(&quote, &collateral(blueprint)?, &verifier, at(NOW))
}

/// What tests begin with: beyond reproach until they change it.
pub trait Fresh {
    fn fresh() -> Self;
}

impl Fresh for Blueprint {
    fn fresh() -> Self {
        Self::new(at(NOW)).unwrap()
    }
}

/// Asserts that the change alone makes the step refuse, with that code.
pub fn refuses<F: Fresh, T: std::fmt::Debug>(step: fn(&F) -> Result<T, String>, change: fn(&mut F), expected: &str) {
    let mut made = F::fresh();
    assert!(step(&made).is_ok(), "refused before the change");
    change(&mut made);
    assert_eq!(step(&made).map(|_| ()), Err(expected.to_owned()));
}

/// Asserts that the step accepts in spite of the change.
pub fn accepts<F: Fresh, T: std::fmt::Debug>(step: fn(&F) -> Result<T, String>, change: fn(&mut F)) {
    let mut made = F::fresh();
    change(&mut made);
    assert_eq!(step(&made).map(|_| ()), Ok(()));
}

/// One test for each line: its name, the code of the refusal, the one change that leads to it.
macro_rules! refusals {
    ($step:path; $($name:ident: $code:literal, $change:expr;)+) => {
        $(#[test] fn $name() { crate::simulated::refuses($step, $change, $code); })+
    };
}
/// One test for each line: its name and the one change that does not matter.
macro_rules! acceptances {
    ($step:path; $($name:ident: $change:expr;)+) => {
        $(#[test] fn $name() { crate::simulated::accepts($step, $change); })+
    };
}
pub(crate) use {acceptances, refusals};
