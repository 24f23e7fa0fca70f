//! `veritee demo`: the whole line in one process, step by step, with what must fail.

mod step;

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use client::{Client, ServiceError};
use problem::Problem;
use serde_json::{Value, json};
use simulator::{EnclaveReport, Platform};
use token::{Binding, Expectations, RecipientKey, SealedSecret, SealedSecretError, VerifiedToken};
use unix_time::UnixTime;

use crate::failure::{self, Failure};
use crate::remote;
use crate::serve::settings::Settings;
use crate::serve::{self, Running};
use step::Steps;

/// Show evidence become a token that a relying party checks, on a simulated machine.
///
/// Starts the machine and the service with a fresh data directory on a free port, runs through an attestation, hands a
/// secret to the attested enclave, and shows what a changed quote and a denying policy get.
#[derive(clap::Args)]
pub struct Arguments {
    /// Print the steps as JSON.
    #[arg(long)]
    json: bool,
    /// Leave the service running until it is interrupted.
    #[arg(long)]
    keep: bool,
    /// Use this data directory instead of a fresh one; it may not hold a genuine provider.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

const SECRET: &[u8] = b"the launch code is 00000000";
const DENYING_POLICY: &str = "version=1.0;
authorizationrules {
    // No enclave of this signer may have the secret.
    c:[type==\"x-ms-sgx-mrsigner\"] => deny();
    => permit();
};
issuancerules {};";

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let data = match &arguments.data {
        Some(path) => Data::Given(path.clone()),
        None => Data::fresh()?,
    };
    let mut steps = Steps::new(arguments.json);
    let outcome = serve::runtime()?.block_on(async {
        let running = Running::start(&Settings::simulated_on_a_free_port(data.path())).await?;
        let outcome = attestation(&running, &data.path(), &mut steps).await;
        if arguments.keep && outcome.is_ok() {
            let ca = running.ca.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
            let end = serve::signal()?;
            eprintln!("service stays at {} (CA: {ca}); interrupt to stop", running.url);
            end.await;
        }
        running.stop().await?;
        outcome
    });
    steps.finish(&outcome)?;
    outcome.map_err(|failure| if arguments.json { failure.said() } else { failure })
}

/// Every step does what it says, or the demonstration fails.
async fn attestation(running: &Running, data: &Path, steps: &mut Steps) -> Result<(), Failure> {
    let platform = running.platform.as_ref().ok_or_else(|| broken("service runs without a simulated machine"))?;
    let client = remote::client(&running.url, running.ca.as_deref())?;
    steps.done(
        "A simulated SGX machine and an attestation service are running",
        "The machine has its own root instead of Intel's. The service trusts that root and marks every token.",
        json!({"url": running.url, "trustedCa": running.ca}),
    )?;

    let enclave_key = RecipientKey::generate();
    let runtime_data = enclave_key.runtime_data();
    steps.done(
        "The enclave makes a key; the private half never leaves it",
        "The public half is its runtime data.",
        runtime_data.clone(),
    )?;

    let enclave = enclave(&runtime_data);
    let quote = quote(platform, &enclave)?;
    let file = keep(data, &quote, &runtime_data)?;
    steps.done(
        "The machine quotes the enclave",
        "The report data begins with the SHA-256 of the runtime data: the quote vouches for the key.",
        json!({"quoteBytes": quote.len(), "file": file, "mrEnclave": hex::encode(enclave.mr_enclave), "reportData": hex::encode(enclave.report_data)}),
    )?;

    let token = client.attest("SgxEnclave", &request(&quote, &runtime_data)).await?;
    steps.done(
        "The service verifies the quote, asks its policy, and signs a token",
        "POST /attest/SgxEnclave over HTTPS, as the Azure Attestation API has it.",
        json!({"tokenBytes": token.len()}),
    )?;

    let verified = relying_party(&client, &token, &runtime_data, steps).await?;
    check_measurement(&verified, &enclave, steps)?;
    hand_over_secret(&verified, &enclave_key, steps)?;
    refuses_changed_quote(&client, &quote, &runtime_data, steps).await?;
    refuses_by_policy(&client, &quote, &runtime_data, steps).await
}

/// A made-up enclave: measurements are what its build and its signer's key would give.
fn enclave(runtime_data: &Value) -> EnclaveReport {
    let hash = |text: &[u8]| -> [u8; 32] {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text);
        std::array::from_fn(|at| digest.as_ref().get(at).copied().unwrap_or_default())
    };
    let commitment = hash(runtime_data.to_string().as_bytes());
    EnclaveReport {
        mr_enclave: hash(b"veritee demo enclave"),
        mr_signer: hash(b"veritee demo signer"),
        isv_prod_id: 1,
        isv_svn: 1,
        debug: false,
        report_data: std::array::from_fn(|at| commitment.get(at).copied().unwrap_or_default()),
    }
}

fn quote(platform: &Platform, enclave: &EnclaveReport) -> Result<Vec<u8>, Failure> {
    platform
        .quote_enclave(enclave)
        .map_err(|error| Failure::environment("simulation_failed", failure::chain(&error), error.help()))
}

/// Keeps quote and runtime data for the reader's own experiments.
fn keep(data: &Path, quote: &[u8], runtime_data: &Value) -> Result<PathBuf, Failure> {
    let directory = data.join("demo");
    let file = directory.join("quote.bin");
    let written = std::fs::create_dir_all(&directory)
        .and_then(|()| std::fs::write(&file, quote))
        .and_then(|()| std::fs::write(directory.join("runtime-data.json"), runtime_data.to_string()));
    written.map_err(|error| {
        Failure::environment(
            "file_unwritable",
            format!("cannot write to `{}`: {error}", directory.display()),
            "check free space",
        )
    })?;
    Ok(file)
}

fn request(quote: &[u8], runtime_data: &Value) -> Value {
    json!({
        "quote": URL_SAFE_NO_PAD.encode(quote),
        "runtimeData": {"data": URL_SAFE_NO_PAD.encode(runtime_data.to_string()), "dataType": "JSON"},
    })
}

/// Refused as from a machine that proves nothing, unless the relying party says that it knows.
async fn relying_party(
    client: &Client,
    token: &str,
    runtime_data: &Value,
    steps: &mut Steps,
) -> Result<VerifiedToken, Failure> {
    let expectations = Expectations::new(Binding::RuntimeJson(runtime_data.clone()));
    match client.verify(token, UnixTime::of_system_clock(), &expectations).await {
        Ok(_) => return Err(broken("a relying party accepted a simulated token unasked")),
        Err(refusal) => steps.done(
            "The relying party refuses the token: it is marked as simulated",
            "Nobody takes a simulated machine for genuine hardware by mistake.",
            json!({"code": refusal.code(), "message": failure::chain(&refusal)}),
        )?,
    }
    let verified = client.verify(token, UnixTime::of_system_clock(), &expectations.accept_simulated()).await?;
    steps.done(
        "Told to accept simulation, it fetches metadata and keys, and the token verifies",
        "Issuer, signature, times, and that the token answers for exactly this runtime data.",
        json!({"issuer": verified.issuer(), "kid": verified.kid(), "expiresAt": verified.expires_at()}),
    )?;
    Ok(verified)
}

fn check_measurement(verified: &VerifiedToken, enclave: &EnclaveReport, steps: &mut Steps) -> Result<(), Failure> {
    if verified.mrenclave() != Some(enclave.mr_enclave) || verified.is_debuggable() != Some(false) {
        return Err(broken("the token is about another enclave"));
    }
    steps.done(
        "The measurement is the expected one, and no debugger can look in",
        "MRENCLAVE names the code; the relying party knows it from its own build.",
        json!({"mrEnclave": hex::encode(enclave.mr_enclave), "debug": false}),
    )
}

fn hand_over_secret(verified: &VerifiedToken, key: &RecipientKey, steps: &mut Steps) -> Result<(), Failure> {
    let refused = |error: SealedSecretError| Failure::of_verdict(&error);
    let sealed = SealedSecret::seal(verified, SECRET).map_err(refused)?.to_bytes();
    let received = SealedSecret::from_bytes(&sealed).map_err(refused)?;
    if *key.open(&received).map_err(refused)? != SECRET {
        return Err(broken("the enclave decrypted something else"));
    }
    steps.done(
        "The relying party encrypts a secret to the attested key, and the enclave decrypts it",
        "HPKE to the key in the token: only the enclave that was measured can read it.",
        json!({"sealedBytes": sealed.len()}),
    )
}

async fn refuses_changed_quote(
    client: &Client,
    quote: &[u8],
    runtime_data: &Value,
    steps: &mut Steps,
) -> Result<(), Failure> {
    // MRENCLAVE lies 64 bytes into the report body, which follows the header.
    const MR_ENCLAVE: usize = abi::quote::Header::SIZE + 64;
    let mut changed = quote.to_vec();
    let byte = changed.get_mut(MR_ENCLAVE).ok_or_else(|| broken("the quote is too short"))?;
    *byte ^= 1;
    let refused = client.attest("SgxEnclave", &request(&changed, runtime_data)).await;
    must_refuse(
        refused,
        "quote_bad_signature",
        "One bit of the measurement changed: the service refuses the quote",
        steps,
    )
}

async fn refuses_by_policy(
    client: &Client,
    quote: &[u8],
    runtime_data: &Value,
    steps: &mut Steps,
) -> Result<(), Failure> {
    let mut body = request(quote, runtime_data);
    body["draftPolicyForAttestation"] = json!(DENYING_POLICY);
    let refused = client.attest("SgxEnclave", &body).await;
    must_refuse(refused, "policy_denied", "A policy that denies this signer: the service issues nothing", steps)
}

fn must_refuse(
    outcome: Result<String, ServiceError>,
    code: &str,
    title: &str,
    steps: &mut Steps,
) -> Result<(), Failure> {
    match outcome {
        Err(refusal) if refusal.code() == code => {
            steps.done(title, &failure::chain(&refusal), json!({"code": refusal.code()}))
        }
        Err(other) => Err(broken(&format!("refused for another reason: {}", failure::chain(&other)))),
        Ok(_) => Err(broken("what must be refused got a token")),
    }
}

fn broken(what: &str) -> Failure {
    Failure::verdict("demo_failed", format!("demonstration failed: {what}"), "this is a fault of veritee: report it")
}

/// A data directory of its own, removed at the end.
enum Data {
    Given(PathBuf),
    Fresh(PathBuf),
}

impl Data {
    fn fresh() -> Result<Self, Failure> {
        let mut name = [0; 8];
        aws_lc_rs::rand::fill(&mut name)
            .map_err(|_| Failure::environment("no_randomness", "the system gives no random bytes", ""))?;
        Ok(Self::Fresh(std::env::temp_dir().join(format!("veritee-demo-{}", hex::encode(name)))))
    }

    fn path(&self) -> PathBuf {
        match self {
            Self::Given(path) | Self::Fresh(path) => path.clone(),
        }
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        if let Self::Fresh(path) = self
            && path.exists()
            && let Err(error) = std::fs::remove_dir_all(&*path)
        {
            eprintln!("cannot remove `{}`: {error}", path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_data_commits_to_the_runtime_data_as_it_is_sent() {
        let data = json!({"keys": []});
        let enclave = enclave(&data);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data.to_string().as_bytes());
        assert_eq!(&enclave.report_data[..32], digest.as_ref());
        assert_eq!(enclave.report_data[32..], [0; 32]);
    }
}
