//! Request bodies over real connections.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use web::{BodyLimits, Limits};

use super::client::{connect, frame, preface, request, rest, served};
use super::running::{SOON, one_connection, running};

fn limits() -> Limits {
    let bodies = BodyLimits { period: SOON, ..Limits::default().bodies };
    Limits { connections: 8, connections_per_peer: 8, bodies, ..one_connection() }
}

async fn post(address: std::net::SocketAddr, announced: usize, sent: &[u8]) -> Vec<u8> {
    let mut stream = connect(address).await;
    let header =
        format!("POST /body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {announced}\r\n\r\n");
    stream.write_all(&[header.as_bytes(), sent].concat()).await.unwrap();
    rest(&mut stream).await
}

#[tokio::test]
async fn a_body_is_charged_for_what_came_and_not_for_what_was_announced() {
    let running = running(limits());
    // Sixteen times a megabyte is announced, which is four times what a connection may hold.
    let mut holding = connect(running.address).await;
    holding.write_all(&preface(1 << 16)).await.unwrap();
    for n in 0..16 {
        holding.write_all(&request(2 * n + 1, "POST", "/body", false)).await.unwrap();
        holding.write_all(&frame(0, 0, 2 * n + 1, b"some")).await.unwrap();
    }
    let answer = post(running.address, 60 << 10, &vec![b'x'; 60 << 10]).await;
    assert!(answer.ends_with(b"61440"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_body_that_stands_still_is_refused() {
    let running = running(limits());
    let answer = post(running.address, 60 << 10, b"some").await;
    assert!(answer.starts_with(b"HTTP/1.1 400") && answer.ends_with(b"body_too_slow"));
    served(running.address).await;
}

#[tokio::test]
async fn a_body_that_comes_a_byte_at_a_time_is_refused() {
    let running = running(limits());
    let stream = connect(running.address).await;
    let (mut reading, mut writing) = stream.into_split();
    writing.write_all(b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n").await.unwrap();
    let dripping = tokio::spawn(async move {
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let answer = rest(&mut reading).await;
    assert!(answer.ends_with(b"body_too_slow"), "{}", String::from_utf8_lossy(&answer));
    dripping.await.unwrap();
}

#[tokio::test]
async fn a_body_that_is_too_long_or_breaks_off_is_refused() {
    let running = running(limits());
    let answer = post(running.address, (1 << 20) + 1, &vec![b'x'; (1 << 20) + 1]).await;
    assert!(answer.ends_with(b"body_too_long"), "{}", String::from_utf8_lossy(&answer));
    let mut stream = connect(running.address).await;
    stream.write_all(b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nsome").await.unwrap();
    stream.shutdown().await.unwrap();
    rest(&mut stream).await;
    served(running.address).await;
}
