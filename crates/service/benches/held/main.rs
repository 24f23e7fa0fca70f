//! The memory of the release binary while strangers hold all its connections and read nothing.
//!
//!     cargo bench -p service --bench held [-- --smoke]
//!
//! For each way to hold memory the service is started again, over a provider with 10,000 revoked tokens, whose list is the largest
//! answer that everybody gets. 512 connections are held, plain and in TLS, until the memory of the service does not grow any more.
//! `--smoke` holds few connections and its figures say nothing. The last line is `ratio held/limit VALUE`: the most memory of all
//! ways, divided by the limit of 256 MiB.

#[path = "../load/binary.rs"]
mod binary;
mod client;
mod service;

use std::time::{Duration, Instant};

use client::{Client, Connector};
use service::Service;

const LIMIT_MIB: f64 = 256.0;
/// Connections of a service.
const CONNECTIONS: usize = 512;
/// Revoked tokens that a provider can have.
const REVOKED: usize = 10_000;
/// Requests at once on an HTTP/2 connection.
const STREAMS: u32 = 16;
/// Shorter than the time that a service gives clients that read nothing.
const LONGEST: Duration = Duration::from_secs(15);

/// A way to hold memory.
struct Way {
    name: &'static str,
    hold: fn(&mut Client),
}

const WAYS: [Way; 6] = [
    Way {
        name: "HTTP/1.1, pipelined requests for the list",
        hold: |client| (0..8).for_each(|_| client.get("/revoked")),
    },
    Way {
        name: "HTTP/2, 16 streams with zero windows",
        hold: |client| {
            client.preface(0);
            (0..STREAMS).for_each(|stream| client.get_on(stream, "/revoked"));
        },
    },
    Way {
        name: "HTTP/2, 16 streams with open windows",
        hold: |client| {
            client.preface(client::OPEN);
            (0..STREAMS).for_each(|stream| client.get_on(stream, "/revoked"));
        },
    },
    Way { name: "HTTP/1.1, unfinished bodies of 2 MiB", hold: |client| client.post("/attest/SgxEnclave", 2 << 20) },
    Way {
        name: "HTTP/2, 16 unfinished bodies of 4 KiB",
        hold: |client| {
            client.preface(0);
            (0..STREAMS).for_each(|stream| client.post_on(stream, "/attest/SgxEnclave", 4 << 10));
        },
    },
    Way {
        name: "HTTP/2, 16 unfinished requests of 90 fields",
        hold: |client| {
            client.preface(0);
            (0..STREAMS).for_each(|stream| client.post_with_fields_on(stream, "/attest/SgxEnclave", 90));
        },
    },
];

fn main() {
    let is_smoke = std::env::args().any(|argument| argument == "--smoke");
    let (connections, revoked) = if is_smoke { (16, 100) } else { (CONNECTIONS, REVOKED) };
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let binary = binary::build();
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    Service::start(&binary, &data, false).revoke(revoked);
    println!("{:45} {:>5} {:>9} {:>9} {:>9}", "MiB of resident memory", "", "at rest", "held", "a client");
    let mut most: f64 = 0.0;
    for way in &WAYS {
        for with_tls in [false, true] {
            let service = Service::start(&binary, &data, with_tls);
            let at_rest = service.peak_mib();
            let connector = Connector::to(&service);
            let _held: Vec<Client> = (0..connections)
                .map(|_| {
                    let mut client = connector.connect();
                    (way.hold)(&mut client);
                    client
                })
                .collect();
            let held = settled(&service);
            most = most.max(held);
            let transport = if with_tls { "TLS" } else { "plain" };
            let each = (held - at_rest) / connections as f64;
            println!("{:45} {transport:>5} {at_rest:9.1} {held:9.1} {each:9.3}", way.name);
        }
    }
    println!();
    println!("ratio held/limit {:.3}", most / LIMIT_MIB);
}

/// The most memory that it had, once that grows no more.
fn settled(service: &Service) -> f64 {
    let began = Instant::now();
    let mut before = service.peak_mib();
    let mut unchanged = 0;
    while unchanged < 4 && began.elapsed() < LONGEST {
        std::thread::sleep(Duration::from_millis(500));
        let now = service.peak_mib();
        unchanged = if now > before { 0 } else { unchanged + 1 };
        before = now;
    }
    before
}
