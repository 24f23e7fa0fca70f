//! `veritee audit`: what was changed and decided, and whether anything of it was changed or cut off since.

mod kept;
mod records;
mod verify;

use std::path::PathBuf;

use attestation::AuditHeads;
use clap::Subcommand;
use client::Client;
use serde_json::Value;
use unix_time::UnixTime;

use crate::failure::Failure;
use crate::remote::{PublicService, ServiceArguments};
use crate::{output, serve, show};

/// Read and verify the audit of a service.
///
/// Each replica writes a chain of records in which each holds the hash of the one before it. A head says how far the chains have
/// come: who keeps one elsewhere sees later whether anything was changed or cut off.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Heads(Heads),
    Export(Export),
    Verify(verify::Arguments),
    Platforms(kept::Platforms),
    Evidence(kept::Evidence),
    Input(kept::Input),
}

/// Get how far each chain has come, in a token that the service signs: to be kept elsewhere.
#[derive(clap::Args)]
struct Heads {
    #[command(flatten)]
    service: PublicService,
    /// Write the token to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file where it exists.
    #[arg(long, requires = "out")]
    force: bool,
}

/// Get all records, one JSON object on each line.
#[derive(clap::Args)]
struct Export {
    #[command(flatten)]
    service: ServiceArguments,
    /// Write them to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file where it exists.
    #[arg(long, requires = "out")]
    force: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Heads(heads) => serve::runtime()?.block_on(save_heads(heads)),
        Command::Export(export) => serve::runtime()?.block_on(save_records(export)),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Platforms(platforms) => serve::runtime()?.block_on(kept::platforms(platforms)),
        Command::Evidence(evidence) => serve::runtime()?.block_on(kept::evidence(evidence)),
        Command::Input(input) => serve::runtime()?.block_on(kept::input(input)),
    }
}

async fn save_heads(heads: &Heads) -> Result<(), Failure> {
    let client = heads.service.client()?;
    let token = heads_token(&client).await?;
    let signed = AuditHeads::signed(&token, &client.verifier().await?, UnixTime::of_system_clock())?;
    let Some(out) = &heads.out else { return show::line(&token) };
    output::write(out, format!("{token}\n").as_bytes(), heads.force)?;
    show::line(&format!("{} chains as of {}", signed.heads.len(), signed.taken_at))
}

/// The token, as the service gives it to everybody.
async fn heads_token(client: &Client) -> Result<String, Failure> {
    let answer = client.get_json("/audit/heads").await?;
    let token = answer["token"].as_str().map(str::to_owned);
    Ok(token.ok_or_else(|| client.not_understood("/audit/heads", "its answer holds no token"))?)
}

async fn save_records(export: &Export) -> Result<(), Failure> {
    let client = export.service.client().await?;
    let mut lines = String::new();
    for replica in replicas(&client).await? {
        records::of_replica(&client, &replica, |record| {
            lines.push_str(&records::shown(&record).to_string());
            lines.push('\n');
            Ok(())
        })
        .await?;
    }
    match &export.out {
        Some(out) => output::write(out, lines.as_bytes(), export.force),
        None => show::json_lines(&lines),
    }
}

/// The replicas that wrote something.
async fn replicas(client: &Client) -> Result<Vec<String>, Failure> {
    let token = heads_token(client).await?;
    let heads = AuditHeads::signed(&token, &client.verifier().await?, UnixTime::of_system_clock())?;
    Ok(heads.heads.into_iter().map(|head| head.replica).collect())
}

/// What a member of an answer says, as text.
fn text<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer[member].as_str().unwrap_or_default()
}
