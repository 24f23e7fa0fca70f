//! What every store does. SQLite is the only one yet; the next one runs the same functions.

use store::{Policy, Provider, SigningKey, Sqlite, Store, StoreError};
use zeroize::Zeroizing;

fn provider() -> Provider {
    Provider {
        name: "default".to_owned(),
        public_url: "https://localhost:8443".to_owned(),
        root_pem: Some("pem".to_owned()),
        collateral_path: None,
        created_at: 7,
    }
}

fn key(kid: &str, created_at: i64) -> SigningKey {
    SigningKey {
        kid: kid.to_owned(),
        provider: "default".to_owned(),
        issuer: "https://localhost:8443".to_owned(),
        pkcs8: Zeroizing::new(vec![1, 2, 3]),
        certificate: vec![4],
        created_at,
    }
}

async fn open() -> (tempfile::TempDir, Sqlite) {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&directory.path().join("veritee.db")).await.unwrap();
    (directory, store)
}

#[tokio::test]
async fn a_provider_is_kept_across_a_restart_and_its_roots_stay() {
    let (directory, store) = open().await;
    store.create_provider(&provider()).await.unwrap();
    store.update_provider("default", "https://veritee.example", Some("/collateral")).await.unwrap();
    drop(store);
    let store = Sqlite::open(&directory.path().join("veritee.db")).await.unwrap();
    let kept = store.provider("default").await.unwrap().unwrap();
    assert_eq!(kept.public_url, "https://veritee.example");
    assert_eq!(kept.root_pem.as_deref(), Some("pem"));
    assert_eq!(store.provider("other").await.unwrap(), None);
}

#[tokio::test]
async fn a_second_provider_of_the_same_name_is_refused() {
    let (_directory, store) = open().await;
    store.create_provider(&provider()).await.unwrap();
    assert!(matches!(store.create_provider(&provider()).await, Err(StoreError::Exists("provider"))));
}

#[tokio::test]
async fn what_belongs_to_no_provider_is_refused() {
    let (_directory, store) = open().await;
    assert!(matches!(store.add_signing_key(&key("a", 1)).await, Err(StoreError::Missing("provider"))));
    let missing = store.update_provider("default", "https://localhost", None).await;
    assert!(matches!(missing, Err(StoreError::Missing("provider"))));
    let policy = Policy {
        provider: "default".to_owned(),
        attestation_type: "SgxEnclave".to_owned(),
        text: String::new(),
        set_at: 1,
    };
    assert!(matches!(store.set_policy(&policy).await, Err(StoreError::Missing("provider"))));
}

#[tokio::test]
async fn signing_keys_come_newest_first_and_only_those_of_the_issuer() {
    let (_directory, store) = open().await;
    store.create_provider(&provider()).await.unwrap();
    let mut foreign = key("c", 3);
    foreign.issuer = "https://old.example".to_owned();
    for key in [key("a", 1), key("b", 2), foreign] {
        store.add_signing_key(&key).await.unwrap();
    }
    let kids: Vec<String> =
        store.signing_keys("default", "https://localhost:8443").await.unwrap().into_iter().map(|key| key.kid).collect();
    assert_eq!(kids, ["b", "a"]);
    assert!(matches!(store.add_signing_key(&key("a", 9)).await, Err(StoreError::Exists("signing key"))));
}

#[tokio::test]
async fn a_policy_replaces_the_one_before() {
    let (_directory, store) = open().await;
    store.create_provider(&provider()).await.unwrap();
    for (text, set_at) in [("version=1.0;", 1), ("version= 1.0;", 2)] {
        let policy = Policy {
            provider: "default".to_owned(),
            attestation_type: "SgxEnclave".to_owned(),
            text: text.to_owned(),
            set_at,
        };
        store.set_policy(&policy).await.unwrap();
        assert_eq!(store.policy("default", "SgxEnclave").await.unwrap(), Some(policy));
    }
    assert_eq!(store.policy("default", "OpenEnclave").await.unwrap(), None);
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused() {
    let (directory, store) = open().await;
    drop(store);
    let path = directory.path().join("veritee.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::raw_sql("PRAGMA user_version = 99").execute(&pool).await.unwrap();
    pool.close().await;
    assert!(matches!(Sqlite::open(&path).await, Err(StoreError::Newer { found: 99, known: 1 })));
}

#[test]
fn a_signing_key_does_not_show_itself_in_logs() {
    let text = format!("{:?}", key("a", 1));
    assert!(text.contains("kid") && !text.contains("pkcs8") && !text.contains("[1, 2, 3]"), "{text}");
}
