//! The release binary as a process of its own, on a core of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jose::Jwks;
use serde_json::json;
use token::TokenAlgorithm;

use crate::connection::{Answer, Connection, Connector};
use crate::cores;
use crate::fleet::Fleet;

const MANAGED: &str = "/subscriptions/0/resourceGroups/load/providers/Microsoft.Attestation/attestationProviders";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Http,
    Tls,
}

impl Transport {
    pub const BOTH: [Self; 2] = [Self::Http, Self::Tls];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Tls => "tls",
        }
    }
}

/// What a service is started on, again and again.
pub struct Installation {
    binary: PathBuf,
    directory: PathBuf,
    database_url: Option<String>,
    port: u16,
    /// The core that its services run on; none is all of them.
    core: Option<usize>,
    pub providers: usize,
}

impl Installation {
    /// One beside the collateral in that directory, with so many providers that trust the fleet's root.
    pub fn make(
        binary: &Path,
        directory: PathBuf,
        database_url: Option<String>,
        fleet: &Fleet,
        algorithm: TokenAlgorithm,
        providers: usize,
        core: Option<usize>,
    ) -> Self {
        fs::create_dir(&directory).unwrap();
        fleet.write_collateral(&directory.join("collateral"));
        if let Some(url) = &database_url {
            // A service refuses a secret that others can read.
            let mut file =
                File::options().write(true).create_new(true).mode(0o600).open(directory.join("url")).unwrap();
            file.write_all(url.as_bytes()).unwrap();
        }
        // Its providers' URLs have the port in them, so it has the same one at each start.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let installation = Self { binary: binary.to_owned(), directory, database_url, port, core, providers };
        let mut service = installation.start(Transport::Http);
        let token = fs::read_to_string(service.data().join("admin-token")).unwrap();
        let veritee = json!({"rootCertificate": fleet.root_pem, "tokenAlgorithm": algorithm.name()});
        let body = json!({"location": "local", "properties": {"veritee": veritee}}).to_string();
        for provider in 0..providers {
            let head = format!("Authorization: Bearer {}\r\nContent-Length: {}", token.trim(), body.len());
            let path = format!("{MANAGED}/{}", name(provider));
            let made = service.ask("PUT", &path, &head, &body);
            assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
        }
        installation
    }

    /// Starts the service on its core, as an operator would, but for the port.
    pub fn start(&self, transport: Transport) -> Service {
        let url = format!("https://localhost:{}", self.port);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let data = self.directory.join("data");
        let mut command = Command::new(&self.binary);
        command.args(["serve", "--public-url", &url, "--listen", &address.to_string(), "--data"]).arg(&data);
        command.arg("--collateral").arg(self.directory.join("collateral"));
        if self.database_url.is_some() {
            command.arg("--database-url-file").arg(self.directory.join("url"));
        }
        if transport == Transport::Http {
            command.arg("--http");
        }
        let log = File::options().create(true).append(true).open(self.directory.join("log")).unwrap();
        command.env_remove("VERITEE_LOG").env_remove("VERITEE_DATABASE_URL");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        // It counts the cores that it may use when it starts.
        let mut child = match self.core {
            Some(core) => cores::on(core, || command.spawn().unwrap()),
            None => command.spawn().unwrap(),
        };
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert!(ready.contains(&url), "the service did not start; {} says why", self.directory.join("log").display());
        let connector = match transport {
            Transport::Http => Connector::plain(address),
            Transport::Tls => Connector::tls(address, &fs::read(data.join("tls/ca.pem")).unwrap()),
        };
        let connection = connector.connect();
        Service { child, url, data, connector, connection }
    }
}

/// Name of the provider of that number.
fn name(provider: usize) -> String {
    format!("load-{provider}")
}

/// A service that runs, until this is dropped.
pub struct Service {
    child: Child,
    url: String,
    data: PathBuf,
    pub connector: Connector,
    connection: Connection,
}

impl Service {
    fn data(&self) -> &Path {
        &self.data
    }

    fn ask(&mut self, method: &str, path: &str, head: &str, body: &str) -> Answer {
        let host = self.host();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{head}\r\n\r\n");
        self.connection.ask([head.as_bytes(), body.as_bytes()])
    }

    fn host(&self) -> &str {
        self.url.trim_start_matches("https://")
    }

    /// Puts a policy in force at that provider, unsecured.
    #[allow(dead_code, reason = "of one of the benchmarks that share this file")]
    pub fn set_policy(&mut self, provider: usize, text: &str) {
        let token = fs::read_to_string(self.data().join("admin-token")).unwrap();
        let jws = attestation::policy_jws::unsecured(text);
        let head = format!("Authorization: Bearer {}\r\nContent-Length: {}", token.trim(), jws.len());
        let path = format!("/p/{}/policies/SgxEnclave?api-version=2022-08-01", name(provider));
        let answer = self.ask("PUT", &path, &head, &jws);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    }

    /// The head of a request to attest at that provider, but for the length of the body.
    pub fn attest_head(&self, provider: usize) -> String {
        format!(
            "POST /p/{}/attest/SgxEnclave?api-version=2022-08-01 HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n\
             Content-Type: application/json\r\n",
            name(provider),
            self.host(),
        )
    }

    /// The issuer of that provider's tokens, and its keys.
    pub fn issuer(&mut self, provider: usize) -> (String, Jwks) {
        let issuer = format!("{}/p/{}", self.url, name(provider));
        let keys = self.ask("GET", &format!("/p/{}/certs", name(provider)), "Content-Length: 0", "");
        assert_eq!(keys.status, 200);
        (issuer, Jwks::parse(&keys.body).unwrap())
    }

    /// How long its threads have computed so far. It has to be at rest: what runs is counted when it stops.
    pub fn cpu_time(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let nanoseconds = tasks.map(|task| {
            // A thread may have ended since.
            let text = fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap_or_default();
            text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0)
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    /// Resident memory in MiB: now, and at the most so far.
    pub fn memory(&self) -> [f64; 2] {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        ["VmRSS:", "VmHWM:"].map(|name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
        })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
