//! `veritee attest`: sends evidence to a service, verifies the token that comes back, shows its claims.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dcap::UnixTime;
use serde_json::{Value, json};
use token::fetch::{self, Transport};
use token::{Binding, Expectations, VerifiedToken};

use crate::evidence::{Evidence, Framing};
use crate::failure::{self, Failure};
use crate::{serve, show};

const MAX_RUNTIME_DATA: u64 = service::MAX_HELD_DATA as u64;
const MAX_CA: u64 = 1 << 20;
const TRANSPORT: Transport = Transport::HttpsOrLoopbackHttp;
const MAX_ANSWER: usize = 2 << 20;
const API_VERSION: &str = "2022-08-01";

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
    let evidence = Evidence::read(&arguments.quote)?;
    let runtime_data =
        arguments.runtime_data.as_deref().map(|path| failure::read_file(path, MAX_RUNTIME_DATA)).transpose()?;
    serve::runtime()?.block_on(async {
        let client = Client::new(&arguments.url, arguments.ca.as_deref())?;
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
        let verified = client.verify(&token, &expectations).await?;
        show(&verified, &token, arguments.json)
    })
}

/// The members that carry the evidence, and the route they go to.
pub fn request(evidence: &Evidence) -> (Value, &'static str) {
    let encoded = URL_SAFE_NO_PAD.encode(evidence.bytes());
    match evidence.framing {
        Framing::Quote => (json!({"quote": encoded}), "SgxEnclave"),
        Framing::OpenEnclave => (json!({"report": encoded}), "OpenEnclave"),
    }
}

fn nonce() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| Failure::environment("no_randomness", "the system gives no random bytes", ""))?;
    Ok(hex::encode(bytes))
}

/// A client of one attestation service.
pub struct Client {
    url: String,
    http: reqwest::Client,
}

impl Client {
    /// `ca` is trusted instead of the system's authorities.
    pub fn new(url: &str, ca: Option<&Path>) -> Result<Self, Failure> {
        // Before anything is sent: evidence and runtime data go over no open wire.
        fetch::check_issuer(url, TRANSPORT)
            .map_err(|error| Failure::usage(error.code(), failure::chain(&error), error.help()))?;
        let authorities = ca.map(|path| failure::read_file(path, MAX_CA).map_err(Failure::or_usage)).transpose()?;
        let http = fetch::client(authorities.as_deref())
            .map_err(|error| Failure::usage(error.code(), failure::chain(&error), error.help()))?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), http })
    }

    /// Posts a request and gives the token, not verified yet.
    pub async fn attest(&self, route: &str, body: &Value) -> Result<String, Failure> {
        let url = format!("{}/attest/{route}?api-version={API_VERSION}", self.url);
        let mut response = self.http.post(&url).json(body).send().await.map_err(|error| unreachable(&url, &error))?;
        let status = response.status();
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&url, &error))? {
            answer.extend_from_slice(&chunk);
            if answer.len() > MAX_ANSWER {
                return Err(not_understood(&url, "its answer is too long"));
            }
        }
        let answer: Value =
            serde_json::from_slice(&answer).map_err(|_| not_understood(&url, &format!("{status} without JSON")))?;
        if let Some(token) = answer["token"].as_str().filter(|_| status.is_success()) {
            return Ok(token.to_owned());
        }
        match (answer["error"]["code"].as_str(), answer["error"]["message"].as_str()) {
            (Some(code), Some(message)) => {
                let detail = answer["error"]["innererror"]["code"].as_str().unwrap_or(code);
                let message = format!("service refused with {status} {code}: {message}");
                // Anything but 400 is about the service or the way to it, and no verdict on the evidence.
                Err(match status {
                    reqwest::StatusCode::BAD_REQUEST => Failure::verdict(detail, message, ""),
                    _ => Failure::environment(detail, message, "check the URL and the state of the service"),
                })
            }
            _ => Err(not_understood(&url, &format!("{status} without token or error"))),
        }
    }

    /// Verifies a token as a relying party does: metadata and keys are fetched from the issuer.
    pub async fn verify(&self, token: &str, expectations: &Expectations) -> Result<VerifiedToken, Failure> {
        let verifier = fetch::fetch(&self.url, &self.http, TRANSPORT)
            .await
            .map_err(|error| Failure::environment(error.code(), failure::chain(&error), error.help()))?;
        verifier
            .verify(token, UnixTime::of_system_clock().seconds(), expectations)
            .map_err(|error| Failure::verdict(error.code(), failure::chain(&error), error.help()))
    }
}

fn unreachable(url: &str, error: &reqwest::Error) -> Failure {
    Failure::environment(
        "service_unreachable",
        format!("cannot reach `{url}`: {}", failure::chain(error)),
        "check that the service runs; for a development CA pass its tls/ca.pem with --ca",
    )
}

fn not_understood(url: &str, what: &str) -> Failure {
    Failure::environment(
        "service_not_understood",
        format!("`{url}` does not answer as an attestation service: {what}"),
        "check the URL",
    )
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
