//! `veritee provider policy`: the policies of a provider.

use std::path::{Path, PathBuf};

use attestation::PolicyType;
use attestation::policy_jws::{self, PolicyJws};
use axum::http::Method;
use clap::Subcommand;
use serde_json::{Value, json};

use super::{shown, shown_claims};
use crate::failure::{self, Failure};
use crate::policy::input::parse_type;
use crate::remote::ServiceArguments;
use crate::show;

const MAX_FILE: u64 = 1 << 20;

/// Show, set, reset and roll back the policies of a provider.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Show(Show),
    Set(Set),
    Reset(Reset),
    History(History),
    Rollback(Rollback),
}

/// Which policy.
#[derive(clap::Args)]
struct Which {
    /// The provider.
    #[arg(long, value_name = "NAME", default_value = "default")]
    provider: String,
    /// The attestation type.
    #[arg(long = "type", value_name = "TYPE", value_parser = parse_type, default_value = "SgxEnclave")]
    policy_type: PolicyType,
    #[command(flatten)]
    service: ServiceArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Which {
    async fn ask(&self, method: Method, action: &str, body: Option<String>) -> Result<Value, Failure> {
        let path = format!("/policies/{}{action}", self.policy_type.as_str());
        Ok(self.service.client().await?.of_provider(method, &self.provider, &path, body).await?)
    }
}

/// Print the text of the policy in force.
#[derive(clap::Args)]
struct Show {
    #[command(flatten)]
    which: Which,
}

/// Set a policy: a text, or a JWS that `veritee policy sign` made.
#[derive(clap::Args)]
struct Set {
    /// The policy's text, or its JWS; `-` reads standard input.
    policy: PathBuf,
    #[command(flatten)]
    which: Which,
}

/// Put the default policy back in force.
#[derive(clap::Args)]
struct Reset {
    /// The JWS that `veritee policy sign --reset` made, for Isolated providers.
    #[arg(long, value_name = "FILE")]
    jws: Option<PathBuf>,
    #[command(flatten)]
    which: Which,
}

/// List every change of the policy, newest first.
#[derive(clap::Args)]
struct History {
    #[command(flatten)]
    which: Which,
}

/// Put an earlier policy back in force, as a change of its own.
#[derive(clap::Args)]
struct Rollback {
    /// The number of the change, as `history` lists it.
    number: i64,
    #[command(flatten)]
    which: Which,
}

pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Show(Show { which }) => {
            let claims = which.ask(Method::GET, "", None).await?;
            let jws = claims["x-ms-policy"].as_str().unwrap_or_default();
            let read = PolicyJws::read(jws).map_err(|error| Failure::of_environment(&error))?;
            match (which.json, read.text()) {
                (true, text) => show::json(&json!({"policy": text, "jws": jws})),
                (false, Some(text)) => show::strangers_text(text),
                (false, None) => Err(Failure::verdict(
                    "policy_not_set",
                    "no policy is set, and there is no default for this attestation type",
                    "set one with `veritee provider policy set`",
                )),
            }
        }
        Command::Set(set) => {
            let answer = set.which.ask(Method::PUT, "", Some(jws_of(&set.policy)?)).await?;
            shown_claims(&answer, set.which.json)
        }
        Command::Reset(reset) => {
            let jws = reset.jws.as_deref().map(jws_of).transpose()?.unwrap_or_else(policy_jws::unsecured_reset);
            shown_claims(&reset.which.ask(Method::POST, ":reset", Some(jws)).await?, reset.which.json)
        }
        Command::History(History { which }) => {
            let history = which.ask(Method::GET, ":history", None).await?;
            if which.json {
                return show::json(&history);
            }
            for change in history["value"].as_array().into_iter().flatten() {
                let text = |member: &str| show::inline(change[member].as_str().unwrap_or("none"));
                let (number, result, at) = (&change["number"], text("result"), text("changedAt"));
                let (hash, by) = (text("policyHash"), text("changedBy"));
                let restores = change["restores"].as_i64().map(|of| format!(" (again {of})")).unwrap_or_default();
                show::line(&format!("{number:>4}  {at}  {result:8}  {hash:43}  {by}{restores}"))?;
            }
            Ok(())
        }
        Command::Rollback(rollback) => {
            let body = json!({"number": rollback.number}).to_string();
            shown(&rollback.which.ask(Method::POST, ":rollback", Some(body)).await?, rollback.which.json)
        }
    }
}

/// The JWS in a file, or the unsecured one of the text in it.
fn jws_of(path: &Path) -> Result<String, Failure> {
    let bytes = failure::read_file(path, MAX_FILE)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        let message = format!("`{}` is not valid UTF-8", path.display());
        Failure::usage("not_text", message, "pass a policy or a policy JWS; both are text in UTF-8")
    })?;
    let trimmed = text.trim();
    // A policy begins with `version`, a JWS with the base64 of `{"`.
    if trimmed.starts_with("eyJ") && !trimmed.contains(char::is_whitespace) {
        return Ok(trimmed.to_owned());
    }
    Ok(policy_jws::unsecured(&text))
}
