//! A hundred thousand quotes: memory stays as it is.

use std::sync::Arc;

use abi::sgx::AttestationKeyIdExt;

use crate::daemon::{Daemon, directory};
use crate::enclave::SimulatedEnclave;

const QUOTES: usize = 100_000;
const CLIENTS: usize = 16;
/// What the allocator may keep for itself, in bytes.
const SLACK: u64 = 4 << 20;

/// Resident memory in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute; scripts/full runs it"]
async fn a_hundred_thousand_quotes_take_no_memory() {
    let directory = directory();
    let enclave = Arc::new(SimulatedEnclave::new());
    let daemon = Daemon::over(&directory.path().join("aesm.socket"), &enclave);
    let mut after = Vec::new();
    // The first tenth warms up.
    for _ in 0..10 {
        let asking: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (client, report) = (daemon.client(), enclave.report([u8::try_from(number).unwrap(); 64]));
                tokio::spawn(async move {
                    for _ in 0..QUOTES / 10 / CLIENTS {
                        client.quote(&AttestationKeyIdExt::dcap(), &report, None).await.unwrap();
                    }
                })
            })
            .collect();
        for asked in asking {
            asked.await.unwrap();
        }
        after.push(resident());
    }
    assert_eq!(
        daemon.metric("veritee_aesm_requests_total{kind=\"getQuoteEx\",code=\"SUCCESS\"}"),
        u64::try_from(QUOTES / 10 / CLIENTS * CLIENTS * 10).unwrap()
    );
    let (first, last) = (after[0], after[after.len() - 1]);
    assert!(last <= first + SLACK, "{after:?}");
    daemon.stop().await;
}
