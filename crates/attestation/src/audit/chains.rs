//! Chains of records as they are verified: each record follows the one before it, and heads and announced deletions agree with them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};
use store::{Head, RETENTION, Record};
use token::{TokenError, Verifier};
use unix_time::UnixTime;

use super::error::AuditError;
use super::heads::{AuditHeads, SavedHeads};
use super::report::{AuditReport, DeletedRecords, VerifiedChain};
use super::retention::CLAIM;

/// What was found: the chains with their last records, and the hashes of records that heads speak of.
#[derive(Debug, Default)]
pub struct AuditChains {
    last: BTreeMap<String, Head>,
    /// What heads say, by replica and number.
    expected: BTreeMap<(String, i64), [u8; 32]>,
    /// The highest record of each chain that a saved head names and that was there as the head says.
    confirmed: BTreeMap<String, i64>,
    /// The records that heads given by the user name, as opposed to what the service says at the moment.
    saved: BTreeSet<(String, i64)>,
    /// The saved heads, in the order in which they were given.
    saved_heads: Vec<SavedHeads>,
    /// Where chains begin that do not begin with their first record.
    anchors: BTreeMap<String, Head>,
    /// The announcements of deletions, by what they announce.
    announced: BTreeMap<(String, i64, [u8; 32]), Announcement>,
    /// Whether an error was found. From then on nothing is verified any more.
    has_failed: bool,
}

/// A record that announces a deletion.
#[derive(Debug)]
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

impl AuditChains {
    /// Expects the chains to hold what saved heads say. Several heads of one record have to say the same.
    ///
    /// # Errors
    /// [`AuditError::Rewritten`], and [`AuditError::FailedBefore`] after any error.
    pub fn expect(&mut self, heads: SavedHeads) -> Result<(), AuditError> {
        self.saved.extend(heads.heads.iter().map(|head| (head.replica.clone(), head.number)));
        self.expect_heads(&heads.heads)?;
        self.saved_heads.push(heads);
        Ok(())
    }

    /// The same of what the service says at the moment, which confirms nothing about the past.
    ///
    /// # Errors
    /// [`AuditError::Rewritten`], and [`AuditError::FailedBefore`] after any error.
    pub fn expect_current(&mut self, heads: &AuditHeads) -> Result<(), AuditError> {
        self.expect_heads(&heads.heads)
    }

    fn expect_heads(&mut self, heads: &[Head]) -> Result<(), AuditError> {
        self.unless_failed(|chains| {
            for head in heads {
                let known = chains.expected.insert((head.replica.clone(), head.number), head.hash);
                if known.is_some_and(|known| known != head.hash) {
                    return Err(rewritten(&head.replica, head.number));
                }
            }
            Ok(())
        })
    }

    /// Takes a step, and none after one that failed: a chain would go on without its last record, as if retention had deleted it.
    fn unless_failed(&mut self, step: impl FnOnce(&mut Self) -> Result<(), AuditError>) -> Result<(), AuditError> {
        if self.has_failed {
            return Err(AuditError::FailedBefore);
        }
        let done = step(self);
        self.has_failed = done.is_err();
        done
    }

    /// Takes the next record of a chain. The first one that is given may follow records that were deleted.
    ///
    /// # Errors
    /// [`AuditError::Broken`] and [`AuditError::Rewritten`], and [`AuditError::FailedBefore`] after any error.
    pub fn follow(&mut self, record: &Record) -> Result<(), AuditError> {
        self.unless_failed(|chains| chains.take(record))
    }

    fn take(&mut self, record: &Record) -> Result<(), AuditError> {
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
        let last = last.follow(record).map_err(|source| AuditError::Broken { replica: replica.clone(), source })?;
        self.compare(&last)?;
        self.remember_announcement(record);
        self.last.insert(replica.clone(), last);
        Ok(())
    }

    /// Whether there was no record at all.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// Checks what can be checked only after the last record, and returns what was verified: no head names a record that did not
    /// come, and where the first records of a chain are missing, the service announced in a later record that it deleted them.
    ///
    /// An announcement is the service's if its signature is verified with `keys`, or if a saved head confirms its record.
    ///
    /// # Errors
    /// [`AuditError`].
    pub fn finish(self, keys: Option<&Verifier>) -> Result<AuditReport, AuditError> {
        if self.has_failed {
            return Err(AuditError::FailedBefore);
        }
        if self.is_empty() {
            return Err(AuditError::NoRecords);
        }
        self.check_tails()?;
        let deletion = |anchor: &Head| Ok((anchor.replica.clone(), self.check_deletion(anchor, keys)?));
        let mut deleted =
            self.anchors.values().map(deletion).collect::<Result<BTreeMap<String, DeletedRecords>, AuditError>>()?;
        let chain = |Head { replica, number, hash }| {
            let deleted = deleted.remove(&replica);
            VerifiedChain { replica, records: number, hash, deleted }
        };
        let chains = self.last.into_values().map(chain).collect();
        Ok(AuditReport { chains, heads: self.saved_heads })
    }

    fn compare(&mut self, head: &Head) -> Result<(), AuditError> {
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
    fn check_tails(&self) -> Result<(), AuditError> {
        for (replica, number) in self.expected.keys() {
            let last = self.last.get(replica).map_or(0, |head| head.number);
            if last < *number {
                return Err(AuditError::TailMissing { replica: replica.clone(), last, number: *number });
            }
        }
        Ok(())
    }

    fn check_deletion(&self, anchor: &Head, keys: Option<&Verifier>) -> Result<DeletedRecords, AuditError> {
        let Head { replica, number: through, hash } = anchor;
        let announcement = self
            .announced
            .get(&(replica.clone(), *through, *hash))
            .ok_or_else(|| AuditError::BeginningMissing { replica: replica.clone(), through: *through })?;
        let number = announcement.number;
        let is_signature_verified = match keys.map(|keys| keys.verify_statement(&announcement.statement, UnixTime::MAX))
        {
            Some(Ok(claims)) if is_about(claims.get(CLAIM), anchor) => true,
            None | Some(Err(TokenError::UnknownKey { .. })) => false,
            Some(Ok(_)) => return Err(AuditError::OtherDeletion { replica: replica.clone(), number }),
            Some(Err(source)) => return Err(AuditError::DeletionRefused { replica: replica.clone(), number, source }),
        };
        let is_confirmed = self.confirmed.get(replica).is_some_and(|confirmed| *confirmed >= number);
        if !is_signature_verified && !is_confirmed {
            return Err(AuditError::DeletionUnproven { replica: replica.clone(), through: *through, number });
        }
        let not_compared = self.saved.iter().filter(|(of, number)| of == replica && number < through);
        Ok(DeletedRecords {
            through: *through,
            announced_in: number,
            signature_verified: is_signature_verified,
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

fn rewritten(replica: &str, number: i64) -> AuditError {
    AuditError::Rewritten { replica: replica.to_owned(), number }
}

#[cfg(test)]
mod tests {
    use problem::Problem;
    use store::link;

    use super::*;

    /// The records of a chain, each with that text.
    fn records(texts: &[&str]) -> Vec<Record> {
        let mut previous = [0; 32];
        let mut record = |(number, text): (i64, &&str)| -> Record {
            let hash = link("a", number, &previous, text);
            let record = Record { replica: "a".into(), number, previous, hash, text: (*text).into() };
            previous = hash;
            record
        };
        (1..).zip(texts).map(&mut record).collect()
    }

    #[test]
    fn a_chain_with_all_its_records_is_verified() {
        let mut chains = AuditChains::default();
        records(&["{}", "{}", "{}"]).iter().for_each(|record| chains.follow(record).unwrap());
        assert_eq!(chains.finish(None).unwrap().chains[0].records, 3);
    }

    #[test]
    fn after_an_error_nothing_more_is_verified() {
        let records = records(&["{}", "{}", "{}", "{}"]);
        let changed = Record { text: "{\"a\":1}".into(), ..records[1].clone() };
        let mut chains = AuditChains::default();
        chains.follow(&records[0]).unwrap();
        assert_eq!(chains.follow(&changed).unwrap_err().code(), "audit_record_changed");
        // A caller that goes on does not begin another chain behind the changed record.
        for record in &records[2..] {
            assert!(matches!(chains.follow(record), Err(AuditError::FailedBefore)));
        }
        let none = AuditHeads { taken_at: UnixTime::EPOCH, heads: Vec::new() };
        assert!(matches!(chains.expect_current(&none), Err(AuditError::FailedBefore)));
        assert!(matches!(chains.finish(None), Err(AuditError::FailedBefore)));
    }
}
