//! `veritee audit verify`.

use std::path::{Path, PathBuf};

use attestation::{AuditChains, AuditError, AuditHeads, AuditReport, DeletedRecords, SavedHeads, VerifiedChain};
use client::Client;
use serde_json::Value;
use token::Verifier;
use unix_time::UnixTime;

use super::{heads_token, records};
use crate::failure::{self, Failure};
use crate::remote::PublicService;
use crate::{serve, show};

const MAX_HEAD: u64 = 1 << 20;
/// Records of some millions of decisions.
const MAX_RECORDS: u64 = 1 << 30;
/// Number of attempts to read chains before a gap in them is an error.
const READINGS: u32 = 5;

/// Verify that nothing of the audit was changed or cut off.
///
/// Without a previously saved head, a rewritten or truncated chain cannot be detected.
///
/// A chain whose first records were deleted by `veritee serve --audit-retention` says so in a later record. That record must be proven:
/// by its signature, which is verified at the service, or by a head that was saved after it.
#[derive(clap::Args)]
pub struct Arguments {
    /// Records that `veritee audit export` wrote; without it they are read from the service.
    #[arg(value_name = "FILE", conflicts_with = "token_file")]
    file: Option<PathBuf>,
    /// A head that was kept: a file that `veritee audit heads` wrote. It may be given several times.
    #[arg(long, value_name = "FILE")]
    head: Vec<PathBuf>,
    #[command(flatten)]
    service: PublicService,
    /// A file with the token of an owner of the service, such as `admin-token` of the data directory.
    #[arg(long, value_name = "FILE", required_unless_present = "file")]
    token_file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    serve::runtime()?.block_on(verify(arguments))
}

async fn verify(arguments: &Arguments) -> Result<(), Failure> {
    let (chains, keys) = match (&arguments.token_file, &arguments.file) {
        (Some(token_file), _) => {
            let client = arguments.service.client_with(token_file).await?;
            let verifier = client.verifier().await?;
            (at_service(&client, &verifier, &arguments.head).await?, Some(verifier))
        }
        (None, Some(file)) => {
            let mut chains = expecting(&arguments.head, None)?;
            from_file(file, &mut chains)?;
            if chains.is_empty() {
                let message = format!("`{}` holds no audit record: nothing was verified", file.display());
                let help = "give a file that `veritee audit export --out` wrote";
                return Err(Failure::verdict("audit_empty", message, help));
            }
            (chains, None)
        }
        (None, None) => {
            return Err(Failure::usage("audit_source_missing", "no audit was named", "pass FILE or --token-file"));
        }
    };
    let report = chains.finish(keys.as_ref())?;
    if arguments.json { show::json(&report) } else { show_to_people(&report) }
}

/// Empty chains that must end up holding what the saved heads say.
fn expecting(saved: &[PathBuf], verifier: Option<&Verifier>) -> Result<AuditChains, Failure> {
    let mut chains = AuditChains::default();
    for path in saved {
        let bytes = failure::read_file(path, MAX_HEAD).map_err(Failure::or_usage)?;
        let token = String::from_utf8_lossy(&bytes);
        chains.expect(SavedHeads::read(&path.display().to_string(), token.trim(), verifier)?)?;
    }
    Ok(chains)
}

/// Reads every chain from the service, page by page. If retention deletes records between two pages, the reader sees a gap
/// although nothing is wrong. It then reads the chains again from their new beginning.
async fn at_service(client: &Client, verifier: &Verifier, saved: &[PathBuf]) -> Result<AuditChains, Failure> {
    let mut reading = 1;
    loop {
        let mut chains = expecting(saved, Some(verifier))?;
        match read_all(client, verifier, &mut chains).await {
            Err(failure) if failure.code() == AuditError::RECORD_MISSING && reading < READINGS => reading += 1,
            Err(failure) => return Err(failure),
            Ok(()) if chains.is_empty() => return Err(AuditError::NoChains.into()),
            Ok(()) => return Ok(chains),
        }
    }
}

async fn read_all(client: &Client, verifier: &Verifier, chains: &mut AuditChains) -> Result<(), Failure> {
    let now = AuditHeads::signed(&heads_token(client).await?, verifier, UnixTime::of_system_clock())?;
    chains.expect_current(&now)?;
    for head in &now.heads {
        records::of_replica(client, &head.replica, |record| Ok(chains.follow(&record)?)).await?;
    }
    Ok(())
}

fn from_file(path: &Path, chains: &mut AuditChains) -> Result<(), Failure> {
    let bytes = failure::read_file(path, MAX_RECORDS)?;
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        let record = serde_json::from_slice(line).ok().and_then(|shown: Value| records::read(&shown));
        let record = record.ok_or_else(|| {
            let message = format!("line {} of `{}` is no record", number.saturating_add(1), path.display());
            Failure::verdict("audit_record_malformed", message, "export the audit again with `veritee audit export`")
        })?;
        chains.follow(&record)?;
    }
    Ok(())
}

fn show_to_people(AuditReport { chains, heads }: &AuditReport) -> Result<(), Failure> {
    for VerifiedChain { replica, records, deleted, .. } in chains {
        let Some(DeletedRecords { through, announced_in, heads_not_compared, .. }) = deleted else {
            show::line(&format!("replica {replica}: {records} records, none changed"))?;
            continue;
        };
        show::line(&format!(
            "replica {replica}: records {} to {records}, none changed; records 1 to {through} were deleted by retention, as record {announced_in} says",
            through.saturating_add(1),
        ))?;
        for number in heads_not_compared {
            show::line(&format!(
                "replica {replica}: a head names record {number}, which was deleted: its hash was not compared"
            ))?;
        }
    }
    for SavedHeads { file, taken_at, signature_verified, .. } in heads {
        let signature = if *signature_verified { "" } else { " (signature not verified: its key was not at hand)" };
        show::line(&format!("nothing is missing since the head of {taken_at} in {file}{signature}"))?;
    }
    if heads.is_empty() {
        show::line("no head was given: a tail that was cut off is not seen without one")?;
    }
    Ok(())
}
