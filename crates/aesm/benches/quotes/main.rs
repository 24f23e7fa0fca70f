//! What a quote costs from the daemon, beside the floor in the same run.
//!
//!     cargo bench -p aesm
//!
//! The daemon serves a simulated platform's quoting enclave, with the log on, into nothing. The floor is the least server that could
//! do it: it takes a connection, reads the request, checks one CMAC over a report, makes one signature on P-256, and writes an answer
//! that it had ready. Both are asked by the same client, which takes a connection for each quote as the protocol wants it: one at a
//! time, and by eight at once.
//!
//! What it measured ends with `ratio NAME VALUE` lines; docs/benchmarks.md gives their bounds.

mod asking;
#[path = "../../tests/it/enclave.rs"]
#[allow(dead_code)] // tests use the rest
mod enclave;
mod floor;
mod measure;

use std::path::Path;
use std::sync::Arc;

use abi::sgx::AttestationKeyIdExt;
use aesm::message::{GetQuoteExRequest, Request};
use aesm::{Access, Backend, Limits, Server, Socket, frame};
use zerocopy::IntoBytes;

use asking::ask_by;
use enclave::SimulatedEnclave;
use floor::{Floor, Work};
use measure::{Contender, measure};

/// How many ask at once.
const MANY: usize = 8;

fn main() {
    // Its lines are made, as they are in the binary.
    tracing_subscriber::fmt().with_writer(std::io::sink).with_ansi(false).init();
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let enclave = Arc::new(SimulatedEnclave::new());
    let request = request(&enclave);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    serve(&runtime, &at("daemon"), &enclave);
    let answer = ask_by(1, 1, &at("daemon"), &request);
    let floor = Floor::new(request.len(), answer);
    for (name, work) in [("floor", Work::All), ("trip", Work::Nothing)] {
        floor.serve(&at(name), work);
    }
    let mut ratios = Vec::new();
    for (kind, clients) in [("one", 1), ("many", MANY)] {
        let asking = |path: &'static str| {
            let (path, request) = (at(path), &request);
            move |times| drop(ask_by(clients, times, &path, request))
        };
        let [daemon, floor_takes, _, _, _] = measure(
            kind,
            [
                Contender::new("daemon", asking("daemon")),
                Contender::new("floor", asking("floor")),
                Contender::new("  its round trip", asking("trip")),
                Contender::new("  its CMAC", |times| (0..times).for_each(|_| floor.check())),
                Contender::new("  its signature", |times| (0..times).for_each(|_| floor.sign())),
            ],
        );
        println!("{kind}: {:.0} quotes a second, floor {:.0}", 1e6 / daemon, 1e6 / floor_takes);
        ratios.push((format!("aesmd-{kind}/floor"), daemon / floor_takes));
    }
    println!();
    for (name, value) in ratios {
        println!("ratio {name} {value:.3}");
    }
    // Their threads wait for connections that will not come.
    runtime.shutdown_background();
}

fn request(enclave: &SimulatedEnclave) -> Vec<u8> {
    let request = GetQuoteExRequest {
        report: Some(enclave.report([5; 64]).as_bytes().to_vec()),
        att_key_id: Some(AttestationKeyIdExt::dcap().as_bytes().to_vec()),
        qe_report_info: None,
        buf_size: Some(enclave.size().try_into().unwrap()),
        timeout: Some(15_000),
    };
    frame::encode(&Request { get_quote_ex: Some(request), ..Request::default() })
}

fn serve(runtime: &tokio::runtime::Runtime, path: &Path, enclave: &Arc<SimulatedEnclave>) {
    use std::os::unix::fs::PermissionsExt;
    let directory = path.parent().unwrap();
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)).unwrap();
    let socket = Socket::publish(path, Access::default()).unwrap();
    let backend = Backend::Enclave(Arc::<SimulatedEnclave>::clone(enclave));
    let server = Arc::new(Server::new(backend, Limits::default()));
    runtime.spawn(server.serve(socket, std::future::pending()));
}
