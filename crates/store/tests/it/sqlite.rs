//! The contract on SQLite, and what concerns its file.

use store::{ProviderStore, Sqlite};
use tempfile::TempDir;

use crate::contract::every_store;
use crate::invariants::{NEXT_MIGRATION, every_write_works, too_new};
use crate::rows::{entry, provider};

async fn open() -> (TempDir, Sqlite) {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&directory.path().join("veritee.db")).await.unwrap();
    (directory, store)
}

async fn anew() -> Option<(TempDir, Sqlite)> {
    Some(open().await)
}

every_store!(anew);

#[tokio::test]
async fn a_file_is_read_again() {
    let (directory, store) = open().await;
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let before = store.providers().await.unwrap();
    drop(store);
    let store = Sqlite::open(&directory.path().join("veritee.db")).await.unwrap();
    assert_eq!(store.providers().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_file_is_opened_by_several_at_once() {
    for _ in 0..20 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("veritee.db");
        let opening: Vec<_> = (0..4)
            .map(|_| {
                let path = path.clone();
                tokio::spawn(async move { Sqlite::open(&path).await.map(drop) })
            })
            .collect();
        for opened in opening {
            opened.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused() {
    let (directory, store) = open().await;
    drop(store);
    let path = directory.path().join("veritee.db");
    for version in ["PRAGMA user_version = 10", "PRAGMA user_version = 99"] {
        run(&path, version).await;
        too_new(&Sqlite::open(&path).await.unwrap_err(), 8);
    }
}

#[tokio::test]
async fn a_database_that_the_next_version_wrote_is_used_and_stays_as_it_is() {
    let (directory, store) = open().await;
    drop(store);
    let path = directory.path().join("veritee.db");
    run(&path, NEXT_MIGRATION).await;
    run(&path, "PRAGMA user_version = 9").await;
    let store = Sqlite::open(&path).await.unwrap();
    every_write_works(&store).await;
    drop(store);
    Sqlite::open(&path).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&pool).await.unwrap();
    assert_eq!(version, 9);
}

#[tokio::test]
async fn what_is_wrong_with_the_file_is_said_once() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("veritee.db"), [b'x'; 4096]).unwrap();
    let error = Sqlite::open(&directory.path().join("veritee.db")).await.unwrap_err();
    assert_eq!(error.to_string(), "database failed");
    let chain = problem::chain(&error);
    assert!(chain.contains("file is not a database") && chain.matches("failed").count() == 1, "{chain}");
}

#[tokio::test]
async fn a_database_of_the_first_version_is_taken_along() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("veritee.db");
    run(&path, include_str!("../../migrations/sqlite/0001_providers.sql")).await;
    run(&path, "INSERT INTO provider VALUES ('default', 'https://localhost:8443', NULL, NULL, 7)").await;
    run(&path, "INSERT INTO signing_key VALUES ('kid', 'default', 'https://localhost:8443', x'01', x'02', 7)").await;
    run(&path, "PRAGMA user_version = 1").await;
    let store = Sqlite::open(&path).await.unwrap();
    let state = store.provider("default").await.unwrap().unwrap();
    assert_eq!((state.provider.trust_model.as_str(), state.provider.is_location_default), ("AAD", true));
    assert_eq!(state.keys, [], "keys that lay open are given up");
}

async fn run(path: &std::path::Path, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::raw_sql(sql).execute(&pool).await.unwrap();
    pool.close().await;
}
