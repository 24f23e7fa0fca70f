//! `veritee attest`: sends evidence to a service, verifies the token that comes back, shows its claims.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dcap::Tee;
use evidence::{EvidenceFile, Format};
use serde_json::{Value, json};
use token::{Binding, Expectations, VerifiedToken};
use unix_time::UnixTime;

use crate::failure::{self, Failure};
use crate::{remote, serve, show};

const MAX_RUNTIME_DATA: u64 = attestation::MAX_HELD_DATA as u64;

/// Send a quote to an attestation service, verify the token it answers with, and print the claims.
///
/// The token has to answer this very request: it is bound to the runtime data, or to a nonce where there is none.
#[derive(clap::Args)]
pub struct Arguments {
    /// Quote or Open Enclave report: raw, hexadecimal, base64 or base64url; `-` reads standard input.
    quote: PathBuf,
    /// The provider's public URL.
    #[arg(long, value_name = "URL")]
    url: String,
    /// Data whose SHA-256 the quote's report data begins with.
    #[arg(long, value_name = "FILE")]
    runtime_data: Option<PathBuf>,
    /// Trust this CA for TLS instead of the system's.
    #[arg(long, value_name = "PEM")]
    ca: Option<PathBuf>,
    /// Accept a token about simulated evidence, which proves nothing about hardware.
    #[arg(long)]
    accept_simulated: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let evidence = crate::evidence::read(&arguments.quote)?;
    let runtime_data =
        arguments.runtime_data.as_deref().map(|path| failure::read_file(path, MAX_RUNTIME_DATA)).transpose()?;
    serve::runtime()?.block_on(async {
        let client = remote::client(&arguments.url, arguments.ca.as_deref())?;
        let (mut body, route) = request(&evidence);
        let binding = match runtime_data {
            Some(data) => {
                body["runtimeData"] = json!({"data": URL_SAFE_NO_PAD.encode(&data), "dataType": "Binary"});
                Binding::RuntimeData(data)
            }
            None => {
                let nonce = nonce()?;
                body["nonce"] = json!(nonce);
                Binding::Nonce(nonce)
            }
        };
        let token = client.attest(route, &body).await?;
        let expectations = Expectations::new(binding);
        let expectations = if arguments.accept_simulated { expectations.accept_simulated() } else { expectations };
        let verified = client.verify(&token, UnixTime::of_system_clock(), &expectations).await?;
        show(&verified, &token, arguments.json)
    })
}

/// The members that carry the evidence, and the route they go to.
pub fn request(evidence: &EvidenceFile) -> (Value, &'static str) {
    let encoded = URL_SAFE_NO_PAD.encode(evidence.bytes());
    match evidence.format() {
        Format::Quote(Tee::Tdx) => (json!({"quote": encoded}), "TdxVm"),
        Format::OpenEnclaveReport => (json!({"report": encoded}), "OpenEnclave"),
        // What is of another kind is for the service to refuse.
        _ => (json!({"quote": encoded}), "SgxEnclave"),
    }
}

fn nonce() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| Failure::environment("no_randomness", "the system gives no random bytes", ""))?;
    Ok(hex::encode(bytes))
}

fn show(verified: &VerifiedToken, token: &str, as_json: bool) -> Result<(), Failure> {
    let claims = Value::Object(verified.claims().clone());
    if as_json {
        return show::json(&json!({"verified": true, "issuer": verified.issuer(), "token": token, "claims": claims}));
    }
    show::line(&format!("token of {} verified", verified.issuer()))?;
    if verified.is_simulated() {
        show::line("NOTE: about simulated evidence; this says nothing about genuine hardware")?;
    }
    show::line("")?;
    show::fields(&claims, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_evidence_goes_to_its_route() {
        let samples = test_support::package("dcap-qvl").join("sample");
        for (name, route) in [("sgx_quote", "SgxEnclave"), ("tdx_quote", "TdxVm"), ("tdx_quote_td15ex", "TdxVm")] {
            let (body, taken) = request(&crate::evidence::read(&samples.join(name)).unwrap());
            assert_eq!((taken, body["quote"].is_string()), (route, true), "{name}");
        }
        // Version 1, type 2, four bytes.
        let report = [1, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 3, 0, 2, 0];
        assert_eq!(request(&EvidenceFile::read(&report).unwrap()).1, "OpenEnclave");
        assert_eq!(request(&EvidenceFile::read(&[3, 0]).unwrap()).1, "SgxEnclave");
    }
}
