//! `veritee serve`, `attest` and `demo`, as processes.

mod command;

use std::os::unix::fs::PermissionsExt;

use command::{Serving, sample, veritee};
use simulator::{EnclaveReport, Platform};

/// A quote of the service's own simulated machine, and the runtime data that it commits to.
fn write_quote(serving: &Serving) {
    let platform = Platform::open(&serving.data.join("simulation/platforms/default")).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"runtime data");
    let mut report_data = [0; 64];
    report_data[..32].copy_from_slice(digest.as_ref());
    let enclave = EnclaveReport {
        mr_enclave: [7; 32],
        mr_signer: [8; 32],
        isv_prod_id: 1,
        isv_svn: 2,
        debug: false,
        report_data,
    };
    std::fs::write(serving.data.join("quote"), platform.quote_enclave(&enclave).unwrap()).unwrap();
    std::fs::write(serving.data.join("data"), b"runtime data").unwrap();
}

fn attest(serving: &Serving, more: &[&str]) -> command::Ran {
    let text = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    let mut arguments =
        vec!["attest".to_owned(), text(serving.data.join("quote")), "--url".to_owned(), serving.url.clone()];
    arguments.extend(more.iter().map(|argument| argument.replace("DATA", serving.data.to_str().unwrap())));
    veritee(arguments)
}

#[test]
fn a_service_over_a_simulated_machine_attests_over_https_and_stops_when_asked() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let log_file = directory.path().join("log");
    let serving = Serving::start_with_log(&data, &["--simulated"], std::fs::File::create(&log_file).unwrap().into());
    assert!(serving.url.starts_with("https://localhost:"));
    write_quote(&serving);
    let ca = serving.ca().to_str().unwrap().to_owned();

    let refused = attest(&serving, &["--ca", &ca]).expect(1);
    assert!(refused.stderr.contains("simulated"), "{}", refused.stderr);
    let accepted = attest(&serving, &["--ca", &ca, "--accept-simulated", "--runtime-data", "DATA/data", "--json"])
        .expect(0)
        .json();
    assert_eq!(accepted["claims"]["x-veritee-simulated"], true);
    assert_eq!(accepted["claims"]["svn"], 2);
    let other = attest(&serving, &["--ca", &ca, "--runtime-data", "DATA/quote"]).expect(1);
    assert!(other.stderr.contains("runtimeData"), "{}", other.stderr);
    let untrusted = attest(&serving, &[]).expect(3);
    assert!(untrusted.stderr.contains("--ca"), "{}", untrusted.stderr);

    // One line for each request, with what the service knows of it.
    let log = std::fs::read_to_string(&log_file).unwrap();
    let lines = |word: &str| log.lines().filter(|line| line.contains(word)).collect::<Vec<_>>();
    let attested = lines("http.path=\"/attest/SgxEnclave\"");
    assert_eq!(attested.len(), 3, "{log}");
    for part in [
        "request provider=\"default\" http.method=POST ",
        " duration_us=",
        " peer=\"127.0.0.1:",
        " evidence.sha256=\"",
        " draft=false simulated=true",
    ] {
        assert!(attested.iter().all(|line| line.contains(part)), "{part}: {attested:?}");
    }
    let ends = |line: &str| line.contains("http.status=400") && line.contains(" refused=\"runtime_data_mismatch\" ");
    assert_eq!(attested.iter().map(|line| ends(line)).collect::<Vec<_>>(), [false, false, true], "{log}");

    for (path, mode) in
        [("", 0o700), ("tls/ca-key.pem", 0o600), ("simulation", 0o700), ("simulation/platforms/default", 0o700)]
    {
        let found = std::fs::metadata(data.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{path}");
    }
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn serve_without_simulated_refuses_a_simulated_data_directory() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    Serving::start(&data, &["--simulated", "--http"]).terminate();
    let path = data.to_str().unwrap();
    let refused = veritee(["serve", "--listen", "127.0.0.1:0", "--data", path]).expect(2);
    assert!(refused.stderr.contains("simulated machine") && refused.stderr.contains("help:"), "{}", refused.stderr);
    // The provider itself keeps its root, whatever became of the directory of the simulation.
    std::fs::remove_dir_all(data.join("simulation")).unwrap();
    let refused = veritee(["serve", "--listen", "127.0.0.1:0", "--data", path]).expect(2);
    assert!(refused.stderr.contains("simulated machine"), "{}", refused.stderr);
}

#[test]
fn a_genuine_data_directory_refuses_simulation_and_is_not_spoilt_by_it() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    Serving::start(&data, &["--http"]).terminate();
    let path = data.to_str().unwrap();
    for arguments in [vec!["serve", "--simulated", "--listen", "127.0.0.1:0"], vec!["demo"]] {
        let refused = veritee(arguments.into_iter().chain(["--data", path])).expect(2);
        assert!(refused.stderr.contains("genuine hardware"), "{}", refused.stderr);
    }
    assert!(!data.join("simulation").exists());
    assert_eq!(std::fs::metadata(data.join("veritee.db")).unwrap().permissions().mode() & 0o777, 0o600);
    Serving::start(&data, &["--http"]).terminate();
}

#[test]
fn a_connection_that_never_finishes_its_head_is_closed_and_the_service_lives_on() {
    use std::io::{Read, Write};
    let directory = tempfile::tempdir().unwrap();
    let serving = Serving::start(&directory.path().join("data"), &["--simulated", "--http"]);
    let address = serving.url.strip_prefix("http://").unwrap().replace("localhost", "127.0.0.1");
    let connect = || std::net::TcpStream::connect(&address).unwrap();
    let mut half: Vec<_> = (0..100).map(|_| connect()).collect();
    half.iter_mut().for_each(|stream| stream.write_all(b"GET /certs HT").unwrap());
    let mut good = connect();
    write!(good, "GET /certs HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    good.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut rest = Vec::new();
    half[0].set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    half[0].read_to_end(&mut rest).expect("closed by the service within its time limit");
}

#[test]
fn a_body_of_ten_megabytes_is_answered_and_not_cut_off() {
    use std::io::{Read, Write};
    let directory = tempfile::tempdir().unwrap();
    let serving = Serving::start(&directory.path().join("data"), &["--simulated", "--http"]);
    let address = serving.url.strip_prefix("http://").unwrap().replace("localhost", "127.0.0.1");
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    let length = 10 << 20;
    let head = format!(
        "POST /attest/SgxEnclave HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&vec![b' '; length]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_long"), "{answer}");
}

#[test]
fn nothing_is_sent_over_an_open_wire() {
    let (quote, _) = sample();
    for url in ["http://attest.example", "ftp://localhost", "https://user@localhost"] {
        let ran = veritee(["attest", quote.to_str().unwrap(), "--url", url]).expect(2);
        assert!(ran.stderr.contains("help:"), "{}", ran.stderr);
    }
}

#[test]
fn wrong_settings_are_refused_before_anything_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let fresh = directory.path().join("fresh");
    let fresh = fresh.to_str().unwrap();
    let open = directory.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
    let config = directory.path().join("config.toml");
    std::fs::write(&config, "listen = \"127.0.0.1:0\"\nunknown-key = 1\n").unwrap();
    let (_, collateral) = sample();
    for (arguments, exit, words) in [
        (vec!["--data", fresh, "--simulated", "--listen", "0.0.0.0:0"], 2, "loopback"),
        (vec!["--data", fresh, "--simulated", "--listen", "[::ffff:127.0.0.1]:0"], 2, "on loopback only"),
        (vec!["--data", fresh, "--simulated", "--collateral", collateral.to_str().unwrap()], 2, "own collateral"),
        (vec!["--data", fresh, "--listen", "127.0.0.1:0", "--public-url", "nonsense"], 2, "no URL"),
        (vec!["--data", fresh, "--listen", "127.0.0.1:0", "--tls-key", "key.pem"], 2, "go together"),
        (
            vec!["--data", fresh, "--listen", "127.0.0.1:0", "--public-url", "https://attest.example"],
            2,
            "localhost alone",
        ),
        (vec!["--data", fresh, "--listen", "127.0.0.1:0", "--collateral", "/nonexistent"], 3, "collateral"),
        (vec!["--data", open.to_str().unwrap(), "--listen", "127.0.0.1:0"], 3, "chmod 700"),
        (vec!["--data", fresh, "--connections-per-peer", "0"], 2, "use 1 to 512"),
        (vec!["--data", fresh, "--connections-per-peer", "513"], 2, "use 1 to 512"),
        (vec!["--config", config.to_str().unwrap()], 2, "unknown-key"),
        (vec!["--config", "/nonexistent"], 3, "cannot read"),
        (vec!["--accept-tcb", "Revoked"], 2, "never be accepted"),
        (vec!["--dangerous-verification-time", "now"], 2, "RFC 3339"),
    ] {
        let ran = veritee(["serve"].into_iter().chain(arguments.iter().copied())).expect(exit);
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn a_simulated_service_is_guarded_by_its_public_url_too() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let config = directory.path().join("config.toml");
    std::fs::write(&config, "public-url = \"http://attest.example\"\n").unwrap();
    let behind_a_proxy =
        ["serve", "--simulated", "--http", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let localhost = ["--public-url", "http://localhost:1", "--provider-domain"];
    for more in [
        &["--public-url", "https://attest.example"][..],
        &["--public-url", "http://localhost.evil.com:1"],
        &["--public-url", "http://127.0.0.1.nip.io"],
        &["--public-url", "http://0.0.0.0:1"],
        &["--public-url", "http://2130706433"],
        &["--public-url", "http://[::ffff:127.0.0.1]:1"],
        &["--config", config.to_str().unwrap()],
        &[&localhost[..], &["attest.example"]].concat(),
        &[&localhost[..], &["localhost.evil.com"]].concat(),
    ] {
        let ran = veritee(behind_a_proxy.iter().chain(more)).expect(2);
        assert!(
            ran.stderr.contains("is served on loopback only") && ran.stderr.contains(".localhost"),
            "{}",
            ran.stderr
        );
        assert!(!data.exists(), "{more:?}");
    }
    let arguments =
        ["--simulated", "--http", "--public-url", "http://a.localhost:1", "--provider-domain", "b.localhost"];
    assert_eq!(Serving::start(&data, &arguments).url, "http://a.localhost:1");
}

#[test]
fn settings_come_from_a_file_and_flags_go_before_it() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let config = directory.path().join("config.toml");
    let text = "public-url = \"http://localhost:1\"\nhttp = true\nsimulated = true\naccept-tcb = [\"OutOfDate\"]\n";
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    assert_eq!(Serving::start(&data, &["--config", config]).url, "http://localhost:1");
    assert_eq!(
        Serving::start(&data, &["--config", config, "--public-url", "http://localhost:2"]).url,
        "http://localhost:2"
    );
}

#[test]
fn genuine_evidence_is_judged_as_of_a_dangerous_time() {
    let (quote, collateral) = sample();
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let serving = Serving::start(
        &data,
        &[
            "--http",
            "--collateral",
            collateral.to_str().unwrap(),
            "--accept-tcb",
            "ConfigurationAndSWHardeningNeeded",
            "--dangerous-verification-time",
            "2025-06-20T00:00:00Z",
        ],
    );
    std::fs::copy(quote, data.join("quote")).unwrap();
    let claims = attest(&serving, &["--json"]).expect(0).json()["claims"].clone();
    assert_eq!(claims["x-veritee-simulated"], false);
    assert_eq!(claims["x-veritee-tcb-status"], "ConfigurationAndSWHardeningNeeded");
    assert_eq!(claims["x-veritee-dangerous-verification-time"], "2025-06-20T00:00:00Z");
}

#[test]
fn an_unreachable_service_is_exit_code_three() {
    let (quote, _) = sample();
    let ran = veritee(["attest", quote.to_str().unwrap(), "--url", "http://127.0.0.1:9"]).expect(3);
    assert!(ran.stderr.contains("cannot reach"), "{}", ran.stderr);
}

#[test]
fn the_demonstration_does_every_step_it_names() {
    let ran = veritee(["demo", "--json"]).expect(0).json();
    assert_eq!(ran["succeeded"], true);
    let steps = ran["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 10);
    assert_eq!(steps[8]["details"]["code"], "quote_bad_signature");
    assert_eq!(steps[9]["details"]["code"], "policy_denied");
    let people = veritee(["demo"]).expect(0);
    assert!(people.stdout.contains("All 10 steps did what they say"), "{}", people.stdout);
}

/// Everything below a directory with mode, owner and contents.
fn everything(path: &std::path::Path) -> Vec<(std::path::PathBuf, u32, u32, Vec<u8>)> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::symlink_metadata(path).unwrap();
    let contents = if found.is_file() { std::fs::read(path).unwrap() } else { Vec::new() };
    let mut all = vec![(path.to_owned(), found.mode(), found.uid(), contents)];
    if found.is_dir() {
        let mut below: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        below.sort();
        all.extend(below.iter().flat_map(|path| everything(path)));
    }
    all
}

/// The message of a start that is refused and leaves everything as it was.
fn refused_start(root: &std::path::Path, data: &std::path::Path, more: &[&str]) -> String {
    let before = everything(root);
    let arguments = ["serve", "--http", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let ran = veritee(arguments.iter().chain(more)).expect(3);
    assert_eq!(everything(root), before, "{}", ran.stderr);
    assert!(ran.stderr.contains("help:"), "{}", ran.stderr);
    ran.stderr
}

#[test]
fn a_symbolic_link_to_a_data_directory_is_refused_and_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    let (target, link) = (directory.path().join("target"), directory.path().join("link"));
    std::fs::create_dir(&target).unwrap();
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    assert!(refused_start(directory.path(), &link, &[]).contains("is a symbolic link"));
    assert!(refused_start(directory.path(), &link, &["--simulated"]).contains("is a symbolic link"));
    // Its files are no links either.
    let data = directory.path().join("data");
    drop(Serving::start(&data, &["--http"]));
    for name in ["veritee.db", "key-encryption-key", "replica-id", "lock"] {
        let moved = directory.path().join("moved");
        std::fs::rename(data.join(name), &moved).unwrap();
        std::os::unix::fs::symlink(&moved, data.join(name)).unwrap();
        let refused =
            veritee(["serve", "--http", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]).expect(3);
        assert!(refused.stderr.contains("is a symbolic link"), "{name}: {}", refused.stderr);
        std::fs::remove_file(data.join(name)).unwrap();
        std::fs::rename(&moved, data.join(name)).unwrap();
    }
    assert_eq!(Serving::start(&data, &["--http"]).terminate(), Some(0));
}

#[test]
fn a_data_directory_that_others_could_replace_or_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let shared = directory.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(refused_start(directory.path(), &shared.join("data"), &[]).contains("others can write to"));
    let data = directory.path().join("data");
    drop(Serving::start(&data, &["--http"]));
    std::fs::set_permissions(data.join("veritee.db"), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refused_start(directory.path(), &data, &[]).contains("chmod 600"));
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o750)).unwrap();
    assert!(refused_start(directory.path(), &data, &[]).contains("chmod 700"));
}

#[test]
fn a_tls_key_that_others_can_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (directory.path().join("cert.pem"), directory.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let data = directory.path().join("data");
    let arguments = ["--tls-certificate", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let refused = veritee(serve.iter().chain(&arguments)).expect(3);
    assert!(refused.stderr.contains("others can read or change"), "{}", refused.stderr);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    // A file that no certificate chain is as long as.
    std::fs::write(&certificate, vec![b'x'; (1 << 20) + 1]).unwrap();
    let refused = veritee(serve.iter().chain(&arguments)).expect(2);
    assert!(refused.stderr.contains("is longer than"), "{}", refused.stderr);
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    let serving = Serving::start(&data, &arguments);
    assert!(serving.url.starts_with("https://"), "{}", serving.url);
}

#[test]
fn a_data_directory_of_another_user_is_refused() {
    use std::os::unix::fs::{MetadataExt, chown};
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        println!("skipped: files can be given to other users by root only");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    drop(Serving::start(&data, &["--http"]));
    chown(&data, Some(4711), None).unwrap();
    let refused = refused_start(directory.path(), &data, &[]);
    assert!(refused.contains("belongs to user 4711") && refused.contains("run as user 4711"), "{refused}");
    let below = data.join("below");
    assert!(refused_start(directory.path(), &below, &[]).contains("belongs to user 4711"));
    chown(&data, Some(0), None).unwrap();
    chown(data.join("veritee.db"), Some(4711), None).unwrap();
    assert!(refused_start(directory.path(), &data, &[]).contains("belongs to user 4711"));
}

/// As Kubernetes leaves a volume with an `fsGroup`, whenever it mounts it.
#[test]
fn a_data_directory_on_a_volume_of_a_trusted_group_is_taken() {
    use std::os::unix::fs::{MetadataExt, chown};
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        println!("skipped: files can be given to other users by root only");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let volume = directory.path().join("volume");
    std::fs::create_dir(&volume).unwrap();
    chown(&volume, None, Some(4711)).unwrap();
    std::fs::set_permissions(&volume, std::fs::Permissions::from_mode(0o2775)).unwrap();
    let data = volume.join("data");
    assert!(refused_start(directory.path(), &data, &[]).contains("others can write to"));
    for _ in 0..2 {
        let serving = Serving::start(&data, &["--http", "--data-group", "4711"]);
        assert_eq!(serving.terminate(), Some(0));
        for (path, mode, _, _) in everything(&data) {
            chown(&path, None, Some(4711)).unwrap();
            let more = if path.is_dir() { 0o2770 } else { 0o660 };
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode & 0o7777 | more)).unwrap();
        }
    }
    assert!(refused_start(directory.path(), &data, &["--data-group", "4712"]).contains("others can write to"));
    let unknown = ["serve", "--http", "--data-group", "no-such-group"];
    assert!(veritee(unknown).expect(2).stderr.contains("--data-group"));
}

/// `veritee` with these environment variables.
fn veritee_with(variables: &[(&str, &str)], arguments: &[&str]) -> command::Ran {
    let mut veritee = std::process::Command::new(env!("CARGO_BIN_EXE_veritee"));
    let veritee = veritee.args(arguments).envs(variables.iter().copied()).stdin(std::process::Stdio::null());
    command::Ran::of(&veritee.output().unwrap())
}

#[test]
fn the_example_of_a_configuration_is_accepted_by_its_check() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("veritee.toml");
    let example = veritee(["config", "example"]).expect(0).stdout;
    std::fs::write(&file, &example).unwrap();
    let checked = veritee(["config", "check", "--file", file.to_str().unwrap()]).expect(0);
    for words in ["configuration is valid", "127.0.0.1:8443  (default)", "public-url", "not set  (default)"] {
        assert!(checked.stdout.contains(words), "{}", checked.stdout);
    }
    // The keys that have a default can be set to it.
    let defaults =
        ["listen", "connections-per-peer", "location", "data", "max-staleness", "audit", "http", "simulated"];
    let is_default = |line: &str| defaults.iter().any(|key| line.starts_with(&format!("#{key} = ")));
    let lines = example.lines().map(|line| if is_default(line) { &line[1..] } else { line });
    std::fs::write(&file, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let checked = veritee(["config", "check", "--json", "--file", file.to_str().unwrap()]).expect(0).json();
    let from_file = checked["options"].as_array().unwrap().iter().filter(|option| option["origin"] == "file").count();
    assert_eq!((checked["valid"].as_bool(), from_file), (Some(true), defaults.len()), "{checked}");
    // The help of the service has every flag and every variable that the example has.
    let help = veritee(["serve", "--help"]).expect(0).stdout;
    for line in example.lines().filter(|line| line.starts_with("# Flag: ")) {
        let mut words = line.split([' ', '.']).filter(|word| word.starts_with("--") || word.starts_with("VERITEE_"));
        assert!(words.all(|word| help.contains(word)), "{line}");
    }
}

#[test]
fn a_flag_goes_before_the_environment_and_the_environment_before_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("veritee.toml");
    let text =
        "location = \"file\"\nmax-staleness = 60\nhttp = true\naccept-tcb = [\"OutOfDate\"]\naudit = \"decisions\"\n";
    std::fs::write(&file, text).unwrap();
    let variables = [
        ("VERITEE_SERVE_CONFIG", file.to_str().unwrap()),
        ("VERITEE_SERVE_MAX_STALENESS", "5m"),
        ("VERITEE_SERVE_HTTP", "false"),
        ("VERITEE_SERVE_ACCEPT_TCB", "SWHardeningNeeded,OutOfDate"),
        ("VERITEE_DATABASE_URL", "postgres://user:swordfish@localhost/db"),
    ];
    let ran = veritee_with(&variables, &["config", "check", "--json"]).expect(0);
    assert!(!ran.stdout.contains("swordfish"), "{}", ran.stdout);
    let json = ran.json();
    let option = |key: &str| {
        let option = json["options"].as_array().unwrap().iter().find(|option| option["key"] == key).unwrap();
        (option["value"].clone(), option["origin"].as_str().unwrap().to_owned(), option["line"].as_u64())
    };
    assert_eq!(option("location"), ("file".into(), "file".into(), Some(1)));
    assert_eq!(option("max-staleness"), ("5m".into(), "environment".into(), None));
    assert_eq!(option("http"), (false.into(), "environment".into(), None));
    let accepted = serde_json::json!(["SWHardeningNeeded", "OutOfDate"]);
    assert_eq!(option("accept-tcb"), (accepted, "environment".into(), None));
    assert_eq!(option("audit"), ("decisions".into(), "file".into(), Some(5)));
    assert_eq!(option("listen"), ("127.0.0.1:8443".into(), "default".into(), None));
    assert_eq!(json["secrets"][0], serde_json::json!({"variable": "VERITEE_DATABASE_URL", "set": true}));
    let misspelt = veritee_with(&[("VERITEE_SERVE_LISTN", "127.0.0.1:1")], &["config", "check"]).expect(0);
    assert!(misspelt.stderr.contains("`VERITEE_SERVE_LISTN` has no effect"), "{}", misspelt.stderr);
    // A flag wins over all of them: the service refuses the address of the flag.
    let refused = veritee_with(
        &[("VERITEE_SERVE_LISTEN", "127.0.0.1:0"), ("VERITEE_SERVE_SIMULATED", "true")],
        &["serve", "--listen", "0.0.0.0:1"],
    );
    assert!(refused.expect(2).stderr.contains("--listen 0.0.0.0:1"));
    let refused = veritee_with(&[("VERITEE_SERVE_LISTEN", "nonsense")], &["serve"]).expect(2);
    assert!(refused.stderr.contains("environment variable VERITEE_SERVE_LISTEN"), "{}", refused.stderr);
    let refused = veritee_with(&[("VERITEE_SERVE_LISTEN", "nonsense")], &["config", "check"]).expect(1);
    assert!(refused.stderr.contains("environment variable VERITEE_SERVE_LISTEN"), "{}", refused.stderr);
}

#[test]
fn a_wrong_file_is_refused_with_its_place_and_help() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("veritee.toml");
    let path = file.to_str().unwrap();
    for (text, words) in [
        ("http = true\nlisten_ = \"x\"", &["line 2, column 1", "unknown key `listen_`", "did you mean `listen`"][..]),
        ("max-stalenes = 1", &["did you mean `max-staleness`"]),
        ("zzz = 1", &["unknown key `zzz`", "config example"]),
        ("config = \"other.toml\"", &["unknown key `config`"]),
        ("http = true\nhttp = false", &["line 2, column 1", "duplicate key", "remove one"]),
        ("listen = ", &["line 1", "invalid TOML"]),
        ("listen = 8443", &["line 1, column 10", "must be a text in quotes", "an integer"]),
        ("http = \"yes\"", &["must be true or false"]),
        ("http = 1", &["must be true or false"]),
        ("connections-per-peer = \"many\"", &["must be an integer"]),
        ("connections-per-peer = 513", &["line 1, column 24", "use 1 to 512"]),
        ("max-staleness = \"5 minutes\"", &["invalid value `5 minutes` of `max-staleness`", "such as 30d"]),
        ("max-staleness = 1.5", &["must be a duration in quotes", "a number with a fraction"]),
        ("audit-retention = \"90\"", &["`90`", "such as 90d"]),
        ("audit-retention = 90", &["must be a text in quotes"]),
        ("accept-tcb = \"OutOfDate\"", &["must be an array of texts"]),
        ("accept-tcb = [\"Revoked\"]", &["never be accepted"]),
        ("accept-tcb = [1]", &["must be an array of texts"]),
        ("audit = \"everything\"", &["choose from changes, decisions"]),
        ("dangerous-verification-time = \"now\"", &["invalid value `now`", "RFC 3339"]),
        ("[serve]\nlisten = \"127.0.0.1:1\"", &["unknown key `serve`"]),
        ("[[access-issuer]]\nissuers = \"x\"", &["line 2", "issuers", "docs/providers.md"]),
        ("tls-key = \"key.pem\"", &["go together"]),
        ("simulated = true\nlisten = \"0.0.0.0:1\"", &["loopback"]),
        ("public-url = \"https://attest.example\"", &["localhost alone"]),
    ] {
        std::fs::write(&file, text).unwrap();
        let checked = veritee(["config", "check", "--file", path]).expect(1);
        let json = veritee(["config", "check", "--json", "--file", path]).expect(1).json();
        assert_eq!(json["valid"], false);
        assert!(json["error"]["help"].as_str().is_some_and(|help| !help.is_empty()), "{json}");
        let data = directory.path().join("data");
        let mut arguments = vec!["serve", "--config", path, "--data", data.to_str().unwrap()];
        // A port of its own, unless the file is about the address.
        arguments.extend(if text.contains("listen =") { &[][..] } else { &["--listen", "127.0.0.1:0"] });
        let served = veritee(arguments).expect(2);
        for ran in [checked, served] {
            assert!(words.iter().all(|word| ran.stderr.contains(word)), "{text}\n{}", ran.stderr);
            assert!(ran.stderr.contains("help:") && ran.stdout.is_empty(), "{text}\n{}", ran.stderr);
        }
        assert!(!data.exists());
    }
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    assert!(veritee(["config", "check", "--file", path]).expect(1).stderr.contains("not UTF-8"));
    let absent = directory.path().join("absent");
    let refused = veritee(["config", "check", "--json", "--file", absent.to_str().unwrap()]).expect(3);
    assert!(refused.stderr.contains("cannot read") && refused.stdout.is_empty(), "{}", refused.stderr);
    std::fs::write(&file, "tls-certificate = \"/nonexistent\"\ndatabase-url-file = \"/nonexistent/url\"").unwrap();
    assert!(veritee(["config", "check", "--file", path]).expect(3).stderr.contains("/nonexistent"));
}
