//! A database that is gone, or does not answer, holds nobody up for long; when it is back, the same handle works.

use std::time::{Duration, Instant};

use store::{AccessStore, Postgres, ProviderStore, StoreError};

use crate::invariants;
use crate::proxy::{Fault, Proxy};
use crate::rows::{client, entry, provider};
use crate::server::Server;

/// The error of a call that has to fail, and how long it took.
async fn failure<T: std::fmt::Debug>(call: impl Future<Output = Result<T, StoreError>>) -> (StoreError, Duration) {
    let start = Instant::now();
    let error = call.await.unwrap_err();
    (error, start.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped_is_an_error_and_one_that_is_started_again_answers() {
    let Some(server) = Server::start(None) else { return };
    let store = Postgres::open(&server.database().await).await.unwrap();
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.changed_since(1).await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop();
    let deletion = entry();
    let (refused, written) = tokio::join!(failure(store.providers()), failure(store.delete_provider("one", &deletion)));
    for (error, after) in [refused, written] {
        assert!(matches!(error, StoreError::Unanswered | StoreError::Database(_)), "{error:?}");
        assert!(after < Duration::from_secs(7), "{after:?}");
    }
    assert!(waiting.await.unwrap().is_err(), "whoever waits hears of it");
    server.start_again();
    invariants::hold(&store).await;
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.changed_since(1).await })
    };
    store.delete_provider("one", &entry()).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_is_an_error_and_one_that_answers_again_answers() {
    let Some(server) = Server::shared() else { return };
    let (proxy, url) = Proxy::start(&server.database().await).await;
    let store = Postgres::open(&url).await.unwrap();
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    proxy.silence();
    let (opened, refused) = tokio::join!(failure(Postgres::open(&url)), failure(store.providers()));
    for (error, after) in [opened, refused] {
        assert!(matches!(error, StoreError::Unanswered), "{error:?}");
        assert!(after < Duration::from_secs(12), "{after:?}");
    }
    proxy.heal();
    invariants::hold(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_falls_silent_in_its_transaction_holds_up_the_others_but_fails_none() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let (proxy, through) = Proxy::start(&url).await;
    let (store, other) = (Postgres::open(&through).await.unwrap(), Postgres::open(&url).await.unwrap());
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    proxy.quiet().await;
    // A sign of life, BEGIN, the count of the change: the next word is no longer heard.
    proxy.fault_at(4, Fault::Silence);
    let silent = {
        let store = store.clone();
        tokio::spawn(async move { failure(store.change_settings("one", 1, "{\"a\":1}", &entry())).await })
    };
    tokio::time::sleep(Duration::from_millis(500)).await;
    let start = Instant::now();
    other.create_client(&client("id", "name", Some("one")), &entry()).await.unwrap();
    let waited = start.elapsed();
    assert!(waited > Duration::from_secs(1) && waited < Duration::from_secs(5), "it waited {waited:?}");
    let (error, after) = silent.await.unwrap();
    assert!(matches!(error, StoreError::Unanswered), "{error:?}");
    assert!(after < Duration::from_secs(12), "{after:?}");
    assert_eq!(other.provider("one").await.unwrap().unwrap().provider.settings, "{}");
    proxy.heal();
    store.change_settings("one", 1, "{\"a\":1}", &entry()).await.unwrap();
}
