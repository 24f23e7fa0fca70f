//! Connections that do not do what they are for.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use web::{BodyLimits, Limits};

use super::client::{
    DATA, GOAWAY, HEADERS, PING, connect, connect_with_tls, frame, get, is_refused, kinds, preface, request,
    request_with, rest, served,
};
use super::running::{SOON, one_connection, running, running_with_tls};

#[tokio::test]
async fn a_client_that_never_reads_is_cut() {
    let running = running(Limits { write_stall: SOON, ..one_connection() });
    let mut holding = connect(running.address).await;
    for _ in 0..20 {
        get(&mut holding, "/large").await;
    }
    assert!(is_refused(running.address).await);
    served(running.address).await;
}

#[tokio::test]
async fn a_client_that_never_reads_tls_is_cut() {
    let running = running_with_tls(Limits { write_stall: SOON, ..one_connection() });
    let mut holding = connect_with_tls(&running).await;
    for _ in 0..20 {
        get(&mut holding, "/large").await;
    }
    holding.flush().await.unwrap();
    tokio::time::sleep(3 * SOON).await;
    let mut other = connect_with_tls(&running).await;
    other.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(rest(&mut other).await.ends_with(b"small"));
}

#[tokio::test]
async fn a_client_that_reads_a_little_now_and_then_is_given_up() {
    let running = running(Limits { delivery: SOON, ..one_connection() });
    let mut holding = connect(running.address).await;
    get(&mut holding, "/large").await;
    let began = Instant::now();
    let mut some = [0; 1 << 10];
    let mut read = 0;
    while let Ok(more @ 1..) = holding.read(&mut some).await {
        read += more;
        assert!(began.elapsed() < Duration::from_secs(20), "the connection lives on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(read < super::running::LARGE);
    served(running.address).await;
}

#[tokio::test]
async fn http2_streams_with_a_zero_window_are_given_up() {
    let running = running(Limits { delivery: SOON, ..one_connection() });
    let mut holding = connect(running.address).await;
    let requests: Vec<u8> = (0..16).flat_map(|n| request(2 * n + 1, "GET", "/", true)).collect();
    holding.write_all(&[preface(0), requests].concat()).await.unwrap();
    assert!(is_refused(running.address).await);
    served(running.address).await;
    let received = kinds(&rest(&mut holding).await);
    assert_eq!(received.iter().filter(|kind| **kind == HEADERS).count(), 16);
    assert!(received.contains(&GOAWAY) && !received.contains(&DATA));
}

#[tokio::test]
async fn http2_streams_with_a_window_of_one_byte_are_given_up() {
    let running = running(Limits { delivery: SOON, ..one_connection() });
    let mut holding = connect(running.address).await;
    holding.write_all(&[preface(1), request(1, "GET", "/large", true)].concat()).await.unwrap();
    assert!(is_refused(running.address).await);
    served(running.address).await;
}

#[tokio::test]
async fn an_idle_http2_connection_is_closed_however_often_it_pings() {
    let running = running(Limits { idle: SOON, ..one_connection() });
    let holding = connect(running.address).await;
    let (mut reading, mut writing) = holding.into_split();
    writing.write_all(&[preface(1 << 16), request(1, "GET", "/", true)].concat()).await.unwrap();
    let pinging = tokio::spawn(async move {
        while writing.write_all(&frame(PING, 0, 0, &[1; 8])).await.is_ok() {
            tokio::time::sleep(SOON / 10).await;
        }
    });
    let received = kinds(&rest(&mut reading).await);
    assert!(received.contains(&DATA) && received.contains(&GOAWAY));
    pinging.await.unwrap();
    served(running.address).await;
}

#[tokio::test]
async fn connections_without_a_request_are_closed() {
    let running = running(Limits { idle: SOON, ..one_connection() });
    for said in [&b""[..], b"PRI * HT", b"GET / HT"] {
        let mut holding = connect(running.address).await;
        holding.write_all(said).await.unwrap();
        rest(&mut holding).await;
        served(running.address).await;
    }
    // One request does not keep a connection open for ever.
    let mut holding = connect(running.address).await;
    get(&mut holding, "/").await;
    assert!(rest(&mut holding).await.ends_with(b"small"));
}

#[tokio::test]
async fn a_tls_handshake_that_does_not_end_is_given_up() {
    let running = running_with_tls(Limits { handshake: SOON, ..one_connection() });
    let mut holding = connect(running.address).await;
    holding.write_all(&[22, 3, 1]).await.unwrap();
    assert!(rest(&mut holding).await.is_empty());
}

#[tokio::test]
async fn a_request_header_that_does_not_end_is_given_up() {
    let running = running(Limits { header: SOON, ..one_connection() });
    let mut holding = connect(running.address).await;
    holding.write_all(b"GET / HTTP/1.1\r\nHost: local").await.unwrap();
    rest(&mut holding).await;
    served(running.address).await;
}

#[tokio::test]
async fn a_request_that_gets_no_answer_is_given_up() {
    let running = running(Limits { handling: SOON, ..one_connection() });
    let mut holding = connect(running.address).await;
    get(&mut holding, "/never").await;
    assert!(rest(&mut holding).await.is_empty());
    served(running.address).await;
}

#[tokio::test]
async fn an_old_connection_answers_what_was_asked_and_takes_no_more_requests() {
    let running = running(Limits { age: SOON, drain: Duration::from_secs(10), ..one_connection() });
    let mut busy = connect(running.address).await;
    let mut answers = 0;
    let mut received = [0; 4096];
    let began = Instant::now();
    loop {
        let asked = busy.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        match busy.read(&mut received).await {
            Ok(length @ 1..) if asked.is_ok() => {
                assert!(received[..length].ends_with(b"small"));
                answers += 1;
            }
            _ => break,
        }
        assert!(began.elapsed() < Duration::from_secs(20), "the connection lives on");
        tokio::time::sleep(SOON / 20).await;
    }
    assert!(answers > 2);
    let mut http2 = connect(running.address).await;
    http2.write_all(&[preface(1 << 16), request(1, "GET", "/slow", true)].concat()).await.unwrap();
    let received = kinds(&rest(&mut http2).await);
    assert!(received.contains(&GOAWAY) && received.contains(&DATA));
}

#[tokio::test]
async fn a_connection_has_no_more_http2_streams_than_allowed() {
    let running = running(Limits { streams: 4, ..one_connection() });
    let mut holding = connect(running.address).await;
    let requests: Vec<u8> = (0..5).flat_map(|n| request(2 * n + 1, "GET", "/never", true)).collect();
    holding.write_all(&[preface(1 << 16), requests].concat()).await.unwrap();
    let mut received = Vec::new();
    let mut some = [0; 1 << 10];
    // REFUSED_STREAM (RFC 9113, section 7) for the fifth.
    while !received.windows(13).any(|frame: &[u8]| frame == super::client::frame(3, 0, 9, &[0, 0, 0, 7])) {
        let more = holding.read(&mut some).await.unwrap();
        assert_ne!(more, 0);
        received.extend_from_slice(&some[..more]);
    }
}

#[tokio::test]
async fn streams_that_are_reset_in_masses_end_the_connection() {
    let running = running(one_connection());
    let mut holding = connect(running.address).await;
    holding.write_all(&preface(1 << 16)).await.unwrap();
    let flood: Vec<u8> = (0..2000)
        .flat_map(|n| [request(2 * n + 1, "GET", "/never", true), frame(3, 0, 2 * n + 1, &[0, 0, 0, 8])].concat())
        .collect();
    let _ = holding.write_all(&flood).await;
    rest(&mut holding).await;
    served(running.address).await;
}

/// Answers to 16 requests at once that get none unless they are refused.
async fn refused_of_sixteen(limits: Limits, fields: &[(&str, &str)]) -> usize {
    let running = running(limits);
    let mut holding = connect(running.address).await;
    holding.write_all(&preface(1 << 16)).await.unwrap();
    for n in 0..16 {
        holding.write_all(&request_with(2 * n + 1, "GET", "/never", fields, true)).await.unwrap();
    }
    let received = kinds(&rest(&mut holding).await);
    received.iter().filter(|kind| **kind == HEADERS).count()
}

#[tokio::test]
async fn long_headers_of_many_http2_requests_are_charged_to_their_connection() {
    let value = "x".repeat(120);
    let bodies = BodyLimits { reserve: 64 << 10, per_connection: 64 << 10, ..Limits::default().bodies };
    let limits = Limits { handling: SOON, bodies, ..one_connection() };
    // Each has some 26,000 bytes, and 128 KiB are there.
    assert_eq!(refused_of_sixteen(limits, &[("x", value.as_str()); 93]).await, 11);
}

#[tokio::test]
async fn http2_requests_with_too_many_header_fields_are_refused() {
    let limits = || Limits { handling: SOON, idle: SOON, ..one_connection() };
    assert_eq!(refused_of_sixteen(limits(), &[("x", "y"); 101]).await, 16);
    assert_eq!(refused_of_sixteen(limits(), &[("x", "y"); 100]).await, 0);
}

#[tokio::test]
async fn a_header_that_is_too_long_is_refused() {
    let running = running(one_connection());
    let mut stream = connect(running.address).await;
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(80 << 10));
    let _ = stream.write_all(long.as_bytes()).await;
    assert!(rest(&mut stream).await.starts_with(b"HTTP/1.1 431"));
}

#[tokio::test]
async fn one_peer_that_takes_all_its_connections_is_refused_more_of_them() {
    let running = running(Limits { connections: 10, connections_per_peer: 2, ..one_connection() });
    let held = [connect(running.address).await, connect(running.address).await];
    assert!(is_refused(running.address).await);
    running.gate.admit("192.0.2.1:1".parse().unwrap()).unwrap();
    drop(held);
    served(running.address).await;
}

#[tokio::test]
async fn requests_under_way_are_answered_when_serving_stops() {
    let running = running(Limits { connections: 2, connections_per_peer: 2, ..one_connection() });
    let mut busy = connect(running.address).await;
    let mut idle = connect(running.address).await;
    get(&mut busy, "/slow").await;
    get(&mut idle, "/").await;
    tokio::time::sleep(SOON / 3).await;
    let began = Instant::now();
    running.serving.stop(Duration::from_secs(10)).await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(rest(&mut busy).await.ends_with(b"slow"));
    assert!(rest(&mut idle).await.ends_with(b"small"));
}
