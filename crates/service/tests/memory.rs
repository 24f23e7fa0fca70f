//! The memory that the bodies of requests may take, all together. A file of its own, for it is one for the process.

mod running;

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header;
use http_body_util::channel::{Channel, Sender};
use running::{Answer, Running, enclave_holding, quote_body, running};
use tokio::task::JoinHandle;

/// A request whose body has come but for its end.
async fn slow(service: &Arc<Running>) -> (Sender<Bytes, Infallible>, JoinHandle<Answer>) {
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    let service = Arc::clone(service);
    let asking = tokio::spawn(async move { service.post("/attest/SgxEnclave", Body::new(body)).await });
    // The second is taken when the first was read.
    for length in [service::MAX_BODY - 2, 1] {
        sender.send_data(vec![b' '; length].into()).await.unwrap();
    }
    (sender, asking)
}

#[tokio::test]
async fn large_bodies_have_room_together_and_what_has_none_is_told_to_come_again() {
    let service = Arc::new(running().await);
    let body = quote_body(&service.quote(&enclave_holding(b"")));
    let mut waiting = Vec::new();
    for _ in 0..31 {
        waiting.push(slow(&service).await);
    }
    // 2 MiB are left, and others are served meanwhile.
    service.attest(&body).await.token();
    let last = slow(&service).await;
    let refused = service.attest(&body).await;
    assert_eq!(refused.headers[header::RETRY_AFTER], "1");
    assert_eq!(refused.refusal(), (503, "ServerBusy".into(), "body_memory_exhausted".into()));
    // Room comes back with the end of a request, however it ends.
    drop(last.0);
    assert_eq!(last.1.await.unwrap().refusal().0, 400);
    service.attest(&body).await.token();
    for (sender, asking) in waiting {
        asking.abort();
        let _ = asking.await;
        drop(sender);
    }
    let again = slow(&service).await;
    drop(again);
    service.attest(&body).await.token();
}
