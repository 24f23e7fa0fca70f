//! `veritee audit verify`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dcap::UnixTime;
use serde_json::{Map, Value, json};
use store::{BrokenChain, Head, Record};
use token::jws::Jws;
use token::{TokenError, Verifier};

use super::{heads_token, records};
use crate::client::PublicService;
use crate::failure::{self, Failure};
use crate::{serve, show};

const MAX_HEAD: u64 = 1 << 20;
/// Records of some millions of decisions.
const MAX_RECORDS: u64 = 1 << 30;
const HEADS: &str = "x-veritee-audit-heads";

/// Verify that nothing of the audit was changed or cut off.
///
/// Without a head that was kept elsewhere it is not seen where a whole chain was written anew, or its tail cut off.
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
    pub fn signed(token: &str, verifier: &Verifier) -> Result<Self, Failure> {
        let claims = verifier.verify_statement(token, UnixTime::of_system_clock().seconds());
        let refused = |error: TokenError| Failure::verdict(error.code(), failure::chain(&error), error.help());
        Self::of(&claims.map_err(refused)?).ok_or_else(|| no_head("the service's token"))
    }

    /// Of a token that was kept. Whoever kept it knows where it is from; its signature is verified where its key is still published.
    fn kept(path: &Path, verifier: Option<&Verifier>) -> Result<(Self, bool), Failure> {
        let bytes = failure::read_file(path, MAX_HEAD).map_err(Failure::or_usage)?;
        let text = String::from_utf8_lossy(&bytes);
        let (token, shown) = (text.trim(), path.display().to_string());
        match verifier.map(|verifier| (verifier.verify_statement(token, i64::MAX), verifier)) {
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
            Some(Head { replica: head["replica"].as_str()?.to_owned(), number: head["number"].as_i64()?, hash })
        };
        let heads = claims.get(HEADS)?.as_array()?.iter().map(head).collect::<Option<Vec<_>>>()?;
        Some(Self { taken_at: UnixTime::from_seconds(claims.get("iat")?.as_i64()?), heads })
    }
}

/// What was found: the chains with their last records, and the hashes of records that heads speak of.
#[derive(Default)]
struct Chains {
    last: BTreeMap<String, Head>,
    /// What heads say, by replica and number.
    expected: BTreeMap<(String, i64), [u8; 32]>,
}

impl Chains {
    /// Several heads of one record have to say the same.
    fn expect(&mut self, heads: &Heads) -> Result<(), Failure> {
        for head in &heads.heads {
            let known = self.expected.insert((head.replica.clone(), head.number), head.hash);
            if known.is_some_and(|known| known != head.hash) {
                return Err(rewritten(&head.replica, head.number));
            }
        }
        Ok(())
    }

    fn follow(&mut self, record: &Record) -> Result<(), Failure> {
        let last = self.last.remove(&record.replica).unwrap_or_else(|| Head::before(&record.replica));
        let last = last.follow(record).map_err(|error| broken(&record.replica, &error))?;
        match self.expected.get(&(last.replica.clone(), last.number)) {
            Some(hash) if *hash != last.hash => return Err(rewritten(&last.replica, last.number)),
            _ => drop(self.last.insert(last.replica.clone(), last)),
        }
        Ok(())
    }

    /// After the last record: no head may speak of one that did not come.
    fn check_tails(&self) -> Result<(), Failure> {
        for (replica, number) in self.expected.keys() {
            let last = self.last.get(replica).map_or(0, |head| head.number);
            if last < *number {
                let message =
                    format!("chain of replica {replica} ends at record {last}; a head says that there were {number}");
                return Err(Failure::verdict(
                    "audit_tail_missing",
                    message,
                    "records were cut off, or the database was put back",
                ));
            }
        }
        Ok(())
    }
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    serve::runtime()?.block_on(verify(arguments))
}

async fn verify(arguments: &Arguments) -> Result<(), Failure> {
    let mut chains = Chains::default();
    let mut shown = Vec::new();
    if let Some(token_file) = &arguments.token_file {
        let client = arguments.service.client_with(token_file).await?;
        let verifier = client.verifier().await?;
        for path in &arguments.head {
            let (heads, is_verified) = Heads::kept(path, Some(&verifier))?;
            chains.expect(&heads)?;
            shown.push((path.display().to_string(), heads.taken_at, is_verified));
        }
        let now = Heads::signed(&heads_token(&client).await?, &verifier)?;
        chains.expect(&now)?;
        for head in &now.heads {
            records::of_replica(&client, &head.replica, |record| chains.follow(&record)).await?;
        }
    } else if let Some(file) = &arguments.file {
        for path in &arguments.head {
            let (heads, _) = Heads::kept(path, None)?;
            chains.expect(&heads)?;
            shown.push((path.display().to_string(), heads.taken_at, false));
        }
        from_file(file, &mut chains)?;
    }
    chains.check_tails()?;
    report(&chains, &shown, arguments.json)
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

fn report(chains: &Chains, heads: &[(String, UnixTime, bool)], as_json: bool) -> Result<(), Failure> {
    if as_json {
        let last =
            |head: &Head| json!({"replica": head.replica, "records": head.number, "hash": hex::encode(head.hash)});
        let head = |(file, taken_at, is_verified): &(String, UnixTime, bool)| json!({"file": file, "takenAt": taken_at.to_string(), "signatureVerified": is_verified});
        return show::json(&json!({
            "chains": chains.last.values().map(last).collect::<Vec<_>>(),
            "heads": heads.iter().map(head).collect::<Vec<_>>(),
        }));
    }
    for head in chains.last.values() {
        show::line(&format!("replica {}: {} records, none changed", head.replica, head.number))?;
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

fn broken(replica: &str, error: &BrokenChain) -> Failure {
    let code = match error {
        BrokenChain::Number { .. } => "audit_record_missing",
        BrokenChain::Previous { .. } | BrokenChain::Hash { .. } => "audit_record_changed",
    };
    let help = "somebody changed the audit, or the database is damaged: compare it with a copy";
    Failure::verdict(code, format!("audit of replica {replica} is broken: {error}"), help)
}

fn rewritten(replica: &str, number: i64) -> Failure {
    let message = format!("record {number} of replica {replica} has another hash than the head says");
    Failure::verdict("audit_rewritten", message, "the chain was written anew after the head was taken")
}

fn no_head(what: &str) -> Failure {
    let message = format!("`{what}` holds no head of an audit");
    Failure::usage("audit_head_malformed", message, "give a file that `veritee audit heads --out` wrote")
}
