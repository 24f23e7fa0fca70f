//! What an attestation costs the release binary, beside the floor in the same run and on the same core.
//!
//!     cargo bench -p service --bench load [-- [--smoke] [NAME]]
//!
//! A thousand quotes of a hundred simulated hosts, all seen before, over connections that stay open, with the log on. The service
//! has one core and whoever asks it the other. For each variant (plain HTTP or TLS 1.3, RS256 or ES256, SQLite or PostgreSQL, one
//! provider or a thousand): computing time of the service for each attestation, requests a second at saturation, latencies at
//! half of that, memory. `--smoke` sends few requests to few providers, and its figures say nothing; NAME is part of the names
//! of the variants that are wanted.
//!
//! What it measured ends with `ratio NAME VALUE` lines; docs/benchmarks.md gives their bounds.

mod binary;
mod connection;
mod cores;
mod database;
mod fleet;
mod floor;
mod load;
mod service;
mod variant;

use token::TokenAlgorithm;

use database::Database;
use fleet::Fleet;
use service::{Installation, Transport};
use variant::{Effort, Variant};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let effort = if arguments.iter().any(|argument| argument == "--smoke") { Effort::SMOKE } else { Effort::FULL };
    let wanted = arguments.iter().find(|argument| !argument.starts_with("--")).map_or("", String::as_str);
    if cores::count() < 2 {
        println!("not measured: the service and whoever asks it need a core each");
        return;
    }
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let binary = binary::build();
    cores::pin(cores::CLIENT);
    let fleet = Fleet::new();
    let mut ratios = Vec::new();
    variant::heading();
    for store in ["sqlite", "postgres"] {
        if store == "postgres" && !Database::is_there() {
            println!("{store}: skipped, for PostgreSQL is not installed");
            continue;
        }
        for algorithm in [TokenAlgorithm::Rs256, TokenAlgorithm::Es256] {
            let name =
                |transport: Transport| format!("{}-{}-{store}", transport.name(), algorithm.name().to_lowercase());
            let transports: Vec<Transport> =
                Transport::BOTH.into_iter().filter(|transport| name(*transport).contains(wanted)).collect();
            if transports.is_empty() {
                continue;
            }
            let directory = tempfile::tempdir().unwrap();
            let databases = [(); 2].map(|()| (store == "postgres").then(Database::start));
            let [one, many] = [(0, 1), (1, effort.providers)].map(|(number, providers)| {
                let url = databases[number].as_ref().map(|database| database.url.clone());
                Installation::make(
                    &binary,
                    directory.path().join(providers.to_string()),
                    url,
                    &fleet,
                    algorithm,
                    providers,
                    Some(cores::SERVER),
                )
            });
            for transport in transports {
                let variant = Variant { name: name(transport), transport, algorithm };
                ratios.extend(variant.measure(&fleet, [&one, &many], &effort));
            }
        }
    }
    println!();
    for (name, value) in ratios {
        println!("ratio {name} {value:.3}");
    }
}
