//! What every store does. SQLite is the only one yet; the next one runs the same functions.

use store::{NewPolicy, Provider, SetPolicy, SigningKey, Sqlite, Store, StoreError};
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
    let change = store.change_policy(&change("SgxEnclave", Some("version=1.0;"))).await;
    assert!(matches!(change, Err(StoreError::Missing("provider"))));
}

fn change(attestation_type: &str, text: Option<&str>) -> NewPolicy {
    NewPolicy {
        provider: "default".to_owned(),
        attestation_type: attestation_type.to_owned(),
        set: text.map(|text| SetPolicy { jws: format!("a.{text}."), text: text.to_owned() }),
        changed_at: 3,
        changed_by: "somebody".to_owned(),
    }
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
async fn the_last_change_of_a_policy_is_in_force_and_all_are_kept() {
    let (directory, store) = open().await;
    store.create_provider(&provider()).await.unwrap();
    assert_eq!(store.policy("default", "SgxEnclave").await.unwrap(), None);
    let changes = [Some("version=1.0;"), None, Some("version= 1.0;")];
    for (number, text) in (1..).zip(changes) {
        assert_eq!(store.change_policy(&change("SgxEnclave", text)).await.unwrap(), number);
        let kept = store.policy("default", "SgxEnclave").await.unwrap().unwrap();
        assert_eq!((kept.number, kept.set), (number, change("SgxEnclave", text).set));
        assert_eq!((kept.changed_at, kept.changed_by.as_str()), (3, "somebody"));
    }
    // Other types have numbers of their own.
    assert_eq!(store.policy("default", "OpenEnclave").await.unwrap(), None);
    assert_eq!(store.change_policy(&change("OpenEnclave", None)).await.unwrap(), 1);
    drop(store);
    let store = Sqlite::open(&directory.path().join("veritee.db")).await.unwrap();
    let history = store.policy_history("default", "SgxEnclave").await.unwrap();
    let texts: Vec<_> = history.iter().map(|change| change.set.as_ref().map(|set| set.text.as_str())).collect();
    assert_eq!(texts, [Some("version= 1.0;"), None, Some("version=1.0;")]);
}

#[tokio::test]
async fn writers_at_once_get_numbers_of_their_own() {
    let (_directory, store) = open().await;
    store.create_provider(&provider()).await.unwrap();
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.change_policy(&change("SgxEnclave", None)).await.unwrap() })
        })
        .collect();
    let mut numbers = Vec::new();
    for writer in writers {
        numbers.push(writer.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn there_is_one_administrator() {
    let (_directory, store) = open().await;
    assert_eq!(store.administrator().await.unwrap(), None);
    store.create_administrator(&[7; 32], 1).await.unwrap();
    assert!(matches!(store.create_administrator(&[8; 32], 2).await, Err(StoreError::Exists("administrator"))));
    assert_eq!(store.administrator().await.unwrap(), Some([7; 32]));
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
    assert!(matches!(Sqlite::open(&path).await, Err(StoreError::Newer { found: 99, known: 2 })));
}

#[test]
fn a_signing_key_does_not_show_itself_in_logs() {
    let text = format!("{:?}", key("a", 1));
    assert!(text.contains("kid") && !text.contains("pkcs8") && !text.contains("[1, 2, 3]"), "{text}");
}
