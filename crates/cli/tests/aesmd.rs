//! `veritee aesmd`, as a process.

mod command;

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use abi::sgx::{AttestationKeyIdExt, Report};
use aesm::{Client, ClientError};
use command::veritee;
use simulator::{EnclaveReport, Platform, Simulation};
use unix_time::UnixTime;
use zerocopy::FromZeros;

/// A directory for sockets, as the daemon takes it, with a simulated platform beside them.
struct Place {
    directory: tempfile::TempDir,
    simulation: Simulation,
    platform: Platform,
}

fn now() -> UnixTime {
    UnixTime::of_system_clock()
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let simulation = Simulation::open_or_create(&directory.path().join("simulation"), now()).unwrap();
        let platform = simulation.open_or_create_platform("one", now()).unwrap();
        simulation.publish(now()).unwrap();
        Self { directory, simulation, platform }
    }

    fn at(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    fn platform_directory(&self) -> String {
        self.simulation.platform_directory("one").unwrap().to_str().unwrap().to_owned()
    }

    /// A report of an application's enclave to that quoting enclave.
    fn report(&self, target: &abi::sgx::TargetInfo) -> Report {
        let enclave = EnclaveReport {
            mr_enclave: [1; 32],
            mr_signer: [2; 32],
            isv_prod_id: 3,
            isv_svn: 4,
            debug: false,
            report_data: [5; 64],
        };
        self.platform.report(&enclave, target).unwrap()
    }
}

/// A daemon in a process of its own, ended with the test.
struct Daemon {
    child: Child,
    metrics: Option<String>,
    log: PathBuf,
}

impl Daemon {
    fn start(place: &Place, arguments: &[&str]) -> Self {
        let log = PathBuf::from(place.at("log"));
        let child = Command::new(env!("CARGO_BIN_EXE_veritee"))
            .arg("aesmd")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut daemon = Self { child, metrics: None, log };
        for line in BufReader::new(daemon.child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            match line.strip_prefix("metrics are at ") {
                Some(url) => daemon.metrics = Some(url.to_owned()),
                None => {
                    assert!(line.starts_with("veritee aesmd is ready at /"), "{line}");
                    return daemon;
                }
            }
        }
        panic!("not ready: {}", daemon.log());
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Asks it to terminate and gives its exit code.
    fn terminate(mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Waits for words in its log.
    fn says(&self, words: &str) {
        for _ in 0..500 {
            if self.log().contains(words) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{words} is not in\n{}", self.log());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client(socket: &str) -> Client {
    Client::at(Path::new(socket))
}

#[tokio::test]
async fn a_quote_of_a_simulated_platform_is_had_through_the_socket_and_verified() {
    let place = Place::new();
    let socket = place.at("aesm.socket");
    let platform = place.platform_directory();
    let daemon = Daemon::start(&place, &["--socket", &socket, "--platform", &platform, "--no-daemon", "--no-syslog"]);
    let key = client(&socket).supported_key_ids().await.unwrap();
    assert_eq!(key, [AttestationKeyIdExt::dcap()]);
    let ready = client(&socket).init_quote(&key[0]).await.unwrap();
    let quoted = client(&socket).quote(&key[0], &place.report(&ready.target_info), None).await.unwrap();
    std::fs::write(place.at("quote"), &quoted.quote).unwrap();
    let verify = |more: &[&str]| {
        let (quote, collateral) = (place.at("quote"), place.at("simulation/collateral"));
        veritee(["verify", &quote, "--collateral", &collateral].iter().chain(more))
    };
    verify(&["--trust-root", &place.at("simulation/root.pem")]).expect(0);
    verify(&[]).expect(1);

    let refused = client(&socket).quote(&key[0], &Report::new_zeroed(), None).await;
    assert!(matches!(refused, Err(ClientError::Refused { code: 47, .. })), "{refused:?}");
    daemon.says("cause=");
    let log = daemon.log();
    let line = log.lines().find(|line| line.contains("INVALID_REPORT")).unwrap();
    for field in ["kind=\"getQuoteEx\"", "uid=", "pid=", "duration_us=", "code=47", "report is not for this enclave"] {
        assert!(line.contains(field), "{field}: {line}");
    }
    assert!(log.contains("prove nothing"));
    assert_eq!(daemon.terminate(), Some(0));
    assert!(!Path::new(&socket).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn quotes_go_on_while_one_daemon_takes_the_place_of_another_and_behind_a_proxy() {
    let place = Place::new();
    let (socket, behind) = (place.at("aesm.socket"), place.at("behind"));
    let platform = place.platform_directory();
    let start = |socket: &str| Daemon::start(&place, &["--socket", socket, "--platform", &platform]);
    let mut upstream = start(&behind);
    let proxy = Daemon::start(&place, &["--socket", &socket, "--upstream", &behind]);
    let key = AttestationKeyIdExt::dcap();
    let report = place.report(&client(&socket).init_quote(&key).await.unwrap().target_info);
    let asking = tokio::spawn({
        let client = client(&socket);
        async move {
            for _ in 0..2_000 {
                client.quote(&key, &report, None).await.expect("no client sees a failure");
            }
        }
    });
    for _ in 0..3 {
        let new = start(&behind);
        assert_eq!(tokio::task::block_in_place(|| std::mem::replace(&mut upstream, new).terminate()), Some(0));
    }
    asking.await.unwrap();
    assert_eq!(proxy.terminate(), Some(0));
}

#[tokio::test]
async fn a_hangup_reads_configuration_and_platform_again() {
    let place = Place::new();
    let (socket, config) = (place.at("aesm.socket"), place.at("aesmd.conf"));
    std::fs::write(&config, "proxy type = direct\nqpl log level = info\n").unwrap();
    let platform = place.platform_directory();
    let daemon = Daemon::start(&place, &["--socket", &socket, "--platform", &platform, "--config", &config]);
    assert!(daemon.log().contains("`proxy type` has no effect"), "{}", daemon.log());
    let key = AttestationKeyIdExt::dcap();
    client(&socket).quote_size(&key).await.unwrap();

    std::fs::write(&config, "max request = 8\n").unwrap();
    daemon.signal("HUP");
    daemon.says("configuration read again");
    assert!(matches!(client(&socket).quote_size(&key).await, Err(ClientError::Closed | ClientError::Io(_))));
    // What cannot be read changes nothing.
    std::fs::write(&config, "max request = none\n").unwrap();
    daemon.signal("HUP");
    daemon.says("configuration stays as it was");
    assert!(client(&socket).quote_size(&key).await.is_err());
    std::fs::write(&config, "qpl log level = error\n").unwrap();
    std::fs::rename(&platform, place.at("elsewhere")).unwrap();
    daemon.signal("HUP");
    daemon.says("platform stays as it was");
    client(&socket).quote_size(&key).await.unwrap();
    let said = daemon.log().matches("kind=\"getQuoteSizeEx\"").count();
    assert_eq!(said, 1, "of the requests that were answered the last was not to be logged");
}

#[test]
fn metrics_are_served_on_loopback() {
    let place = Place::new();
    let socket = place.at("aesm.socket");
    let platform = place.platform_directory();
    let arguments = ["--socket", &socket, "--platform", &platform, "--metrics", "127.0.0.1:0"];
    let daemon = Daemon::start(&place, &arguments);
    let url = daemon.metrics.clone().unwrap();
    let address = url.strip_prefix("http://").unwrap().strip_suffix("/metrics").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("application/openmetrics-text"), "{answer}");
    assert!(answer.contains("veritee_aesm_connections 0") && answer.trim_end().ends_with("# EOF"), "{answer}");
}

#[test]
fn a_probe_asks_through_the_socket_and_so_whoever_is_behind_it() {
    let place = Place::new();
    let (socket, behind) = (place.at("aesm.socket"), place.at("behind"));
    let check = |socket: &str| veritee(["aesmd", "--check", "--socket", socket]);
    let absent = check(&socket).expect(3);
    assert!(absent.stderr.contains("no quote daemon") && absent.stderr.contains("help:"), "{}", absent.stderr);
    let _proxy = Daemon::start(&place, &["--socket", &socket, "--upstream", &behind]);
    let upstream = Daemon::start(&place, &["--socket", &behind, "--platform", &place.platform_directory()]);
    check(&socket).expect(0);
    check(&behind).expect(0);
    assert_eq!(upstream.terminate(), Some(0));
    // A daemon that answers and has nothing to quote with.
    let _other = Daemon::start(&place, &["--socket", &behind, "--upstream", &socket]);
    let refused = check(&socket).expect(1);
    assert!(refused.stderr.contains("SERVICE_UNAVAILABLE"), "{}", refused.stderr);
}

#[test]
fn a_platform_below_all_levels_that_are_certified_is_refused() {
    let place = Place::new();
    let nothing = simulator::cpu::CpuSvn::Components([0; 16]);
    place.simulation.set_tcb("one", nothing, 0).unwrap();
    let (socket, platform) = (place.at("aesm.socket"), place.platform_directory());
    let refused = veritee(["aesmd", "--socket", &socket, "--platform", &platform]).expect(3);
    assert!(refused.stderr.contains("certifies no level") && refused.stderr.contains("help:"), "{}", refused.stderr);
}

#[test]
fn systemd_is_told_when_it_is_ready_and_that_it_is_alive() {
    let place = Place::new();
    let notified = UnixDatagram::bind(place.at("notify")).unwrap();
    notified.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_veritee"))
        .args(["aesmd", "--socket", &place.at("aesm.socket"), "--platform", &place.platform_directory()])
        .env("NOTIFY_SOCKET", place.at("notify"))
        .env("WATCHDOG_USEC", "1000000")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let told = || {
        let mut told = [0; 32];
        let length = notified.recv(&mut told).unwrap();
        String::from_utf8_lossy(&told[..length]).trim_end().to_owned()
    };
    assert_eq!(told(), "READY=1");
    assert_eq!([told(), told()], ["WATCHDOG=1", "WATCHDOG=1"]);
    UnixStream::connect(place.at("aesm.socket")).unwrap();
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    // One more sign of life may come before.
    assert!((0..3).any(|_| told() == "STOPPING=1"));
    assert!(child.wait().unwrap().success());
}

#[test]
fn flags_go_before_the_environment_and_a_probe_takes_the_socket_alone_from_it() {
    let place = Place::new();
    let (socket, absent) = (place.at("aesm.socket"), place.at("absent"));
    let run = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut daemon = Command::new(env!("CARGO_BIN_EXE_veritee"));
        let daemon = daemon.arg("aesmd").args(arguments).envs(variables.iter().copied()).stdin(Stdio::null());
        command::Ran::of(&daemon.output().unwrap())
    };
    let variables = [
        ("VERITEE_AESMD_SOCKET", socket.as_str()),
        ("VERITEE_AESMD_UPSTREAM", socket.as_str()),
        ("VERITEE_AESMD_METRICS", "127.0.0.1:0"),
    ];
    // Upstream in the environment is the daemon's own socket; a flag for the other back-end replaces it.
    assert!(run(&variables, &[]).expect(2).stderr.contains("own socket"));
    assert!(run(&variables, &["--platform", &absent]).expect(3).stderr.contains("holds no simulated machine"));
    assert!(run(&variables, &["--check"]).expect(3).stderr.contains(&socket));
    assert!(run(&[], &["--check", "--metrics", "127.0.0.1:0"]).expect(2).stderr.contains("cannot be used with"));
    let both = [("VERITEE_AESMD_PLATFORM", absent.as_str()), ("VERITEE_AESMD_UPSTREAM", absent.as_str())];
    assert!(run(&both, &[]).expect(2).stderr.contains("cannot be used with"));
    let refused = run(&[("VERITEE_AESMD_SOCKET_MODE", "999")], &["--platform", &absent]).expect(2);
    assert!(refused.stderr.contains("environment variable VERITEE_AESMD_SOCKET_MODE"), "{}", refused.stderr);
}

#[test]
fn wrong_settings_are_refused_before_clients_find_a_socket() {
    let place = Place::new();
    let (socket, platform) = (place.at("aesm.socket"), place.platform_directory());
    let shared = place.at("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::set_permissions(&shared, Permissions::from_mode(0o1777)).unwrap();
    symlink(&socket, place.at("link")).unwrap();
    std::fs::write(place.at("file"), "").unwrap();
    std::fs::write(place.at("config"), "max connections = 0").unwrap();
    let (in_shared, link, file) = (format!("{shared}/aesm.socket"), place.at("link"), place.at("file"));
    let (config, absent) = (place.at("config"), place.at("absent"));
    let with = |more: &[&str]| [&["--platform", &platform][..], more].concat().join("\0");
    for (arguments, exit, words) in [
        (["--socket", &socket].join("\0"), 2, "--platform"),
        (with(&["--upstream", &absent, "--socket", &socket]), 2, "cannot be used with"),
        (with(&["--socket", &in_shared]), 3, "others can write"),
        (with(&["--socket", &link]), 3, "is a symbolic link"),
        (with(&["--socket", &file]), 3, "is no socket"),
        (with(&["--socket", &format!("{absent}/aesm.socket")]), 3, "does not exist"),
        (with(&["--socket", &place.at(&"x".repeat(108))]), 2, "is longer than"),
        (with(&["--socket", &socket, "--socket-mode", "999"]), 2, "octal"),
        (with(&["--socket", &socket, "--socket-group", "no-such-group"]), 2, "no group `no-such-group`"),
        (with(&["--socket", &socket, "--metrics", "0.0.0.0:0"]), 2, "loopback"),
        (with(&["--socket", &socket, "--config", &config]), 2, "line 1"),
        (with(&["--socket", &socket, "--config", &absent]), 3, "cannot read"),
        (["--platform", &absent, "--socket", &socket].join("\0"), 3, "holds no simulated machine"),
        (["--upstream", &socket, "--socket", &socket].join("\0"), 2, "own socket"),
        (["--upstream", &link, "--socket", &socket].join("\0"), 2, "own socket"),
    ] {
        let ran = veritee(["aesmd"].into_iter().chain(arguments.split('\0'))).expect(exit);
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
        assert!(!Path::new(&socket).exists(), "{arguments:?}");
    }
}
