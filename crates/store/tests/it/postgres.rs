//! The contract on PostgreSQL, and what concerns its database and its URL.

use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sqlx::{Connection, PgConnection};
use store::{Postgres, ProviderStore, StoreError};

use crate::contract::every_store;
use crate::invariants::{NEXT_MIGRATION, every_write_works, too_new};
use crate::rows::{entry, provider};
use crate::server::{Server, execute};

async fn anew() -> Option<((), Postgres)> {
    let url = Server::shared()?.database().await;
    Some(((), Postgres::open(&url).await.unwrap()))
}

every_store!(anew);

#[tokio::test]
async fn a_database_is_read_again() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let store = Postgres::open(&url).await.unwrap();
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let before = store.providers().await.unwrap();
    assert_eq!(Postgres::open(&url).await.unwrap().providers().await.unwrap(), before);
}

#[tokio::test]
async fn of_replicas_that_start_at_once_one_makes_the_schema() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { Postgres::open(&url).await })
        })
        .collect();
    for start in starts {
        assert_eq!(start.await.unwrap().unwrap().generation().await.unwrap(), 0);
    }
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let versions: Vec<i64> =
        sqlx::query_scalar("SELECT version FROM schema_version").fetch_all(&mut connection).await.unwrap();
    assert_eq!(versions, [6]);
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    Postgres::open(&url).await.unwrap();
    for version in [8, 99] {
        execute(&url, format!("UPDATE schema_version SET version = {version}")).await;
        too_new(&Postgres::open(&url).await.unwrap_err(), 6);
    }
}

#[tokio::test]
async fn a_database_that_the_next_version_wrote_is_used_and_stays_as_it_is() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let running = Postgres::open(&url).await.unwrap();
    execute(&url, NEXT_MIGRATION.to_owned()).await;
    execute(&url, "UPDATE schema_version SET version = 7".to_owned()).await;
    let started_again = Postgres::open(&url).await.unwrap();
    every_write_works(&started_again).await;
    running.create_provider(&provider("another"), &entry()).await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let version: i64 =
        sqlx::query_scalar("SELECT version FROM schema_version").fetch_one(&mut connection).await.unwrap();
    assert_eq!(version, 7);
}

#[tokio::test]
async fn who_may_make_no_tables_opens_a_schema_that_is_up_to_date() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    Postgres::open(&url).await.unwrap();
    let name = url.rsplit('/').next().unwrap();
    let role = format!(
        "CREATE ROLE user_of_{name} LOGIN PASSWORD 'secret'; GRANT ALL ON ALL TABLES IN SCHEMA public TO user_of_{name}; \
         REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    );
    execute(&url, role).await;
    let (_, host) = url.split_once('@').unwrap();
    let store = Postgres::open(&format!("postgres://user_of_{name}:secret@{host}")).await.unwrap();
    store.create_provider(&provider("one"), &entry()).await.unwrap();
}

/// A database's defaults may be other than those that the statements rest on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_wait_for_each_other_whatever_the_databases_isolation() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let name = url.rsplit('/').next().unwrap();
    execute(&url, format!("ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")).await;
    let store = Postgres::open(&url).await.unwrap();
    let writers: Vec<_> = (0..8)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.create_provider(&provider(&number.to_string()), &entry()).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(store.generation().await.unwrap(), 8);
}

#[tokio::test]
async fn what_is_no_url_of_postgresql_is_refused_without_quoting_it() {
    for (url, expected) in [
        ("mysql://user:hunter2@localhost/db", "database URL does not begin with `postgres://`"),
        ("hunter2", "database URL does not begin with `postgres://`"),
        ("postgres://user@localhost/db?pasword=hunter2", "database URL has a parameter that is not known"),
        ("postgres://user:hun?ter2@localhost/db", "database URL has a parameter that is not known"),
        ("postgres://user@localhost/db?sslmode=hunter2", "database URL cannot be read"),
        ("postgres://user@localhost:hunter2/db", "database URL cannot be read"),
    ] {
        let error = Postgres::open(url).await.unwrap_err();
        assert_eq!(error.to_string(), expected, "{url}");
        assert!(!format!("{error:?}").contains("hunter2") && std::error::Error::source(&error).is_none(), "{error:?}");
    }
}

#[tokio::test]
async fn the_password_shows_itself_nowhere() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let password = url.split([':', '@']).nth(2).unwrap();
    let store = Postgres::open(&url).await.unwrap();
    assert!(!format!("{store:?}").contains(password), "{store:?}");
    let wrong = url.replace(password, "hunter2");
    let unreachable = "postgres://user:hunter2@127.0.0.1:1/db".to_owned();
    for url in [wrong, unreachable] {
        let start = Instant::now();
        let error = Postgres::open(&url).await.unwrap_err();
        let mut texts = vec![format!("{error:?}")];
        let mut layer: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = layer {
            texts.push(error.to_string());
            layer = error.source();
        }
        assert!(!texts.concat().contains("hunter2"), "{texts:?}");
        assert!(texts.len() > 2, "it says why: {texts:?}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn over_tls_the_server_has_to_be_the_one_that_is_named() {
    let certified = |name: &str| {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        (issuer.pem(), leaf.pem(), key.serialize_pem())
    };
    let (authority, certificate, key) = certified("127.0.0.1");
    let Some(server) = Server::start(Some((&certificate, &key))) else { return };
    let url = server.database().await;
    let directory = tempfile::tempdir().unwrap();
    let with = async |host: &str, mode: &str, root: &str| {
        let path = directory.path().join("root.pem");
        std::fs::write(&path, root).unwrap();
        let url = url.replace("127.0.0.1", host);
        Postgres::open(&format!("{url}?sslmode={mode}&sslrootcert={}", path.display())).await
    };
    with("127.0.0.1", "verify-full", &authority).await.unwrap();
    with("localhost", "verify-ca", &authority).await.unwrap();
    let other = with("127.0.0.1", "verify-full", &certified("127.0.0.1").0).await;
    assert!(matches!(other, Err(StoreError::Database(_))), "another authority: {other:?}");
    let other = with("localhost", "verify-full", &authority).await;
    assert!(matches!(other, Err(StoreError::Database(_))), "another name: {other:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_it_is_required() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let refused = Postgres::open(&format!("{url}?sslmode=require")).await;
    let Err(StoreError::Database(cause)) = &refused else { panic!("{refused:?}") };
    assert!(matches!(cause.downcast_ref(), Some(sqlx::Error::Tls(_))), "{refused:?}");
}
