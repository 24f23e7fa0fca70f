//! The simulated Intel over HTTP: what it says when nothing is wrong, and each state that it can be put into.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use problem::Problem;
use serde_json::Value;
use simulator::http::LocalPcs;
use simulator::pcs::Route;
use simulator::{Simulation, Tcb};
use unix_time::UnixTime;

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

struct Pcs {
    // It is stopped before its directory is deleted.
    local: LocalPcs,
    _directory: tempfile::TempDir,
    path: PathBuf,
    encrypted_ppid: String,
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Pcs {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("simulation");
        let mut simulation = Simulation::open_or_create(&path, NOW).unwrap();
        let platform = simulation.open_or_create_platform("alpha", NOW).unwrap();
        let local = LocalPcs::start(&path, || NOW).unwrap();
        let encrypted_ppid = hex::encode(platform.encrypted_ppid(&simulation.ppid_key().unwrap()).unwrap());
        Self { local, _directory: directory, path, encrypted_ppid }
    }

    fn address(&self) -> &str {
        self.local.url().strip_prefix("http://").unwrap()
    }

    fn ask(&self, method: &str, target: &str, body: &[u8], more: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n{more}\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: answer[end + 4..].to_vec() }
    }

    fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, b"", "")
    }

    fn put(&self, route: Route, state: &str) {
        self.local.set(route, state.parse().unwrap()).unwrap();
    }

    /// A request that each route answers with 200 when nothing is wrong.
    fn good(&self, route: Route) -> (&'static str, String, Vec<u8>) {
        let encrypted = &self.encrypted_ppid;
        let cpu_svn = hex::encode(Tcb::NEWEST.cpu_svn);
        let get = |path: &str| ("GET", path.to_owned(), Vec::new());
        match route {
            Route::PckCert => get(&format!(
                "/sgx/certification/v4/pckcert?encrypted_ppid={encrypted}&cpusvn={cpu_svn}&pcesvn=0d00&pceid=0000"
            )),
            Route::PckCerts => get(&format!("/sgx/certification/v4/pckcerts?encrypted_ppid={encrypted}&pceid=0000")),
            Route::PckCrl => get("/sgx/certification/v4/pckcrl?ca=platform&encoding=der"),
            Route::Tcb => get("/sgx/certification/v4/tcb?fmspc=5653494D0000"),
            Route::QeIdentity => get("/sgx/certification/v4/qe/identity"),
            Route::QveIdentity => get("/sgx/certification/v4/qve/identity"),
            Route::EvaluationDataNumbers => get("/tdx/certification/v4/tcbevaluationdatanumbers"),
            Route::Fmspcs => get("/sgx/certification/v4/fmspcs"),
            Route::Crl => get("/IntelSGXRootCA.der"),
            Route::Registration => {
                let manifest = simulator::pcs::manifest(&hex::decode(encrypted).unwrap());
                ("POST", "/sgx/registration/v1/platform".to_owned(), manifest)
            }
        }
    }

    fn answer_of(&self, route: Route) -> Answer {
        let (method, target, body) = self.good(route);
        self.ask(method, &target, &body, "Content-Type: application/octet-stream\r\n")
    }
}

/// Every state of every route, set while the service runs.
#[test]
fn every_route_can_be_put_into_every_state() {
    let pcs = Pcs::start();
    for route in Route::ALL {
        let name = route.as_str();
        let usual = pcs.answer_of(route);
        assert_eq!(usual.status, if route == Route::Registration { 201 } else { 200 }, "{name}: {}", usual.head);
        assert_eq!(usual.header("Request-ID").unwrap().len(), 32);
        for (state, status, retry_after) in [
            ("400", 400, None),
            ("401", 401, None),
            ("404", 404, None),
            ("410", 410, None),
            ("429", 429, Some("10")),
            ("429:33", 429, Some("33")),
            ("500", 500, None),
            ("503", 503, None),
            ("503:7", 503, Some("7")),
        ] {
            pcs.put(route, state);
            let answer = pcs.answer_of(route);
            assert_eq!(
                (answer.status, answer.header("Retry-After").as_deref()),
                (status, retry_after),
                "{name} {state}"
            );
        }
        pcs.put(route, "lying");
        let lie = pcs.answer_of(route);
        assert_eq!(lie.status, usual.status);
        let (usual_end, lie_end) = (usual.body.len().saturating_sub(64), lie.body.len().saturating_sub(64));
        // Documents are signed anew each time, so what differs between two true answers is left out.
        match route {
            Route::Tcb | Route::QeIdentity | Route::QveIdentity => {
                assert!(!lie.text().contains("OutOfDate"), "{name}");
            }
            Route::EvaluationDataNumbers => assert!(lie.text().contains(":77,"), "{name}"),
            Route::PckCert | Route::PckCerts | Route::Fmspcs | Route::Registration => {
                assert_ne!(lie.body, usual.body, "{name}");
            }
            _ => assert_ne!(lie.body[lie_end..], usual.body[usual_end..], "{name}"),
        }
        pcs.local.clear(route).unwrap();
        assert_eq!(pcs.answer_of(route).status, usual.status);
    }
}

#[test]
fn a_slow_route_answers_what_it_should_after_its_time() {
    let pcs = Pcs::start();
    for route in Route::ALL {
        pcs.put(route, "slow:1");
    }
    thread::scope(|scope| {
        for route in Route::ALL {
            let pcs = &pcs;
            scope.spawn(move || {
                let begun = Instant::now();
                let status = pcs.answer_of(route).status;
                assert!(matches!(status, 200 | 201) && begun.elapsed() >= Duration::from_secs(1), "{route:?}");
            });
        }
    });
}

#[test]
fn a_dropped_service_frees_its_port_also_while_a_route_is_slow() {
    let pcs = Pcs::start();
    let address = pcs.address().to_owned();
    pcs.put(Route::Tcb, "slow:3600");
    let mut stream = TcpStream::connect(&address).unwrap();
    let request = "GET /sgx/certification/v4/tcb?fmspc=5653494D0000 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    drop(pcs);
    assert!(TcpStream::connect(&address).is_err());
    assert_eq!(stream.read(&mut [0; 1]).unwrap_or_default(), 0, "no answer");
}

#[tokio::test]
async fn starts_and_stops_within_an_asynchronous_runtime() {
    let pcs = Pcs::start();
    let answer = tokio::task::spawn_blocking(move || pcs.get("/sgx/certification/v4/fmspcs"));
    assert_eq!(answer.await.unwrap().status, 200);
    drop(Pcs::start());
}

#[test]
fn nothing_is_served_where_there_is_no_simulation() {
    let directory = tempfile::tempdir().unwrap();
    let error = LocalPcs::start(&directory.path().join("absent"), || NOW).unwrap_err();
    assert_eq!(error.code(), "simulation_absent");
}

#[test]
fn a_simulation_that_is_damaged_while_it_runs_is_answered_with_500() {
    let pcs = Pcs::start();
    // A file with the mode that the simulation demands.
    pcs.put(Route::Tcb, "404");
    std::fs::write(pcs.path.join("pcs.json"), "{").unwrap();
    assert_eq!(pcs.get("/sgx/certification/v4/fmspcs").status, 500);
    std::fs::write(pcs.path.join("pcs.json"), "{}").unwrap();
    assert_eq!(pcs.get("/sgx/certification/v4/fmspcs").status, 200);
}

/// The moments at which a document of Intel's says that it begins and ends.
fn window(document: &Value) -> [UnixTime; 2] {
    let inner = document.as_object().unwrap().iter().find(|(name, _)| *name != "signature").unwrap().1;
    ["issueDate", "nextUpdate"].map(|name| UnixTime::from_rfc3339(inner[name].as_str().unwrap()).unwrap())
}

/// From when to when a certificate or revocation list holds, as OpenSSL reads it.
fn openssl_window(command: &str, der: &[u8]) -> [String; 2] {
    let dates: &[&str] = if command == "crl" { &["-lastupdate", "-nextupdate"] } else { &["-startdate", "-enddate"] };
    let mut child = Command::new("openssl")
        .args([command, "-inform", "DER", "-noout", "-dateopt", "iso_8601"])
        .args(dates)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(der).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut values = text.lines().map(|line| line.split_once('=').unwrap().1.replace(' ', "T"));
    [values.next().unwrap(), values.next().unwrap()]
}

#[test]
fn what_expired_or_is_not_valid_yet_says_so_itself() {
    let pcs = Pcs::start();
    for route in [Route::Tcb, Route::QeIdentity, Route::QveIdentity, Route::EvaluationDataNumbers] {
        for (state, is_begun, is_over) in [("expired", true, true), ("not-yet-valid", false, false)] {
            pcs.put(route, state);
            let [begins, ends] = window(&pcs.answer_of(route).json());
            assert_eq!((begins <= NOW, ends <= NOW), (is_begun, is_over), "{route:?} {state}");
        }
        pcs.local.clear(route).unwrap();
        let [begins, ends] = window(&pcs.answer_of(route).json());
        assert!(begins <= NOW && ends > NOW, "{route:?}");
    }
    let moment = |text: &str| UnixTime::from_rfc3339(text).unwrap();
    for (route, command) in
        [(Route::PckCrl, "crl"), (Route::Crl, "crl"), (Route::PckCert, "x509"), (Route::PckCerts, "x509")]
    {
        for (state, is_begun, is_over) in
            [("expired", true, true), ("not-yet-valid", false, false), ("slow:0", true, false)]
        {
            pcs.put(route, state);
            let answer = pcs.answer_of(route);
            let der = match route {
                Route::PckCert => first_certificate(&answer.text()),
                Route::PckCerts => first_certificate(&unescape(answer.json()[0]["cert"].as_str().unwrap())),
                _ => answer.body,
            };
            let [begins, ends] = openssl_window(command, &der);
            assert_eq!((moment(&begins) <= NOW, moment(&ends) <= NOW), (is_begun, is_over), "{route:?} {state}");
        }
    }
}

fn unescape(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

fn first_certificate(pem: &str) -> Vec<u8> {
    use base64::Engine;
    let body: String = pem.lines().skip(1).take_while(|line| !line.starts_with('-')).collect();
    base64::engine::general_purpose::STANDARD.decode(body).unwrap()
}

#[test]
fn evaluation_numbers_stand_beside_each_other() {
    let pcs = Pcs::start();
    let tcb = |tee: &str, query: &str| pcs.get(&format!("/{tee}/certification/v4/tcb?fmspc=5653494D0000{query}"));
    for tee in ["sgx", "tdx"] {
        let rated = |query: &str| {
            let info = tcb(tee, query).json()["tcbInfo"].clone();
            let statuses = info["tcbLevels"].as_array().unwrap().iter().map(|level| level["tcbStatus"].clone());
            (info["tcbEvaluationDataNumber"].as_u64().unwrap(), statuses.collect::<Vec<_>>())
        };
        let (up, out) = (Value::from("UpToDate"), Value::from("OutOfDate"));
        assert_eq!(rated(""), (20, vec![up.clone(), out.clone()]));
        assert_eq!(rated("&update=standard"), rated("&tcbEvaluationDataNumber=20"));
        assert_eq!(rated("&update=early"), (21, vec![up.clone(), out.clone(), out.clone()]));
        assert_eq!(rated("&update=early"), rated("&tcbEvaluationDataNumber=21"));
        assert_eq!(rated("&tcbEvaluationDataNumber=19"), (19, vec![up.clone(), up]));
        for (query, status) in [
            ("&tcbEvaluationDataNumber=18", 410),
            ("&tcbEvaluationDataNumber=22", 404),
            ("&tcbEvaluationDataNumber=x", 400),
            ("&update=late", 400),
            ("&update=early&tcbEvaluationDataNumber=21", 400),
            ("&fmspc=5653494D0000", 400),
        ] {
            assert_eq!(tcb(tee, query).status, status, "{query}");
        }
        let numbers = pcs.get(&format!("/{tee}/certification/v4/tcbevaluationdatanumbers"));
        let listed = &numbers.json()["tcbEvaluationDataNumbers"];
        assert_eq!(listed["id"], tee.to_uppercase());
        let listed: Vec<_> = listed["tcbEvalNumbers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["tcbEvaluationDataNumber"].clone())
            .collect();
        assert_eq!(listed, [21, 20, 19].map(Value::from));
        assert!(numbers.header("TCB-Evaluation-Data-Numbers-Issuer-Chain").unwrap().starts_with("-----BEGIN%20CERT"));
        let identity = |query: &str| {
            let identity = pcs.get(&format!("/{tee}/certification/v4/qe/identity{query}"));
            identity.json()["enclaveIdentity"]["tcbEvaluationDataNumber"].clone()
        };
        assert_eq!(
            (identity(""), identity("?update=early"), identity("?tcbEvaluationDataNumber=19")),
            (20.into(), 21.into(), 19.into())
        );
    }
}

#[test]
fn pck_certificates_follow_the_levels_of_a_machine() {
    let pcs = Pcs::start();
    let ask = |cpu_svn: [u8; 16], pce_svn: &str| {
        let (encrypted, cpu_svn) = (&pcs.encrypted_ppid, hex::encode(cpu_svn));
        pcs.get(&format!(
            "/sgx/certification/v4/pckcert?encrypted_ppid={encrypted}&cpusvn={cpu_svn}&pcesvn={pce_svn}&pceid=0000"
        ))
    };
    let tcbm = |level: Tcb| hex::encode([&level.cpu_svn[..], &level.pce_svn.to_le_bytes()].concat());
    let newest = ask(Tcb::NEWEST.cpu_svn, "0d00");
    assert_eq!(newest.header("SGX-TCBm"), Some(tcbm(Tcb::NEWEST)));
    assert_eq!(newest.header("SGX-FMSPC").as_deref(), Some("5653494D0000"));
    assert_eq!(newest.header("SGX-PCK-Certificate-CA-Type").as_deref(), Some("platform"));
    assert!(newest.header("SGX-PCK-Certificate-Issuer-Chain").unwrap().contains("-----END%20CERTIFICATE-----"));
    assert_eq!(newest.body, ask([255; 16], "ff00").body, "the same certificate each time");
    assert_eq!(ask(Tcb::NEWEST.cpu_svn, "0600").header("SGX-TCBm"), Some(tcbm(Tcb::OLDER)));
    assert_eq!(ask([0; 16], "0d00").status, 404);
    let (_, all, _) = pcs.good(Route::PckCerts);
    let all = pcs.get(&all).json();
    assert_eq!((&all[0]["tcbm"], &all[1]["tcbm"]), (&tcbm(Tcb::NEWEST).into(), &tcbm(Tcb::OLDER).into()));
    assert_eq!((&all[1]["tcb"]["sgxtcbcomp02svn"], &all[1]["tcb"]["pcesvn"]), (&9.into(), &5.into()));
    assert_eq!(unescape(all[0]["cert"].as_str().unwrap()), newest.text());
    // By its manifest too.
    let manifest = hex::encode(pcs.good(Route::Registration).2);
    let posted = format!("{{\"platformManifest\":\"{manifest}\",\"pceid\":\"0000\"}}");
    assert_eq!(pcs.ask("POST", "/sgx/certification/v4/pckcerts", posted.as_bytes(), "").json()[0], all[0]);
}

#[test]
fn refuses_in_intels_words() {
    let pcs = Pcs::start();
    let encrypted = pcs.encrypted_ppid.clone();
    let cpu_svn = hex::encode(Tcb::NEWEST.cpu_svn);
    let zeros = "0".repeat(768);
    for (target, status, code) in [
        ("/sgx/certification/v4/tcb", 400, Some("InvalidRequestSyntax")),
        ("/sgx/certification/v4/tcb?fmspc=00", 400, Some("InvalidRequestSyntax")),
        ("/sgx/certification/v4/tcb?fmspc=00906EA10000", 404, None),
        ("/sgx/certification/v4/pckcrl?ca=root", 400, Some("InvalidRequestSyntax")),
        ("/sgx/certification/v4/pckcrl?ca=platform&encoding=hex", 400, Some("InvalidRequestSyntax")),
        ("/sgx/certification/v4/fmspcs?platform=E7", 400, Some("InvalidRequestSyntax")),
        ("/sgx/certification/v4/crl?uri=https://example.com/crl", 404, None),
        ("/sgx/certification/v4/nothing", 404, None),
        ("/tdx/certification/v4/pckcert", 404, None),
        ("/sgx/certification/v3/tcb?fmspc=5653494D0000", 410, None),
        (&format!("/sgx/certification/v4/pckcert?encrypted_ppid={encrypted}"), 400, Some("InvalidRequestSyntax")),
        (&format!("/sgx/certification/v4/pckcerts?encrypted_ppid={zeros}&pceid=0000"), 404, None),
        (&format!("/sgx/certification/v4/pckcerts?encrypted_ppid={encrypted}&pceid=0100"), 404, None),
        (
            &format!("/sgx/certification/v4/pckcerts/config?encrypted_ppid={encrypted}&pceid=0000"),
            400,
            Some("InvalidRequestSyntax"),
        ),
        (
            &format!("/sgx/certification/v4/pckcerts/config?encrypted_ppid={encrypted}&pceid=0000&cpusvn={cpu_svn}"),
            200,
            None,
        ),
    ] {
        let answer = pcs.get(target);
        assert_eq!((answer.status, answer.header("Error-Code").as_deref()), (status, code), "{target}");
    }
    let post = |path: &str, body: &[u8], more: &str| {
        let answer = pcs.ask("POST", path, body, more);
        (answer.status, answer.header("Error-Code"))
    };
    let code = |code: &str| Some(code.to_owned());
    let manifest = pcs.good(Route::Registration).2;
    let foreign = simulator::pcs::manifest(&[0; 384]);
    let register = "/sgx/registration/v1/platform";
    assert_eq!(post(register, &manifest, ""), (201, None));
    assert_eq!(post(register, b"", ""), (400, code("InvalidPlatformManifest")));
    assert_eq!(post(register, &manifest[1..], ""), (400, code("InvalidPlatformManifest")));
    assert_eq!(post(register, &foreign, ""), (400, code("PackageNotFound")));
    assert_eq!(post("/sgx/registration/v1/package", b"", ""), (401, None));
    let with_key = "Ocp-Apim-Subscription-Key: any\r\n";
    assert_eq!(post("/sgx/registration/v1/package", b"", with_key), (400, code("PackageNotFound")));
    assert_eq!(post("/sgx/certification/v4/pckcerts", b"{\"pceid\":0}", ""), (400, code("InvalidRequestSyntax")));
    assert_eq!(post("/sgx/certification/v4/tcb", b"", "").0, 404);
    assert_eq!(pcs.ask("POST", register, &vec![0; 300 << 10], "").status, 413);
    Simulation::open(&pcs.path).unwrap().set_revoked("alpha", true).unwrap();
    assert_eq!(post(register, &manifest, ""), (400, code("InvalidOrRevokedPackage")));
}
