//! How many connections there may be, and for how long.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use abi::sgx::AttestationKeyIdExt;
use aesm::{Backend, ClientError, Limits};

use crate::daemon::{Daemon, directory, send};
use crate::enclave::SimulatedEnclave;

fn over(enclave: &Arc<SimulatedEnclave>, directory: &tempfile::TempDir, limits: Limits) -> Daemon {
    let enclave = Arc::clone(enclave);
    Daemon::start(&directory.path().join("aesm.socket"), Backend::Enclave(enclave), limits)
}

/// Waits until something is so.
async fn until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited in vain");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_at_once_get_their_answers() {
    let directory = directory();
    let enclave = Arc::new(SimulatedEnclave::new());
    // One user has as many as there may be in all: further ones wait.
    let limits = Limits { connections: 100, connections_per_user: 100, ..Limits::default() };
    let daemon = over(&enclave, &directory, limits);
    let (report, key) = (enclave.report([1; 64]), AttestationKeyIdExt::dcap());
    let asking: Vec<_> = (0..1_000)
        .map(|_| {
            let client = daemon.client().within(Duration::from_secs(120));
            tokio::spawn(async move { client.quote(&key, &report, None).await.map(|quoted| quoted.quote.len()) })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap().unwrap(), enclave.size());
    }
    assert_eq!(daemon.metric("veritee_aesm_requests_total{kind=\"getQuoteEx\",code=\"SUCCESS\"}"), 1_000);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_that_say_nothing_are_closed_in_order_and_cost_others_little() {
    let directory = directory();
    let enclave = Arc::new(SimulatedEnclave::new());
    let limits = Limits { connections_per_user: 400, read: Duration::from_secs(1), ..Limits::default() };
    let daemon = over(&enclave, &directory, limits);
    let begun = Instant::now();
    let mut half: Vec<UnixStream> = (0..1_000).map(|_| UnixStream::connect(&daemon.path).unwrap()).collect();
    for (at, stream) in half.iter_mut().enumerate() {
        // Nothing, a part of a length, a part of a message; some are closed already.
        let _ = stream.write_all(&[8, 0, 0, 0, 1, 2][..at % 7]);
    }
    // Whoever comes then is answered once those have had their time.
    let client = daemon.client().patient(Duration::from_secs(60)).within(Duration::from_secs(60));
    assert_eq!(client.supported_key_id_num().await.unwrap(), 1);
    let ended = tokio::task::spawn_blocking(move || {
        for stream in &mut half {
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            let mut answer = Vec::new();
            match stream.read_to_end(&mut answer) {
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
                Ok(_) => assert!(answer.is_empty()),
            }
        }
    });
    ended.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let reason = |reason: &str| daemon.metric(&format!("veritee_aesm_closed_connections_total{{reason=\"{reason}\"}}"));
    until(|| reason("slow") + reason("user_limit") >= 1_000).await;
    assert!(reason("slow") >= 400 && reason("user_limit") > 0, "{}", daemon.server.metrics());
    daemon.stop().await;
}

#[tokio::test]
async fn one_connection_too_many_of_a_user_is_closed_and_others_are_kept() {
    let directory = directory();
    let enclave = Arc::new(SimulatedEnclave::new());
    let daemon = over(&enclave, &directory, Limits { connections_per_user: 2, ..Limits::default() });
    let held: Vec<UnixStream> = (0..2).map(|_| UnixStream::connect(&daemon.path).unwrap()).collect();
    until(|| daemon.metric("veritee_aesm_connections") == 2).await;
    assert!(matches!(daemon.client().supported_key_id_num().await, Err(ClientError::Closed | ClientError::Io(_))));
    assert_eq!(daemon.metric("veritee_aesm_closed_connections_total{reason=\"user_limit\"}"), 1);
    drop(held);
    until(|| daemon.metric("veritee_aesm_connections") == 0).await;
    assert_eq!(daemon.client().supported_key_id_num().await.unwrap(), 1);
    // Limits can be changed while it serves.
    daemon.server.set_limits(Limits { connections_per_user: 1, request: 8, ..Limits::default() });
    let _held = UnixStream::connect(&daemon.path).unwrap();
    until(|| daemon.metric("veritee_aesm_connections") == 1).await;
    assert!(daemon.client().supported_key_id_num().await.is_err());
}

#[tokio::test]
async fn a_length_beyond_the_limit_costs_no_memory_and_is_refused_at_once() {
    let directory = directory();
    let enclave = Arc::new(SimulatedEnclave::new());
    let daemon = over(&enclave, &directory, Limits { request: 1_000, ..Limits::default() });
    for claimed in [1_001, 1 << 20, u32::MAX] {
        let mut stream = UnixStream::connect(&daemon.path).unwrap();
        stream.write_all(&claimed.to_le_bytes()).unwrap();
        // It is not waited for what was claimed.
        let read = tokio::task::spawn_blocking(move || {
            stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
            stream.read(&mut [0; 1]).unwrap()
        });
        assert_eq!(read.await.unwrap(), 0);
    }
    // A length within the limit that is never sent is waited for, and no longer than a request may take.
    daemon.server.set_limits(Limits { read: Duration::from_millis(100), ..Limits::default() });
    assert_eq!(send(&daemon.path, (1_u32 << 20).to_le_bytes().to_vec()).await, None);
}

#[tokio::test]
async fn a_client_that_goes_away_before_its_answer_costs_nothing() {
    let directory = directory();
    let enclave = Arc::new(SimulatedEnclave::new());
    let daemon = over(&enclave, &directory, Limits::default());
    let request = aesm::message::Request {
        get_supported_att_key_id_num: Some(aesm::message::GetSupportedAttKeyIdNumRequest::default()),
        ..Default::default()
    };
    for _ in 0..20 {
        let mut stream = UnixStream::connect(&daemon.path).unwrap();
        stream.write_all(&aesm::frame::encode(&request)).unwrap();
        drop(stream);
    }
    until(|| daemon.metric("veritee_aesm_connections") == 0).await;
    assert_eq!(daemon.client().supported_key_id_num().await.unwrap(), 1);
}
