//! Refusals of evidence that is not proven to come from a platform. Anybody can cause them, as often as they like, so they are
//! counted and not recorded one by one.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use unix_time::UnixTime;

/// Kinds of refusals that are counted apart in one record, which is some 30 KiB then. The rest is counted together.
const KINDS: usize = 256;

/// The provider, the attestation type, and the code of the refusal.
type Kind = (String, &'static str, String);

/// Counts until the next record.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    since: Option<UnixTime>,
    by_kind: BTreeMap<Kind, u64>,
    others: u64,
}

impl Refusals {
    pub(super) fn count(&self, kind: Kind, at: UnixTime) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.since.get_or_insert(at);
        let has_room = counts.by_kind.len() < KINDS;
        let count = match counts.by_kind.get_mut(&kind) {
            Some(count) => count,
            None if has_room => counts.by_kind.entry(kind).or_default(),
            None => &mut counts.others,
        };
        *count = count.saturating_add(1);
    }

    /// What a record says of all that was counted until now; counting begins again.
    pub(super) fn take(&self, until: UnixTime) -> Option<Value> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let count = |((provider, attestation_type, code), count): (Kind, u64)| json!({"provider": provider, "attestationType": attestation_type, "code": code, "count": count});
        let refusals: Vec<Value> = counts.by_kind.into_iter().map(count).collect();
        let from = counts.since?.to_string();
        Some(json!({"from": from, "until": until.to_string(), "refusals": refusals, "others": counts.others}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_kinds_of_refusals_there_are_a_record_is_bounded_and_counts_all() {
        let (refusals, at) = (Refusals::default(), UnixTime::from_seconds(7));
        assert_eq!(refusals.take(at), None);
        for number in 0..10_000 {
            refusals.count((format!("provider-{number}"), "SgxEnclave", "quote_truncated".to_owned()), at);
        }
        refusals.count(("provider-0".to_owned(), "SgxEnclave", "quote_truncated".to_owned()), at);
        let record = refusals.take(UnixTime::from_seconds(9)).unwrap();
        let counted = record["refusals"].as_array().unwrap();
        assert_eq!(counted.len(), KINDS);
        let sum: u64 = counted.iter().filter_map(|refusal| refusal["count"].as_u64()).sum();
        assert_eq!(sum + record["others"].as_u64().unwrap(), 10_001);
        assert!(record.to_string().len() < 40_000, "{}", record.to_string().len());
        assert_eq!(refusals.take(at), None, "it was taken");
    }
}
