//! The memory that request bodies and answers take: what one connection or one peer holds, others do not need.

mod running;

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::Response;
use http_body_util::channel::{Channel, Sender};
use running::{Answer, Running, enclave_holding, encode, quote_body, request, running};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tower::ServiceExt;
use web::{Connection, Gate, Limits};

const ATTEST: &str = "/attest/SgxEnclave";

fn peer(gate: &Gate, number: u8) -> Connection {
    gate.admit(format!("192.0.2.{number}:1").parse().unwrap()).unwrap()
}

async fn post(service: &Running, connection: &Connection, body: impl Into<Body>) -> Answer {
    service.send(request("POST", ATTEST).extension(connection.clone()).body(body.into()).unwrap()).await
}

/// A request of almost 2 MiB whose body does not end, unless it is refused before.
async fn unfinished(
    service: &Arc<Running>,
    connection: &Connection,
) -> (Sender<Bytes, Infallible>, JoinHandle<Answer>) {
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    let (service, connection) = (Arc::clone(service), connection.clone());
    let asking = tokio::spawn(async move { post(&service, &connection, Body::new(body)).await });
    // The second is taken when the first was read.
    for length in [service::MAX_BODY - 2, 1] {
        if sender.send_data(vec![b' '; length].into()).await.is_err() {
            break;
        }
    }
    (sender, asking)
}

#[tokio::test]
async fn unfinished_bodies_on_two_connections_block_no_request_with_a_body() {
    let service = Arc::new(running().await);
    let gate = Gate::new(Limits::default());
    let body = quote_body(&service.quote(&enclave_holding(b""))).to_string();
    let mut held = Vec::new();
    let [first, second, third] = [(); 3].map(|()| peer(&gate, 1));
    let refused = async |connection: &Connection| {
        let (_sender, asking) = unfinished(&service, connection).await;
        let answer = asking.await.unwrap();
        assert_eq!(answer.headers[header::RETRY_AFTER], "1");
        let (status, code, detail) = answer.refusal();
        assert_eq!((status, code.as_str()), (503, "ServerBusy"));
        detail
    };
    // Two on a connection, four from a peer, sixteen at once.
    for connection in [&first, &first, &second, &second] {
        held.push(unfinished(&service, connection).await);
    }
    assert_eq!(refused(&first).await, "body_memory_of_connection_exhausted");
    assert_eq!(refused(&third).await, "body_memory_of_peer_exhausted");
    for number in 2..=4 {
        let [first, second] = [(); 2].map(|()| peer(&gate, number));
        for connection in [&first, &first, &second, &second] {
            held.push(unfinished(&service, connection).await);
        }
    }
    let other = peer(&gate, 5);
    assert_eq!(refused(&other).await, "body_memory_exhausted");
    // Requests of the usual length have room on every connection, even on one that holds as many large bodies as it can.
    for connection in [&other, &third, &first] {
        post(&service, connection, body.clone()).await.token();
    }
    // Room comes back with the end of a request, however it ends.
    let (sender, asking) = held.pop().unwrap();
    drop(sender);
    assert_eq!(asking.await.unwrap().refusal().0, 400);
    let again = unfinished(&service, &other).await;
    for (sender, asking) in held.into_iter().chain([again]) {
        asking.abort();
        let _ = asking.await;
        drop(sender);
    }
    held = vec![unfinished(&service, &first).await, unfinished(&service, &first).await];
    post(&service, &other, body).await.token();
    drop(held);
}

/// A body whose token is long, for it has the runtime data in it.
fn with_long_runtime_data(service: &Running) -> Value {
    let data = json!({"data": "x".repeat(90 << 10)}).to_string();
    let quote = service.quote(&enclave_holding(data.as_bytes()));
    json!({"quote": encode(&quote), "runtimeData": {"data": encode(data.as_bytes()), "dataType": "JSON"}})
}

#[tokio::test]
async fn large_answers_that_nobody_reads_are_bounded_for_each_connection_and_peer() {
    let service = running().await;
    let gate = Gate::new(Limits::default());
    let long = with_long_runtime_data(&service).to_string();
    let ask = async |connection: &Connection| -> Response {
        let asked = request("POST", ATTEST).extension(connection.clone()).body(Body::from(long.clone())).unwrap();
        service.router.clone().oneshot(asked).await.unwrap()
    };
    let until_refused = async |connection: &Connection, held: &mut Vec<Response>| loop {
        let answer = ask(connection).await;
        if answer.status() == 200 {
            held.push(answer);
            continue;
        }
        assert_eq!((answer.status().as_u16(), &answer.headers()[header::RETRY_AFTER]), (503, &"1".parse().unwrap()));
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        return body["error"]["innererror"]["code"].as_str().unwrap().to_owned();
    };
    let mut held = Vec::new();
    let [first, second, third] = [(); 3].map(|()| peer(&gate, 1));
    assert_eq!(until_refused(&first, &mut held).await, "answer_memory_of_connection_exhausted");
    assert!((20..40).contains(&held.len()), "{}", held.len());
    assert!(until_refused(&second, &mut held).await.ends_with("exhausted"));
    assert_eq!(until_refused(&third, &mut held).await, "answer_memory_of_peer_exhausted");
    // Another peer gets the same answer, and an answer of the usual length finds room everywhere.
    let other = peer(&gate, 2);
    assert_eq!(ask(&other).await.status(), 200);
    let usual = quote_body(&service.quote(&enclave_holding(b""))).to_string();
    post(&service, &third, usual).await.token();
    held.clear();
    assert_eq!(ask(&first).await.status(), 200);
}
