//! `veritee audit verify`.

use std::path::{Path, PathBuf};

use client::Client;
use jose::jws::Jws;
use problem::Problem;
use serde_json::{Map, Value, json};
use store::Head;
use token::{TokenError, Verifier};
use unix_time::UnixTime;

use super::chains::{Chains, Deleted, RECORD_MISSING};
use super::{heads_token, nothing_recorded, records};
use crate::failure::{self, Failure};
use crate::remote::PublicService;
use crate::{serve, show};

const MAX_HEAD: u64 = 1 << 20;
/// Records of some millions of decisions.
const MAX_RECORDS: u64 = 1 << 30;
/// Number of attempts to read chains before a gap in them is an error.
const READINGS: u32 = 5;
const HEADS: &str = "x-veritee-audit-heads";

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

/// How far the chains had come at a time.
pub struct Heads {
    pub taken_at: UnixTime,
    pub heads: Vec<Head>,
}

impl Heads {
    /// Of a token that the service signed.
    ///
    /// A service has written at least what made it, so there is nothing to be said for one whose audit has no chains.
    pub fn signed(token: &str, verifier: &Verifier) -> Result<Self, Failure> {
        let claims = verifier.verify_statement(token, UnixTime::of_system_clock());
        let refused = |error: TokenError| Failure::of_verdict(&error);
        let claims = claims.map_err(refused)?;
        if claims.get(HEADS).and_then(Value::as_array).is_some_and(Vec::is_empty) {
            return Err(nothing_recorded());
        }
        Self::of(&claims).ok_or_else(|| no_head("the service's token"))
    }

    /// Of a token that was kept. Whoever kept it knows where it is from; its signature is verified where its key is still published.
    fn kept(path: &Path, verifier: Option<&Verifier>) -> Result<(Self, bool), Failure> {
        let bytes = failure::read_file(path, MAX_HEAD).map_err(Failure::or_usage)?;
        let text = String::from_utf8_lossy(&bytes);
        let (token, shown) = (text.trim(), path.display().to_string());
        match verifier.map(|verifier| (verifier.verify_statement(token, UnixTime::MAX), verifier)) {
            None | Some((Err(TokenError::UnknownKey { .. }), _)) => {}
            Some((Ok(claims), _)) => return Ok((Self::of(&claims).ok_or_else(|| no_head(&shown))?, true)),
            Some((Err(error), _)) => {
                let message = format!("`{shown}` is no head of this service: {}", failure::chain(&error));
                return Err(Failure::verdict("audit_head_refused", message, error.help()));
            }
        }
        let claims =
            Jws::decode(token).ok().and_then(|jws| serde_json::from_slice::<Map<String, Value>>(&jws.payload).ok());
        let heads = claims.as_ref().and_then(Self::of).ok_or_else(|| no_head(&shown))?;
        Ok((heads, false))
    }

    fn of(claims: &Map<String, Value>) -> Option<Self> {
        let head = |head: &Value| {
            let mut hash = [0; 32];
            hex::decode_to_slice(head["hash"].as_str()?, &mut hash).ok()?;
            let number = head["number"].as_i64().filter(|number| *number > 0)?;
            Some(Head { replica: head["replica"].as_str()?.to_owned(), number, hash })
        };
        let heads = claims.get(HEADS)?.as_array()?.iter().map(head).collect::<Option<Vec<_>>>()?;
        // A head of no chains would match every audit, and so would one of chains without records.
        if heads.is_empty() {
            return None;
        }
        Some(Self { taken_at: UnixTime::from_seconds(claims.get("iat")?.as_i64()?), heads })
    }
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    serve::runtime()?.block_on(verify(arguments))
}

async fn verify(arguments: &Arguments) -> Result<(), Failure> {
    let (chains, shown, keys) = match (&arguments.token_file, &arguments.file) {
        (Some(token_file), _) => {
            let client = arguments.service.client_with(token_file).await?;
            let verifier = client.verifier().await?;
            let (chains, shown) = at_service(&client, &verifier, &arguments.head).await?;
            (chains, shown, Some(verifier))
        }
        (None, Some(file)) => {
            let (mut chains, shown) = expecting(&arguments.head, None)?;
            from_file(file, &mut chains)?;
            if chains.is_empty() {
                let message = format!("`{}` holds no audit record: nothing was verified", file.display());
                let help = "give a file that `veritee audit export --out` wrote";
                return Err(Failure::verdict("audit_empty", message, help));
            }
            (chains, shown, None)
        }
        (None, None) => {
            return Err(Failure::usage("audit_source_missing", "no audit was named", "pass FILE or --token-file"));
        }
    };
    chains.check_tails()?;
    let deleted = chains.check_deletions(keys.as_ref())?;
    report(&chains, &deleted, &shown, arguments.json)
}

/// A saved head: its file, when it was taken, and whether its signature was verified.
type Shown = (String, UnixTime, bool);

/// Empty chains that must end up holding what the saved heads say.
fn expecting(saved: &[PathBuf], verifier: Option<&Verifier>) -> Result<(Chains, Vec<Shown>), Failure> {
    let (mut chains, mut shown) = (Chains::default(), Vec::new());
    for path in saved {
        let (heads, is_verified) = Heads::kept(path, verifier)?;
        chains.expect(&heads.heads)?;
        shown.push((path.display().to_string(), heads.taken_at, is_verified));
    }
    Ok((chains, shown))
}

/// Reads every chain from the service, page by page. If retention deletes records between two pages, the reader sees a gap
/// although nothing is wrong. It then reads the chains again from their new beginning.
async fn at_service(client: &Client, verifier: &Verifier, saved: &[PathBuf]) -> Result<(Chains, Vec<Shown>), Failure> {
    let mut reading = 1;
    loop {
        let (mut chains, shown) = expecting(saved, Some(verifier))?;
        match read_all(client, verifier, &mut chains).await {
            Err(failure) if failure.code() == RECORD_MISSING && reading < READINGS => reading += 1,
            Err(failure) => return Err(failure),
            Ok(()) if chains.is_empty() => return Err(nothing_recorded()),
            Ok(()) => return Ok((chains, shown)),
        }
    }
}

async fn read_all(client: &Client, verifier: &Verifier, chains: &mut Chains) -> Result<(), Failure> {
    let now = Heads::signed(&heads_token(client).await?, verifier)?;
    chains.expect_current(&now.heads)?;
    for head in &now.heads {
        records::of_replica(client, &head.replica, |record| chains.follow(&record)).await?;
    }
    Ok(())
}

fn from_file(path: &Path, chains: &mut Chains) -> Result<(), Failure> {
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

fn report(chains: &Chains, deleted: &[Deleted], heads: &[Shown], as_json: bool) -> Result<(), Failure> {
    if as_json {
        let of = |replica: &str| deleted.iter().find(|deleted| deleted.anchor.replica == replica);
        let last = |head: &Head| {
            let deleted = of(&head.replica).map(|deleted| {
                json!({
                    "through": deleted.anchor.number,
                    "announcedIn": deleted.announced_in,
                    "signatureVerified": deleted.is_signature_verified,
                    "headsNotCompared": deleted.heads_not_compared,
                })
            });
            json!({"replica": head.replica, "records": head.number, "hash": hex::encode(head.hash), "deleted": deleted})
        };
        let head = |(file, taken_at, is_verified): &Shown| json!({"file": file, "takenAt": taken_at.to_string(), "signatureVerified": is_verified});
        return show::json(&json!({
            "chains": chains.last().map(last).collect::<Vec<_>>(),
            "heads": heads.iter().map(head).collect::<Vec<_>>(),
        }));
    }
    for head in chains.last() {
        let Some(deleted) = deleted.iter().find(|deleted| deleted.anchor.replica == head.replica) else {
            show::line(&format!("replica {}: {} records, none changed", head.replica, head.number))?;
            continue;
        };
        let Deleted { anchor, announced_in, .. } = deleted;
        show::line(&format!(
            "replica {}: records {} to {}, none changed; records 1 to {} were deleted by retention, as record {announced_in} says",
            head.replica,
            anchor.number.saturating_add(1),
            head.number,
            anchor.number,
        ))?;
        for number in &deleted.heads_not_compared {
            show::line(&format!(
                "replica {}: a head names record {number}, which was deleted: its hash was not compared",
                head.replica
            ))?;
        }
    }
    for (file, taken_at, is_verified) in heads {
        let signature = if *is_verified { "" } else { " (signature not verified: its key was not at hand)" };
        show::line(&format!("nothing is missing since the head of {taken_at} in {file}{signature}"))?;
    }
    if heads.is_empty() {
        show::line("no head was given: a tail that was cut off is not seen without one")?;
    }
    Ok(())
}

fn no_head(what: &str) -> Failure {
    let message = format!("`{what}` holds no head of an audit");
    Failure::usage("audit_head_malformed", message, "give a file that `veritee audit heads --out` wrote")
}
