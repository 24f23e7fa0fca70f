//! `veritee signer`: the certificates that the policies of an Isolated provider are signed under.

use std::path::PathBuf;

use attestation::policy_jws::{CertificateAction, PolicySigningKey};
use axum::http::Method;
use clap::{ArgGroup, Subcommand};
use serde_json::{Value, json};

use crate::failure::{self, Failure};
use crate::provider::{certificates, shown_claims, subject};
use crate::remote::ServiceArguments;
use crate::{serve, show};

const MAX_FILE: u64 = 256 << 10;

/// List, add and remove the policy signers of an Isolated provider.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(List),
    Add(Change),
    Remove(Change),
}

/// List the certificates.
#[derive(clap::Args)]
struct List {
    #[command(flatten)]
    which: Which,
}

#[derive(clap::Args)]
struct Which {
    /// The provider.
    #[arg(long, value_name = "NAME", default_value = "default")]
    provider: String,
    #[command(flatten)]
    service: ServiceArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Add or remove a certificate. Whoever may sign policies now signs for it; the last certificate stays.
///
/// Each signed request is unique and is used once.
#[derive(clap::Args)]
#[command(group(ArgGroup::new("by").required(true).args(["key", "jws"])))]
struct Change {
    /// The certificate to add or remove, in PEM.
    #[arg(long, value_name = "PEM", required_unless_present = "jws", conflicts_with = "jws")]
    certificate: Option<PathBuf>,
    /// The private key, in PEM, of somebody who may sign policies now.
    #[arg(long, value_name = "PEM", requires = "cert")]
    key: Option<PathBuf>,
    /// That key's certificate in PEM, and those of its issuers, in any order.
    #[arg(long, value_name = "PEM", requires = "key")]
    cert: Option<PathBuf>,
    /// The URL of the provider that may use the request [default: the provider that it is sent to]
    #[arg(long, value_name = "URL", conflicts_with = "jws")]
    audience: Option<String>,
    /// A JWS that was signed elsewhere, with the certificate in it. A JWS that was used before is refused.
    #[arg(long, value_name = "FILE")]
    jws: Option<PathBuf>,
    #[command(flatten)]
    which: Which,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    serve::runtime()?.block_on(async {
        match &arguments.command {
            Command::List(List { which }) => list(which).await,
            Command::Add(change) => submit(change, CertificateAction::Add).await,
            Command::Remove(change) => submit(change, CertificateAction::Remove).await,
        }
    })
}

async fn list(which: &Which) -> Result<(), Failure> {
    let client = which.service.client().await?;
    let claims = client.of_provider(Method::GET, &which.provider, "/certificates", None).await?;
    let keys = &claims["x-ms-policy-certificates"]["keys"];
    if which.json {
        return show::json(&json!({"keys": keys}));
    }
    let keys = keys.as_array().map(Vec::as_slice).unwrap_or_default();
    if keys.is_empty() {
        return show::line("none: policies need no signature");
    }
    for key in keys {
        show::line(&subject(key))?;
    }
    Ok(())
}

async fn submit(change: &Change, action: CertificateAction) -> Result<(), Failure> {
    let which = &change.which;
    let here = which.service.provider_url(&which.provider);
    let jws = jws(change, action, &here)?;
    let client = which.service.client().await?;
    let (path, body) = (format!("/certificates:{}", action.as_str()), Value::String(jws).to_string());
    shown_claims(&client.of_provider(Method::POST, &which.provider, &path, Some(body)).await?, which.json)
}

/// The request; one that is signed here is for the provider at the URL `here`, unless the arguments name another.
fn jws(change: &Change, action: CertificateAction, here: &str) -> Result<String, Failure> {
    let read = |path: &PathBuf| failure::read_file(path, MAX_FILE).map_err(Failure::or_usage);
    if let Some(path) = &change.jws {
        return Ok(String::from_utf8_lossy(&read(path)?).trim().to_owned());
    }
    let (Some(certificate), Some(key), Some(cert)) = (&change.certificate, &change.key, &change.cert) else {
        return Err(Failure::usage("signer_incomplete", "nothing says who signs", "pass --key with --cert, or --jws"));
    };
    let all = certificates(certificate)?;
    let [certificate] = all.as_slice() else {
        let message = format!("`{}` holds {} certificates instead of one", certificate.display(), all.len());
        return Err(Failure::usage("several_certificates", message, "add or remove them one by one"));
    };
    let refused = |error: attestation::policy_jws::PolicyKeyError| Failure::of_usage(&error);
    let key = zeroize::Zeroizing::new(read(key)?);
    let key = PolicySigningKey::from_pem(&key, &read(cert)?).map_err(refused)?;
    key.sign_certificate(action, certificate, Some(change.audience.as_deref().unwrap_or(here))).map_err(refused)
}
