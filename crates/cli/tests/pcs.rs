//! `veritee platform pcs`: the simulated Intel runs as a command, and commands put its routes into states.

mod command;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use command::veritee;

struct Pcs {
    _directory: tempfile::TempDir,
    data: std::path::PathBuf,
    child: Child,
    address: String,
}

impl Drop for Pcs {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer as `curl -i` saves it.
struct Answer {
    saved: Vec<u8>,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

const TCB: &str = "/sgx/certification/v4/tcb?fmspc=5653494D0000";

fn platform(data: &Path, command: &str) -> command::Ran {
    let arguments = command.split(' ').chain(["--data", data.to_str().unwrap()]).map(str::to_owned);
    veritee(["platform".to_owned()].into_iter().chain(arguments)).expect(0)
}

impl Pcs {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().to_owned();
        platform(&data, "create alpha");
        let mut child = Command::new(env!("CARGO_BIN_EXE_veritee"))
            .args(["platform", "pcs", "--http", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let port = ready.split(':').nth(2).unwrap().split('/').next().unwrap().to_owned();
        Self { _directory: directory, data, child, address: format!("127.0.0.1:{port}") }
    }

    fn get(&self, target: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut saved = Vec::new();
        stream.read_to_end(&mut saved).unwrap();
        let head = saved.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
        let (head, body) = (String::from_utf8(saved[..head].to_vec()).unwrap(), saved[head + 4..].to_vec());
        Answer { saved, head, body }
    }
}

#[test]
fn what_a_verifier_needs_comes_from_there_and_is_believed() {
    let pcs = Pcs::start();
    let collateral = pcs.data.join("fetched");
    std::fs::create_dir(&collateral).unwrap();
    for (name, target) in [
        ("tcb", TCB),
        ("td_tcb", "/tdx/certification/v4/tcb?fmspc=5653494D0000"),
        ("qe", "/sgx/certification/v4/qe/identity"),
        ("td_qe", "/tdx/certification/v4/qe/identity"),
        ("pck_crl", "/sgx/certification/v4/pckcrl?ca=platform"),
        ("root_crl", "/IntelSGXRootCA.der"),
    ] {
        let answer = pcs.get(target);
        assert_eq!(answer.status(), 200, "{target}");
        // A revocation list is known by its content.
        std::fs::write(collateral.join(name), if name == "root_crl" { answer.body } else { answer.saved }).unwrap();
    }
    platform(&pcs.data, &format!("quote alpha --out {}", pcs.data.join("q").display()));
    platform(&pcs.data, &format!("quote alpha --trust-domain --out {}", pcs.data.join("td").display()));
    let root = pcs.data.join("simulation/root.pem");
    for quote in ["q", "td"] {
        let verify = |collateral: &Path| {
            let quote = pcs.data.join(quote);
            veritee([
                Path::new("verify"),
                &quote,
                Path::new("--collateral"),
                collateral,
                Path::new("--trust-root"),
                &root,
                Path::new("--json"),
            ])
        };
        let report = verify(&collateral).expect(0).json();
        assert_eq!(report["tcb"]["status"], "UpToDate", "{quote}");
    }
    // One that lies is not.
    platform(&pcs.data, "pcs set tcb lying");
    std::fs::write(collateral.join("tcb"), pcs.get(TCB).saved).unwrap();
    let (quote, root) = (pcs.data.join("q"), root.as_path());
    let refused = veritee([
        Path::new("verify"),
        &quote,
        Path::new("--collateral"),
        &collateral,
        Path::new("--trust-root"),
        root,
        Path::new("--json"),
    ]);
    let refused = refused.expect(1).json();
    // No certificate that came with it has signed what it says.
    assert_eq!(refused["error"]["code"], "collateral_signer_missing", "{refused}");
}

#[test]
fn a_service_that_runs_follows_states_that_are_set_by_command() {
    let pcs = Pcs::start();
    let status = || pcs.get(TCB).status();
    assert_eq!(status(), 200);
    platform(&pcs.data, "pcs set tcb 429:33");
    let answer = pcs.get(TCB);
    assert_eq!((answer.status(), answer.head.to_ascii_lowercase().contains("retry-after: 33")), (429, true));
    platform(&pcs.data, "pcs clear");
    assert_eq!(status(), 200);
    // What `platform registration` prints is known there.
    let line = platform(&pcs.data, "registration alpha --csv").stdout;
    let encrypted_ppid = line.split(',').next().unwrap();
    let all = format!("/sgx/certification/v4/pckcerts?encrypted_ppid={encrypted_ppid}&pceid=0000");
    assert_eq!(pcs.get(&all).status(), 200);
}

#[test]
fn states_are_set_by_name_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    platform(data, "create alpha");
    assert!(platform(data, "pcs states").stdout.contains("every route does what it should"));
    platform(data, "pcs set tcb 503");
    let both = platform(data, "pcs set crl slow:3").stdout;
    assert!(both.contains("slow:3") && both.contains("503"), "{both}");
    platform(data, "pcs clear tcb");
    let left = platform(data, "pcs states").stdout;
    assert!(left.contains("slow:3") && !left.contains("503"), "{left}");
    for wrong in ["pcs set tcb 200", "pcs set tcb broken", "pcs set nothing 503", "pcs clear nothing"] {
        let arguments = ["platform"].into_iter().chain(wrong.split(' ')).chain(["--data", data.to_str().unwrap()]);
        let ran = veritee(arguments).expect(2);
        assert!(ran.stderr.contains("choose"), "{}", ran.stderr);
    }
}
