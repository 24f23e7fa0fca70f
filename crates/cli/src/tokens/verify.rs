//! `veritee token verify`: a token as a relying party checks it, and whoever signed it.

use std::path::{Path, PathBuf};

use ::collateral::VerificationRequest;
use clap::ArgGroup;
use dcap::TcbStatus;
use evidence::{Anchors, Context, EvidenceFile};
use jose::Jwks;
use serde_json::{Value, json};
use token::{AttestedSigner, Binding, Expectations, SignerExpectations, VerifiedToken, Verifier};
use unix_time::UnixTime;

use crate::arguments::{Allow, hex_bytes, parse_accepted_status};
use crate::clock::parse_time;
use crate::failure::{self, Failure};
use crate::requirements::requirements;
use crate::verify::{rejected, trusted_root};
use crate::{remote, serve, show};

const MAX_TOKEN: u64 = jose::jws::MAX_LENGTH as u64 + 1024;
const MAX_KEYS: u64 = 1 << 20;
const MAX_DATA: u64 = attestation::MAX_HELD_DATA as u64;

/// Verify a token as a relying party does: issuer, signature, times, and that it answers to you.
///
/// With --require-attested-signer also who signed: the quote in the signing key's certificate is verified with collateral from
/// files, and has to be about that very key. Exit code 0: good; 1: not.
#[derive(clap::Args)]
#[command(group(ArgGroup::new("from").required(true).args(["url", "keys"])))]
#[command(group(ArgGroup::new("bound").required(true).args(["nonce", "runtime_data", "without_freshness"])))]
pub struct Arguments {
    /// A file with the token; `-` reads standard input.
    token: PathBuf,
    /// The issuer: keys are fetched from it.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Trust this CA for TLS instead of the system's.
    #[arg(long, value_name = "PEM", requires = "url")]
    ca: Option<PathBuf>,
    /// The issuer's keys in a file, as `<issuer>/certs` answers them.
    #[arg(long, value_name = "JWKS", requires = "issuer")]
    keys: Option<PathBuf>,
    /// The issuer that the token has to name.
    #[arg(long, value_name = "URL", conflicts_with = "url")]
    issuer: Option<String>,
    /// The nonce that the token has to answer to.
    #[arg(long, value_name = "TEXT")]
    nonce: Option<String>,
    /// The runtime data that the enclave has to have committed to.
    #[arg(long, value_name = "FILE")]
    runtime_data: Option<PathBuf>,
    /// Accept a token that answers to nobody: it may be a replay.
    #[arg(long)]
    without_freshness: bool,
    /// Accept a token about simulated evidence, which proves nothing about hardware.
    #[arg(long)]
    accept_simulated: bool,
    /// Ask the issuer whether the token was revoked. Without it that is not seen: a token is good until it expires.
    #[arg(long, requires = "url")]
    check_revocation: bool,
    /// Judge as of this time instead of now.
    #[arg(long, value_name = "RFC3339", value_parser = parse_time)]
    at: Option<UnixTime>,
    /// Demand evidence about whoever signed the token.
    #[arg(long, requires = "collateral")]
    require_attested_signer: bool,
    /// Collateral for the signer's quote: a bundle, dcap-qvl's JSON, or a directory of pieces.
    #[arg(long, value_name = "PATH", requires = "require_attested_signer")]
    collateral: Option<PathBuf>,
    /// Trust the key of this root certificate instead of Intel's, for the signer's quote.
    #[arg(long, value_name = "PEM", requires = "require_attested_signer")]
    trust_root: Option<PathBuf>,
    /// Accept these TCB statuses of the signer's platform beside UpToDate.
    #[arg(long, value_name = "STATUS,...", value_delimiter = ',', value_parser = parse_accepted_status,
          requires = "require_attested_signer")]
    accept_tcb: Vec<TcbStatus>,
    /// Allow what the default refuses of the signer's enclave.
    #[arg(long, value_name = "WHAT,...", value_delimiter = ',', requires = "require_attested_signer")]
    allow: Vec<Allow>,
    /// MRSIGNER that the signer's enclave has to have, 64 hexadecimal digits.
    #[arg(long, value_name = "HEX", value_parser = hex_bytes::<32>, requires = "require_attested_signer")]
    signer_mrsigner: Option<[u8; 32]>,
    /// MRENCLAVE that the signer's enclave has to have, 64 hexadecimal digits.
    #[arg(long, value_name = "HEX", value_parser = hex_bytes::<32>, requires = "require_attested_signer")]
    signer_mrenclave: Option<[u8; 32]>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let bytes = failure::read_file(&arguments.token, MAX_TOKEN)?;
    let token = String::from_utf8_lossy(&bytes).trim().to_owned();
    let at = arguments.at.unwrap_or_else(UnixTime::of_system_clock);
    let verifier = verifier(arguments)?;
    let mut expectations = expectations(arguments)?;
    if let Some(url) = arguments.url.as_deref().filter(|_| arguments.check_revocation) {
        let client = remote::client(url, arguments.ca.as_deref())?;
        expectations = expectations.not_revoked(serve::runtime()?.block_on(client.revoked())?);
    }
    let verified = verifier.verify(&token, at, &expectations).map_err(|error| Failure::of_verdict(&error))?;
    let signer = match &arguments.collateral {
        Some(collateral) if arguments.require_attested_signer => {
            Some(attested_signer(arguments, collateral, &verifier, &verified, at)?)
        }
        _ => None,
    };
    if arguments.json {
        let claims = Value::Object(verified.claims().clone());
        return show::json(&json!({
            "verified": true,
            "issuer": verified.issuer(),
            "keyId": verified.kid(),
            "simulated": verified.is_simulated(),
            "signer": signer,
            "claims": claims,
        }));
    }
    show::line(&format!("token of {} verified", verified.issuer()))?;
    if verified.is_simulated() {
        show::line("NOTE: about simulated evidence; this says nothing about genuine hardware")?;
    }
    if let Some(signer) = &signer {
        show::line("signed by an enclave:")?;
        show::fields(&json!(signer), 2)?;
    }
    show::fields(&Value::Object(verified.claims().clone()), 0)
}

/// The keys of the issuer: fetched from it, or from a file.
fn verifier(arguments: &Arguments) -> Result<Verifier, Failure> {
    if let Some(url) = &arguments.url {
        let client = remote::client(url, arguments.ca.as_deref())?;
        return Ok(serve::runtime()?.block_on(client.verifier())?);
    }
    let (Some(path), Some(issuer)) = (&arguments.keys, &arguments.issuer) else {
        return Err(Failure::usage(
            "issuer_missing",
            "nothing says whose token it is",
            "pass --url, or --keys with --issuer",
        ));
    };
    let keys = Jwks::parse(&failure::read_file(path, MAX_KEYS).map_err(Failure::or_usage)?)
        .map_err(|error| Failure::of_usage(&error))?;
    Ok(Verifier::new(issuer, keys))
}

fn expectations(arguments: &Arguments) -> Result<Expectations, Failure> {
    let binding = match (&arguments.nonce, &arguments.runtime_data) {
        (Some(nonce), _) => Binding::Nonce(nonce.clone()),
        (None, Some(path)) => Binding::RuntimeData(failure::read_file(path, MAX_DATA).map_err(Failure::or_usage)?),
        (None, None) => Binding::WithoutFreshness,
    };
    let expectations = Expectations::new(binding);
    Ok(if arguments.accept_simulated { expectations.accept_simulated() } else { expectations })
}

/// Who signed the token: the enclave that the quote in the key's certificate attests, verified as any other.
///
/// 1. The certificate of the key that signed carries a quote.
/// 2. The quote is verified, and meets the requirements.
/// 3. Its report data is about that key.
/// 4. The enclave has the measurements asked for.
fn attested_signer(
    arguments: &Arguments,
    collateral: &Path,
    verifier: &Verifier,
    verified: &VerifiedToken,
    at: UnixTime,
) -> Result<AttestedSigner, Failure> {
    let evidence = verifier.signer_evidence(verified.kid()).map_err(|error| Failure::of_verdict(&error))?;
    let anchors = arguments.trust_root.as_deref().map_or_else(|| Ok(Anchors::intel()), trusted_root)?;
    let requirements = requirements(&arguments.accept_tcb, &arguments.allow);
    let quote = EvidenceFile::read(evidence.quote()).map_err(|error| Failure::of_verdict(&error))?;
    let pieces = crate::collateral::load(collateral)?;
    let request = VerificationRequest { evidence: &quote, certificates: None, collateral: &pieces };
    let appraisal = request.appraise(&Context::new(&anchors, at), &requirements);
    let appraisal = appraisal.map_err(|rejection| rejected(&rejection))?;
    let expected = SignerExpectations { mr_signer: arguments.signer_mrsigner, mr_enclave: arguments.signer_mrenclave };
    evidence.check_holder(&appraisal, &expected).map_err(|error| Failure::of_verdict(&error))
}
