//! Several processes over one PostgreSQL database, and the database gone for a while.

mod command;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use command::{Serving, veritee};
use serde_json::Value;
use simulator::{EnclaveReport, Platform};

/// A database server that ends with the test.
struct Database {
    guard: Child,
    directory: PathBuf,
    url: String,
}

impl Database {
    fn script() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/test-postgres")
    }

    fn start() -> Option<Self> {
        if !test_support::runs(Self::script().to_str().unwrap(), &["find"]) {
            return None;
        }
        let directory = tempfile::tempdir().unwrap().keep();
        let mut command = Command::new(Self::script());
        command.arg("run").arg(&directory).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut guard = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(guard.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Some(Self { guard, directory, url: url.trim().to_owned() })
    }

    fn run(&self, action: &str) {
        let ran = Command::new(Self::script()).arg(action).arg(&self.directory).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// Two services over one database, whose provider trusts one simulated machine.
struct Replicas {
    directory: tempfile::TempDir,
    database: Database,
    token: String,
    quote: String,
}

impl Replicas {
    fn new() -> Option<Self> {
        let database = Database::start()?;
        let directory = tempfile::tempdir().unwrap();
        write_private(&directory.path().join("url"), &database.url);
        write_private(&directory.path().join("key"), &"22".repeat(32));
        Some(Self { directory, database, token: String::new(), quote: String::new() })
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    fn serve(&self, data: &str, more: &[&str]) -> Serving {
        let (url, key) = (self.path("url"), self.path("key"));
        let mut arguments = vec!["--simulated", "--http", "--public-url", "http://localhost"];
        arguments.extend(["--database-url-file", &url, "--key-encryption-key", &key]);
        arguments.extend(more);
        Serving::start(&self.directory.path().join(data), &arguments)
    }

    /// After the first start: the token, and evidence of the machine.
    fn remember(&mut self) {
        self.token = std::fs::read_to_string(self.path("one/admin-token")).unwrap().trim().to_owned();
        let platform = Platform::open(&self.directory.path().join("one/simulation/platforms/default")).unwrap();
        let enclave = EnclaveReport {
            mr_enclave: [7; 32],
            mr_signer: [8; 32],
            isv_prod_id: 1,
            isv_svn: 2,
            debug: false,
            report_data: [0; 64],
        };
        let quote = platform.quote_enclave(&enclave).unwrap();
        use base64::Engine;
        let quote = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(quote);
        self.quote = format!("{{\"quote\":\"{quote}\"}}");
    }

    fn ask(&self, port: u16, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.token,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer.split_whitespace().nth(1).unwrap().parse().unwrap(), answer)
    }

    fn attest(&self, port: u16) -> u16 {
        self.ask(port, "POST", "/attest/SgxEnclave", &self.quote).0
    }
}

/// Until it holds, or for so many seconds.
fn within(seconds: u64, holds: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(seconds) {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

const DENY: &str = "eyJhbGciOiJub25lIn0.eyJBdHRlc3RhdGlvblBvbGljeSI6ImRtVnljMmx2YmoweExqQTdJR0YxZEdodmNtbDZZWFJwYjI1eWRXeGxjM3M5UGlCa1pXNTVLQ2s3ZlRzIn0.";

#[test]
fn replicas_follow_each_other_and_go_on_without_the_database_for_a_while() {
    let Some(mut replicas) = Replicas::new() else { return };
    let (one_port, two_port) = (free_port(), free_port());
    let listen = |port: u16| format!("127.0.0.1:{port}");
    let one = replicas.serve("one", &["--listen", &listen(one_port)]);
    replicas.remember();
    // The second machine is the same one: a simulated root is fixed in the provider.
    copy(&replicas.directory.path().join("one/simulation"), &replicas.directory.path().join("two/simulation"));
    let two = replicas.serve("two", &["--listen", &listen(two_port), "--max-staleness", "3"]);
    assert!(!replicas.directory.path().join("two/admin-token").exists(), "there is one administrator");
    assert_eq!((replicas.attest(one_port), replicas.attest(two_port)), (200, 200));
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(replicas.attest(two_port), 200, "silence is no staleness while the database is there");
    let certs = |port| replicas.ask(port, "GET", "/certs", "").1.split("\r\n\r\n").nth(1).unwrap().to_owned();
    assert_eq!(certs(one_port), certs(two_port), "they sign with one key");

    let (status, answer) = replicas.ask(one_port, "PUT", "/policies/SgxEnclave", DENY);
    assert_eq!(status, 200, "{answer}");
    assert!(within(1, || replicas.attest(two_port) == 400), "a change reaches every replica within a second");

    replicas.database.run("stop");
    assert_eq!(replicas.attest(one_port), 400, "decided from what is known");
    let (status, answer) = replicas.ask(one_port, "PUT", "/policies/SgxEnclave", DENY);
    assert_eq!(status, 503, "{answer}");
    assert!(within(20, || replicas.attest(two_port) == 503), "what may be revoked is not followed for long");
    assert!(replicas.ask(two_port, "POST", "/attest/SgxEnclave", &replicas.quote).1.contains("store_out_of_reach"));

    replicas.database.run("start");
    assert!(within(20, || replicas.attest(two_port) == 400), "it comes back by itself");
    let reset = || replicas.ask(two_port, "POST", "/policies/SgxEnclave:reset", "eyJhbGciOiJub25lIn0..").0 == 200;
    assert!(within(20, reset));
    assert!(within(2, || replicas.attest(one_port) == 200));
    drop((one, two));
}

#[test]
fn a_database_that_is_stopped_and_started_under_load_costs_no_attestation() {
    let Some(mut replicas) = Replicas::new() else { return };
    let port = free_port();
    let service = replicas.serve("one", &["--listen", &format!("127.0.0.1:{port}"), "--audit", "decisions"]);
    replicas.remember();
    let ended = AtomicBool::new(false);
    let (attested, slowest) = std::thread::scope(|scope| {
        let attest = || {
            let (mut count, mut slowest) = (0_u64, Duration::ZERO);
            while !ended.load(Ordering::Relaxed) {
                let begun = Instant::now();
                assert_eq!(replicas.attest(port), 200);
                slowest = slowest.max(begun.elapsed());
                count += 1;
            }
            (count, slowest)
        };
        let load: Vec<_> = (0..4).map(|_| scope.spawn(attest)).collect();
        for _ in 0..2 {
            std::thread::sleep(Duration::from_secs(1));
            replicas.database.run("stop");
            let (status, answer) = replicas.ask(port, "PUT", "/policies/Tpm", DENY);
            assert_eq!(status, 503, "{answer}");
            std::thread::sleep(Duration::from_secs(2));
            replicas.database.run("start");
            assert!(within(20, || replicas.ask(port, "GET", "/clients", "").0 == 200), "it comes back by itself");
        }
        ended.store(true, Ordering::Relaxed);
        let ended: Vec<(u64, Duration)> = load.into_iter().map(|thread| thread.join().unwrap()).collect();
        (ended.iter().map(|(count, _)| count).sum::<u64>(), ended.iter().map(|(_, slowest)| *slowest).max().unwrap())
    });
    assert!(slowest < Duration::from_secs(2), "{attested} attestations, the slowest took {slowest:?}");
    // What was decided meanwhile is written down when the database is there again, or counted as lost.
    let told = || {
        let heads = replicas.ask(port, "GET", "/audit/heads", "").1;
        let replica = std::fs::read_to_string(replicas.path("one/replica-id")).unwrap();
        assert!(heads.contains("200 OK"), "{heads}");
        let (mut after, mut told) = (0, 0);
        loop {
            let path = format!("/audit/records/{}/{after}", replica.trim());
            let page = replicas.ask(port, "GET", &path, "").1;
            let page: Value = serde_json::from_str(page.split("\r\n\r\n").nth(1).unwrap()).unwrap();
            let Some(last) = page["value"].as_array().unwrap().last() else { return told };
            after = last["number"].as_i64().unwrap();
            for record in page["value"].as_array().unwrap() {
                let text: Value = serde_json::from_str(record["text"].as_str().unwrap()).unwrap();
                told += text["decisions"].as_array().map_or(0, Vec::len) as u64 + text["lost"].as_u64().unwrap_or(0);
            }
        }
    };
    assert!(within(20, || told() >= attested), "{} of {attested} decisions are told of", told());
    drop(service);
}

#[test]
fn databases_that_cannot_be_used_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let serve = |url: &str| {
        let file = directory.path().join("url");
        write_private(&file, url);
        let data = directory.path().join("data");
        let arguments = ["serve", "--http", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
        veritee(arguments.into_iter().chain(["--database-url-file", file.to_str().unwrap()]))
    };
    for url in ["", "mysql://localhost/a", "postgres://user:secret@127.0.0.1:1/nothing"] {
        let ran = serve(url).expect(3);
        assert!(ran.stderr.contains("help:") && !ran.stderr.contains("secret"), "{url}: {}", ran.stderr);
    }
}

#[test]
fn a_database_url_that_others_can_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("url");
    write_private(&file, "postgres://user:secret@127.0.0.1:1/nothing");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let data = directory.path().join("data");
    let arguments = ["serve", "--http", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let ran = veritee(arguments.into_iter().chain(["--database-url-file", file.to_str().unwrap()])).expect(3);
    assert!(ran.stderr.contains("others can read or change") && ran.stderr.contains("chmod 600"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("user:secret") && !data.exists(), "{}", ran.stderr);
}

fn write_private(file: &Path, contents: &str) {
    std::fs::write(file, contents).unwrap();
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn copy(from: &Path, to: &Path) {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
    std::fs::set_permissions(to, from.metadata().unwrap().permissions()).unwrap();
    assert_eq!(to.parent().unwrap().metadata().unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn a_demonstration_leaves_the_database_of_the_environment_alone() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_veritee"));
    let ran = demo.arg("demo").env("VERITEE_DATABASE_URL", "postgres://127.0.0.1:1/nothing").output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let data = tempfile::tempdir().unwrap();
    let mut serve = Command::new(env!("CARGO_BIN_EXE_veritee"));
    serve.args(["serve", "--http", "--listen", "127.0.0.1:0", "--data"]).arg(data.path().join("data"));
    let ran = serve.env("VERITEE_DATABASE_URL", "postgres://127.0.0.1:1/nothing").output().unwrap();
    assert_eq!(ran.status.code(), Some(3), "{}", String::from_utf8_lossy(&ran.stderr));
}
