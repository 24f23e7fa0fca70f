//! The contract on SQLite, and what concerns its file.

use store::{Sqlite, Store, StoreError};
use tempfile::TempDir;

use crate::contract::{every_store, provider};

async fn open() -> (TempDir, Sqlite) {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&directory.path().join("veritee.db")).await.unwrap();
    (directory, store)
}

every_store!(open:
    a_provider_is_made_with_all_that_it_needs,
    a_name_is_taken_once_and_a_location_has_one_default,
    a_provider_whose_key_exists_is_not_half_made,
    settings_change_where_nobody_else_changed_the_provider,
    every_change_of_a_provider_is_seen_by_its_revision,
    what_belongs_to_no_provider_is_refused,
    a_deleted_provider_leaves_nothing,
    signing_keys_come_those_that_sign_last_first,
    the_last_change_of_a_policy_is_in_force_and_all_are_kept,
    of_writers_at_once_one_changes_the_policy,
    the_last_signer_stays,
    there_is_one_administrator,
    clients_have_names_of_their_own,
    there_is_one_key_for_access_tokens,
);

#[tokio::test]
async fn a_file_is_read_again() {
    let (directory, store) = open().await;
    store.create_provider(&provider("one")).await.unwrap();
    let before = store.providers().await.unwrap();
    drop(store);
    let store = Sqlite::open(&directory.path().join("veritee.db")).await.unwrap();
    assert_eq!(store.providers().await.unwrap(), before);
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused() {
    let (directory, store) = open().await;
    drop(store);
    let path = directory.path().join("veritee.db");
    run(&path, "PRAGMA user_version = 99").await;
    assert!(matches!(Sqlite::open(&path).await, Err(StoreError::Newer { found: 99, known: 3 })));
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
