//! Chains of records as they are verified: each record follows the one before it, and heads and announced deletions agree with them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};
use store::{BrokenChain, Head, RETENTION, Record};
use token::{TokenError, Verifier};
use unix_time::UnixTime;

use crate::failure::{self, Failure};

/// The claim of the signed statement in a record that announces a deletion.
const CLAIM: &str = "x-veritee-audit-retention";

/// What was found: the chains with their last records, and the hashes of records that heads speak of.
#[derive(Default)]
pub struct Chains {
    last: BTreeMap<String, Head>,
    /// What heads say, by replica and number.
    expected: BTreeMap<(String, i64), [u8; 32]>,
    /// The highest record of each chain that a saved head names and that was there as the head says.
    confirmed: BTreeMap<String, i64>,
    /// The records that heads given by the user name, as opposed to what the service says at the moment.
    saved: BTreeSet<(String, i64)>,
    /// Where chains begin that do not begin with their first record.
    anchors: BTreeMap<String, Head>,
    /// The announcements of deletions, by what they announce.
    announced: BTreeMap<(String, i64, [u8; 32]), Announcement>,
}

/// A record that announces a deletion.
struct Announcement {
    number: i64,
    statement: String,
}

/// What such a record says.
#[derive(Deserialize)]
struct Announced {
    action: String,
    #[serde(default)]
    through: i64,
    #[serde(default)]
    hash: String,
    #[serde(default)]
    statement: String,
}

/// A chain whose first records were deleted, and how it is known that the service did it.
pub struct Deleted {
    /// The last deleted record.
    pub anchor: Head,
    /// The record that announces it.
    pub announced_in: i64,
    /// Whether the announcement's signature was verified; otherwise a saved head confirms the record.
    pub is_signature_verified: bool,
    /// Records that saved heads name and that were deleted.
    pub heads_not_compared: Vec<i64>,
}

/// The error code for a missing record.
pub const RECORD_MISSING: &str = "audit_record_missing";

impl Chains {
    /// Several heads of one record have to say the same.
    pub fn expect(&mut self, heads: &[Head]) -> Result<(), Failure> {
        self.saved.extend(heads.iter().map(|head| (head.replica.clone(), head.number)));
        self.expect_current(heads)
    }

    /// The same of what the service says at the moment, which confirms nothing about the past.
    pub fn expect_current(&mut self, heads: &[Head]) -> Result<(), Failure> {
        for head in heads {
            let known = self.expected.insert((head.replica.clone(), head.number), head.hash);
            if known.is_some_and(|known| known != head.hash) {
                return Err(rewritten(&head.replica, head.number));
            }
        }
        Ok(())
    }

    /// Takes the next record of a chain. The first one that is given may follow records that were deleted.
    pub fn follow(&mut self, record: &Record) -> Result<(), Failure> {
        let replica = &record.replica;
        let last = match self.last.remove(replica) {
            Some(last) => last,
            None if record.number <= 1 => Head::before(replica),
            None => {
                let anchor =
                    Head { replica: replica.clone(), number: record.number.saturating_sub(1), hash: record.previous };
                self.anchors.insert(replica.clone(), anchor.clone());
                self.compare(&anchor)?;
                anchor
            }
        };
        let last = last.follow(record).map_err(|error| broken(replica, &error))?;
        self.compare(&last)?;
        self.remember_announcement(record);
        self.last.insert(replica.clone(), last);
        Ok(())
    }

    /// Whether there was no record at all.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// The last record of each chain.
    pub fn last(&self) -> impl Iterator<Item = &Head> {
        self.last.values()
    }

    fn compare(&mut self, head: &Head) -> Result<(), Failure> {
        let key = (head.replica.clone(), head.number);
        match self.expected.get(&key) {
            Some(hash) if *hash != head.hash => return Err(rewritten(&head.replica, head.number)),
            Some(_) if self.saved.contains(&key) => drop(self.confirmed.insert(key.0, key.1)),
            _ => {}
        }
        Ok(())
    }

    fn remember_announcement(&mut self, record: &Record) {
        let Ok(announced) = serde_json::from_str::<Announced>(&record.text) else { return };
        let mut hash = [0; 32];
        if announced.action == RETENTION && hex::decode_to_slice(&announced.hash, &mut hash).is_ok() {
            let announcement = Announcement { number: record.number, statement: announced.statement };
            self.announced.insert((record.replica.clone(), announced.through, hash), announcement);
        }
    }

    /// After the last record: no head may speak of one that did not come.
    pub fn check_tails(&self) -> Result<(), Failure> {
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

    /// After the last record: where the first records of a chain are missing, a later record announces it, and that is the
    /// service's: it signed the announcement, or a saved head confirms that the record was there.
    pub fn check_deletions(&self, keys: Option<&Verifier>) -> Result<Vec<Deleted>, Failure> {
        self.anchors.values().map(|anchor| self.check_deletion(anchor, keys)).collect()
    }

    fn check_deletion(&self, anchor: &Head, keys: Option<&Verifier>) -> Result<Deleted, Failure> {
        let Head { replica, number: through, hash } = anchor;
        let announcement = self.announced.get(&(replica.clone(), *through, *hash)).ok_or_else(|| {
            let message = format!("records 1 to {through} of replica {replica} are missing, and no record says that retention deleted them");
            Failure::verdict("audit_beginning_missing", message, "records were cut off: compare the audit with a copy")
        })?;
        let is_signature_verified = match keys.map(|keys| keys.verify_statement(&announcement.statement, UnixTime::MAX))
        {
            Some(Ok(claims)) if is_about(claims.get(CLAIM), anchor) => true,
            None | Some(Err(TokenError::UnknownKey { .. })) => false,
            Some(refused) => {
                let why = match refused {
                    Ok(_) => "it is about something else".to_owned(),
                    Err(error) => failure::chain(&error),
                };
                let message = format!(
                    "record {} of replica {replica} announces a deletion that the service did not sign: {why}",
                    announcement.number
                );
                let help =
                    "another program deleted the records and wrote the announcement: compare the audit with a copy";
                return Err(Failure::verdict("audit_deletion_refused", message, help));
            }
        };
        let is_confirmed = self.confirmed.get(replica).is_some_and(|confirmed| *confirmed >= announcement.number);
        if !is_signature_verified && !is_confirmed {
            let message = format!(
                "records 1 to {through} of replica {replica} were deleted, and it is not proven that the service did it: \
                 the signature in record {} was not verified",
                announcement.number
            );
            let help = "give a head that was saved after that record with --head, or verify at the service, while it publishes the key";
            return Err(Failure::verdict("audit_deletion_unproven", message, help));
        }
        let not_compared = self.saved.iter().filter(|(of, number)| of == replica && number < through);
        Ok(Deleted {
            anchor: anchor.clone(),
            announced_in: announcement.number,
            is_signature_verified,
            heads_not_compared: not_compared.map(|(_, number)| *number).collect(),
        })
    }
}

fn is_about(statement: Option<&Value>, anchor: &Head) -> bool {
    let said = |member: &str| statement.and_then(|statement| statement.get(member)).cloned().unwrap_or_default();
    said("replica") == json!(anchor.replica)
        && said("through") == json!(anchor.number)
        && said("hash") == json!(hex::encode(anchor.hash))
}

fn broken(replica: &str, error: &BrokenChain) -> Failure {
    let code = match error {
        BrokenChain::Number { .. } => RECORD_MISSING,
        BrokenChain::Previous { .. } | BrokenChain::Hash { .. } => "audit_record_changed",
    };
    let help = "the audit was changed or the database is damaged: compare it with a copy. If retention deleted records during an export, \
                export again";
    Failure::verdict(code, format!("audit of replica {replica} is broken: {error}"), help)
}

fn rewritten(replica: &str, number: i64) -> Failure {
    let message = format!("record {number} of replica {replica} has another hash than the head says");
    Failure::verdict("audit_rewritten", message, "the chain was rewritten after the head was saved")
}
