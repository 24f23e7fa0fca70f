//! Whenever a writer is cut off, its change is there as a whole or not at all.

use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};
use store::{Postgres, ProviderStore, Sqlite, StoreError};

use crate::invariants::{WRITES, everything, hold, write, write_at_random};
use crate::proxy::{Fault, Proxy};
use crate::server::Server;

/// What is there after each writing method, where none is cut off: on SQLite, so it has to be the same there.
async fn undisturbed() -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&directory.path().join("veritee.db")).await.unwrap();
    let mut states = vec![everything(&store).await];
    for number in 0..WRITES {
        write(&store, &store, number).await.unwrap();
        let state = everything(&store).await;
        assert_ne!(states.last(), Some(&state), "{number} changes something");
        states.push(state);
    }
    states
}

/// Cuts off each writing method at its first statement, its second and so on, until it is through. What is said before is a
/// sign of life of the connection: where that one fails, another connection is made and nobody notices.
async fn cut_everywhere(fault: Fault) {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let (proxy, through) = Proxy::start(&url).await;
    let (store, direct) = (Postgres::open(&through).await.unwrap(), Postgres::open(&url).await.unwrap());
    let mut writer = PgConnection::connect(&url).await.unwrap();
    let mut made_by_cut = 0;
    for (number, states) in undisturbed().await.windows(2).enumerate() {
        for at in 2.. {
            // A connection is there.
            store.generation().await.unwrap();
            proxy.quiet().await;
            proxy.fault_at(at, fault);
            let result = write(&store, &direct, number).await;
            proxy.heal();
            // The lock of writers: whoever was cut off is through.
            sqlx::query("UPDATE generation SET number = number").execute(&mut writer).await.unwrap();
            let state = everything(&direct).await;
            assert!(
                states.contains(&state),
                "{number} {fault:?} {at}: {state}\nis neither\n{}\nnor\n{}",
                states[0],
                states[1]
            );
            hold(&direct).await;
            match result {
                Ok(()) => assert_eq!(state, states[1], "{number} {fault:?} {at}"),
                Err(StoreError::Database(_) | StoreError::Unanswered) => {}
                Err(error) => panic!("{number} {fault:?} {at}: {error:?}"),
            }
            if state == states[1] {
                assert!(at > 4, "{number} {fault:?}: it was cut off in between");
                made_by_cut += usize::from(result.is_err());
                break;
            }
        }
    }
    let is_heard = fault == Fault::CutAfter;
    assert_eq!(made_by_cut > WRITES / 2, is_heard, "{made_by_cut} changes were made whose answer was lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_cut_off_before_a_statement_changed_nothing() {
    cut_everywhere(Fault::CutBefore).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_cut_off_after_a_statement_changed_all_or_nothing() {
    cut_everywhere(Fault::CutAfter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_hold_holds_while_backends_are_ended_among_writers() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let end = Instant::now() + Duration::from_secs(3);
    let reader = Postgres::open(&url).await.unwrap();
    let mut writers = Vec::new();
    for seed in 1..=4 {
        let store = Postgres::open(&url).await.unwrap();
        writers.push(tokio::spawn(async move {
            let (mut changed, mut cut_off) = (0, 0);
            let count = |result| {
                match result {
                    Ok(()) => changed += 1,
                    Err(StoreError::Database(_) | StoreError::Unanswered) => cut_off += 1,
                    Err(_) => {}
                }
                Instant::now() < end
            };
            write_at_random(&store, seed, count).await;
            (changed, cut_off)
        }));
    }
    let one = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
               AND pid <> pg_backend_pid() AND state <> 'idle' ORDER BY random() LIMIT 1";
    let mut connection = PgConnection::connect(&url).await.unwrap();
    while Instant::now() < end {
        sqlx::query(one).execute(&mut connection).await.unwrap();
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    let (mut changed, mut cut_off) = (0, 0);
    for writer in writers {
        let counts = writer.await.unwrap();
        changed += counts.0;
        cut_off += counts.1;
    }
    hold(&reader).await;
    assert!(changed > 0 && cut_off > 0, "{changed} changes, {cut_off} writers cut off");
}
