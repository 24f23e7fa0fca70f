//! Whoever waits for a change hears of it, on whichever handle it is made.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};
use store::{AccessStore, Postgres, ProviderStore, Sqlite, Store};
use tokio::time::timeout;

use crate::rows::{client, entry, provider};
use crate::server::{Server, execute};

/// The contract: two handles on one database.
async fn a_change_is_seen_by_another_handle(here: &dyn Store, there: Arc<dyn Store>) {
    for round in 0..3 {
        let generation = there.generation().await.unwrap();
        let store = Arc::clone(&there);
        let waiting = tokio::spawn(async move { store.changed_since(generation).await.unwrap() });
        tokio::time::sleep(Duration::from_millis(50)).await;
        here.create_provider(&provider(&round.to_string()), &entry()).await.unwrap();
        let seen = timeout(Duration::from_secs(1), waiting).await.expect("within a second").unwrap();
        assert_eq!(seen, generation + 1);
    }
    // One of before, or of a database that was put back, is another one too.
    let now = there.generation().await.unwrap();
    for other in [now - 1, now + 1] {
        assert_eq!(there.changed_since(other).await.unwrap(), now);
    }
    // Nothing changes, nor by a change that is refused.
    let store = Arc::clone(&there);
    let waiting = tokio::spawn(async move { timeout(Duration::from_millis(1200), store.changed_since(now)).await });
    here.create_provider(&provider("0"), &entry()).await.unwrap_err();
    assert!(waiting.await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_seen_by_another_handle_on_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("veritee.db");
    let here = Sqlite::open(&path).await.unwrap();
    a_change_is_seen_by_another_handle(&here, Arc::new(Sqlite::open(&path).await.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_seen_by_another_handle_on_postgresql() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let here = Postgres::open(&url).await.unwrap();
    a_change_is_seen_by_another_handle(&here, Arc::new(Postgres::open(&url).await.unwrap())).await;
}

/// How long after a change it is seen, the shortest of some.
async fn shortest(here: &Postgres, there: &Postgres) -> Duration {
    let mut shortest = Duration::MAX;
    for _ in 0..5 {
        let generation = there.generation().await.unwrap();
        let store = there.clone();
        let waiting = tokio::spawn(async move {
            store.changed_since(generation).await.unwrap();
            Instant::now()
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        here.create_client(&client("1", "a", None), &entry()).await.unwrap();
        let changed = Instant::now();
        shortest = shortest.min(waiting.await.unwrap().saturating_duration_since(changed));
        here.delete_client("1", &entry()).await.unwrap();
    }
    shortest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_notifies_and_listening_begins_anew_where_its_connection_is_lost() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let (here, there) = (Postgres::open(&url).await.unwrap(), Postgres::open(&url).await.unwrap());
    let notified = Duration::from_millis(250);
    assert!(shortest(&here, &there).await < notified, "sooner than by looking");
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    execute(&url, cut.to_owned()).await;
    assert_eq!(there.changed_since(-1).await.unwrap(), here.generation().await.unwrap());
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(shortest(&here, &there).await < notified, "it listens again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_notifications_changes_are_looked_for() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let (here, there) = (Postgres::open(&url).await.unwrap(), Postgres::open(&url).await.unwrap());
    execute(&url, "DROP TRIGGER generation_changed ON generation".to_owned()).await;
    a_change_is_seen_by_another_handle(&here, Arc::new(there)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_that_is_dropped_listens_no_more() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let store = Postgres::open(&url).await.unwrap();
    timeout(Duration::from_millis(300), store.changed_since(0)).await.unwrap_err();
    drop(store);
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let others = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let start = Instant::now();
    loop {
        let left: i64 = sqlx::query_scalar(others).fetch_one(&mut connection).await.unwrap();
        if left == 0 {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{left} connections are left");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
