//! What every store does about the audit.

use store::{BrokenChain, Chain, Entry, Head, Input, PlatformEvidence, RETENTION, Record, Store, StoreError, link};

use crate::contract::Shared;
use crate::rows::{at, change, client, entry, provider, request, signer};

/// Every chain as it was written: numbers without gaps, each record linked to the one before it.
pub async fn chains(store: &dyn Store) -> Vec<Record> {
    let mut all = Vec::new();
    for Chain { head, anchor } in store.chains().await.unwrap() {
        let mut last = anchor;
        loop {
            let page = store.records(&head.replica, last.number, 2).await.unwrap();
            if page.is_empty() {
                break;
            }
            for record in page {
                last = last.follow(&record).unwrap();
                all.push(record);
            }
        }
        assert_eq!(head, last, "the head is the last record");
    }
    all
}

fn of(replica: &str, text: &str) -> Entry {
    Entry { replica: replica.to_owned(), text: text.to_owned() }
}

pub async fn every_change_is_written_down_and_nothing_that_was_refused(store: Shared) {
    assert_eq!(chains(&*store).await, []);
    store.create_provider(&provider("one"), &of("a", "1")).await.unwrap();
    store.change_policy(&change(1, None), None, &of("b", "2")).await.unwrap();
    store.create_client(&client("id", "name", Some("one")), &of("a", "3")).await.unwrap();
    store.create_provider(&provider("one"), &of("a", "no")).await.unwrap_err();
    store.change_policy(&change(1, None), None, &of("b", "no")).await.unwrap_err();
    assert!(!store.delete_client("another", &of("a", "no")).await.unwrap());
    // It is there; the request is used all the same.
    assert!(!store.add_policy_signer(&signer("one", 1), &request(1), &of("a", "4")).await.unwrap());
    let used = store.add_policy_signer(&signer("one", 2), &request(1), &of("a", "no")).await;
    assert!(matches!(used, Err(StoreError::Used { .. })));
    let last = store.remove_policy_signer("one", &[1; 32], &request(2), &of("a", "no")).await;
    assert!(matches!(last, Err(StoreError::Last(_))));
    store.delete_provider("one", &of("b", "5")).await.unwrap();
    let written = chains(&*store).await;
    let written: Vec<_> =
        written.iter().map(|record| (record.replica.as_str(), record.number, &*record.text)).collect();
    assert_eq!(written, [("a", 1, "1"), ("a", 2, "3"), ("a", 3, "4"), ("b", 1, "2"), ("b", 2, "5")]);
}

pub async fn chains_of_writers_at_once_have_no_gaps(store: Shared) {
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = Shared::clone(&store);
            tokio::spawn(async move {
                for round in 0..5 {
                    let entry = of(["a", "b"][writer % 2], &format!("{writer} {round}"));
                    match writer < 4 {
                        true => store.append(&entry, &[], &[], at(0)).await.unwrap(),
                        false => store.create_client(&client(&entry.text, &entry.text, None), &entry).await.unwrap(),
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(chains(&*store).await.len(), 40);
    assert_eq!(store.generation().await.unwrap(), 20, "what changes nothing is not counted");
}

pub async fn what_decisions_were_made_from_is_kept_once(store: Shared) {
    let input = |number: u8| Input { sha256: [number; 32], bytes: vec![number; 3] };
    store.append(&entry(), &[input(1), input(2), input(1)], &[], at(0)).await.unwrap();
    store.append(&entry(), &[input(2)], &[], at(0)).await.unwrap();
    assert_eq!(store.input(&[1; 32]).await.unwrap(), Some(vec![1; 3]));
    assert_eq!(store.input(&[3; 32]).await.unwrap(), None);
}

pub async fn of_each_platform_the_last_evidence_is_kept(store: Shared) {
    let evidence = |provider: &str, platform: u8, received_at: i64| PlatformEvidence {
        provider: provider.to_owned(),
        platform: [platform; 32],
        received_at: at(received_at),
        evidence: vec![platform, u8::try_from(received_at).unwrap()],
        collateral: [9; 32],
    };
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let all = [evidence("one", 1, 5), evidence("one", 2, 6), evidence("two", 1, 6), evidence("one", 1, 7)];
    store.append(&entry(), &[], &all, at(0)).await.unwrap();
    // Replicas write in their own time.
    store.append(&entry(), &[], &[evidence("one", 1, 6)], at(0)).await.unwrap();
    assert_eq!(store.platform_evidence("one", &[1; 32]).await.unwrap(), Some(evidence("one", 1, 7)));
    assert_eq!(store.platform_evidence("one", &[3; 32]).await.unwrap(), None);
    assert_eq!(store.platforms("one", &[0; 32], 9).await.unwrap(), [[1; 32], [2; 32]]);
    assert_eq!(store.platforms("one", &[0; 32], 1).await.unwrap(), [[1; 32]]);
    assert_eq!(store.platforms("one", &[1; 32], 9).await.unwrap(), [[2; 32]]);
    store.delete_provider("one", &entry()).await.unwrap();
    assert_eq!(store.platforms("one", &[0; 32], 9).await.unwrap(), [] as [[u8; 32]; 0]);
    assert_eq!(store.platforms("two", &[0; 32], 9).await.unwrap(), [[1; 32]]);
}

/// What announces a deletion, as far as the store looks at it.
fn announcement() -> String {
    format!("{{\"action\":\"{RETENTION}\"}}")
}

pub async fn retention_deletes_the_beginning_of_a_chain_and_nothing_else(store: Shared) {
    for number in 1..=6 {
        store.append(&of("a", &number.to_string()), &[], &[], at(0)).await.unwrap();
        store.append(&of("b", &number.to_string()), &[], &[], at(0)).await.unwrap();
    }
    let third = store.records("a", 2, 1).await.unwrap().remove(0);
    let anchor = Head { replica: "a".to_owned(), number: 3, hash: third.hash };
    assert_eq!(store.delete_records("a", 9).await.unwrap(), 0, "nothing was announced");
    let other = Head { hash: [7; 32], ..anchor.clone() };
    assert!(!store.move_anchor(&other, &announcement()).await.unwrap(), "no such record");
    assert!(
        !store.move_anchor(&Head { number: 9, ..anchor.clone() }, &announcement()).await.unwrap(),
        "no such record"
    );
    store.move_anchor(&anchor, "another action").await.unwrap_err();
    assert!(store.move_anchor(&anchor, &announcement()).await.unwrap());
    assert!(!store.move_anchor(&anchor, &announcement()).await.unwrap(), "another replica was first");
    // The records are gone for readers before they are deleted.
    let kept = store.records("a", 0, 99).await.unwrap();
    assert_eq!(kept.iter().map(|record| record.number).collect::<Vec<_>>(), [4, 5, 6, 7]);
    assert_eq!(store.delete_records("a", 2).await.unwrap(), 2);
    assert_eq!(store.delete_records("a", 2).await.unwrap(), 1);
    assert_eq!(store.delete_records("a", 2).await.unwrap(), 0);
    assert_eq!(store.records("a", 0, 99).await.unwrap(), kept);
    assert_eq!(store.chains().await.unwrap()[0].anchor, anchor);
    // The chain goes on, and the other was not touched.
    store.append(&of("a", "8"), &[], &[], at(0)).await.unwrap();
    assert_eq!(chains(&*store).await.len(), 5 + 6);
    assert_eq!(store.records_size("a", 6).await.unwrap(), i64::try_from(announcement().len() + 1).unwrap());
}

pub async fn an_input_is_kept_while_it_is_used(store: Shared) {
    let input = |number: u8| Input { sha256: [number; 32], bytes: vec![number; 100] };
    let evidence = |platform: u8, received_at: i64| PlatformEvidence {
        provider: "one".to_owned(),
        platform: [platform; 32],
        received_at: at(received_at),
        evidence: vec![0; 10],
        collateral: [9; 32],
    };
    let last = [evidence(1, 10_000), evidence(2, 20_000)];
    store.append(&entry(), &[input(1), input(2), input(3)], &last, at(10_000)).await.unwrap();
    // Used again: the first within the hour, the second after it.
    store.append(&entry(), &[input(1)], &[], at(13_000)).await.unwrap();
    store.append(&entry(), &[input(2)], &[], at(20_000)).await.unwrap();
    assert_eq!((store.inputs_size(at(0)).await.unwrap(), store.inputs_size(at(10_001)).await.unwrap()), (320, 110));
    assert_eq!(store.delete_inputs(at(10_001), 1).await.unwrap(), 2);
    assert_eq!(store.delete_inputs(at(10_001), 9).await.unwrap(), 1);
    assert_eq!(store.inputs_size(at(0)).await.unwrap(), 110);
    assert_eq!(store.input(&[2; 32]).await.unwrap(), Some(vec![2; 100]));
    assert_eq!(store.platforms("one", &[0; 32], 9).await.unwrap(), [[2; 32]]);
    // What was deleted can be kept again.
    store.append(&entry(), &[input(1)], &[], at(30_000)).await.unwrap();
    assert_eq!(store.inputs_size(at(0)).await.unwrap(), 210);
}

#[test]
fn a_link_is_the_hash_of_four_lines() {
    // printf '%s\n%s\n%064d\n%s' replica 7 0 '{"a":1}' | sha256sum
    let hash: String = link("replica", 7, &[0; 32], "{\"a\":1}").iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hash, "8809e33e120cb7080bee9c251519746cf09a1cdf947dc110547f705e7ca95af7");
}

#[test]
fn a_record_that_is_not_the_next_breaks_the_chain() {
    let record = |number: i64, previous: [u8; 32]| {
        let text = number.to_string();
        let hash = link("a", number, &previous, &text);
        Record { replica: "a".to_owned(), number, previous, hash, text }
    };
    let first = record(1, [0; 32]);
    let head = Head::before("a").follow(&first).unwrap();
    assert_eq!(head, Head { replica: "a".to_owned(), number: 1, hash: first.hash });
    let second = record(2, first.hash);
    head.follow(&second).unwrap();
    assert_eq!(head.follow(&record(3, first.hash)), Err(BrokenChain::Number { expected: 2, found: 3 }));
    assert_eq!(head.follow(&first), Err(BrokenChain::Number { expected: 2, found: 1 }));
    assert_eq!(head.follow(&record(2, [7; 32])), Err(BrokenChain::Previous { number: 2 }));
    let changed = Record { text: "another".to_owned(), ..second.clone() };
    assert_eq!(head.follow(&changed), Err(BrokenChain::Hash { number: 2 }));
    let of_another = Record { replica: "b".to_owned(), ..second };
    head.follow(&of_another).unwrap_err();
}
