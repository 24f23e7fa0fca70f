//! `veritee policy decode`: what a policy JWS says, and who signed it.

use std::path::Path;

use attestation::policy_jws::{MAX_LENGTH, PolicyJws, PolicySigner, SignerCertificate};
use serde_json::{Value, json};
use token::hash::{policy_hash, policy_token_hash};
use unix_time::UnixTime;

use super::input::read_text;
use super::jws;
use crate::failure::Failure;
use crate::show;

/// Show the policy in a policy JWS, and who signed it. An invalid signature is refused; whether the signer may sign is
/// not judged.
///
/// The policy's text goes to standard output, all else to standard error: `veritee policy decode FILE > policy.txt`. Control and
/// invisible characters in it are printed as escapes; --json prints them exactly.
#[derive(clap::Args)]
pub struct Arguments {
    /// A file with the JWS, `-` for standard input, or the JWS itself; also in the quotes of JSON.
    jws: String,
    /// Print everything as one JSON object.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let jws = given(&arguments.jws)?;
    let policy = jws::read(&jws)?;
    if arguments.json {
        return show::json(&describe(&jws, &policy));
    }
    for line in lines(&policy, UnixTime::of_system_clock()) {
        show::note(&line);
    }
    policy.text().map_or(Ok(()), show::strangers_text)
}

/// The JWS itself, or that in a file.
fn given(argument: &str) -> Result<String, Failure> {
    let itself = jws::bare(argument);
    if jws::is_meant(&itself) && !Path::new(argument).exists() {
        return Ok(itself);
    }
    Ok(jws::bare(&read_text(Path::new(argument), MAX_LENGTH)?))
}

fn describe(jws: &str, policy: &PolicyJws) -> Value {
    json!({
        "signed": policy.signer().is_some(),
        "algorithm": policy.signer().map_or("none", |signer| signer.algorithm().name()),
        "signature": policy.signer().map(|_| "valid"),
        "certificates": policy.signer().map(|signer| signer.certificates().iter().map(describe_certificate).collect::<Vec<_>>()),
        "chained": policy.signer().map(is_chained),
        "reset": policy.text().is_none(),
        "policy": policy.text(),
        "x-ms-policy-hash": policy.text().map(policy_hash),
        "x-ms-policy-token-hash": policy_token_hash(jws),
    })
}

fn describe_certificate(certificate: &SignerCertificate) -> Value {
    json!({
        "subject": certificate.subject(),
        "issuer": certificate.issuer(),
        "sha1": certificate.thumbprint_sha1(),
        "sha256": certificate.thumbprint_sha256(),
        "notBefore": certificate.validity().from,
        "notAfter": certificate.validity().until,
    })
}

fn lines(policy: &PolicyJws, now: UnixTime) -> Vec<String> {
    let what = if policy.text().is_none() { "reset of a policy" } else { "policy" };
    let Some(signer) = policy.signer() else { return vec![format!("unsecured {what}: nobody signed it")] };
    let mut lines = vec![format!("{what} signed with {}; the signature is valid", signer.algorithm())];
    if let Some(certificate) = signer.certificates().first() {
        let (from, until) = (certificate.validity().from, certificate.validity().until);
        let state = match now {
            now if now < from => "not valid yet",
            now if now > until => "expired",
            _ => "valid now",
        };
        lines.push(format!("signer   {}", certificate.subject()));
        lines.push(format!("SHA-1    {}", certificate.thumbprint_sha1()));
        lines.push(format!("SHA-256  {}", certificate.thumbprint_sha256()));
        lines.push(format!("valid    {from} to {until} ({state})"));
    }
    lines.push(format!("chain    {}", chain(signer)));
    lines
}

fn chain(signer: &PolicySigner) -> String {
    match (signer.certificates().len(), is_chained(signer)) {
        (1, _) => "1 certificate".to_owned(),
        (count, true) => format!("{count} certificates, each signed by the next"),
        (count, false) => format!("{count} certificates, NOT each signed by the next"),
    }
}

fn is_chained(signer: &PolicySigner) -> bool {
    let pairs = signer.certificates().iter().zip(signer.certificates().iter().skip(1));
    pairs.into_iter().all(|(subject, issuer)| issuer.signed(subject))
}
