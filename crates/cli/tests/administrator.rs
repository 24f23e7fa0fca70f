//! The administrator's token, as a person finds and uses it.

mod command;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use command::{Serving, veritee};

const POLICY: &str = "version=1.0; authorizationrules{=> permit();}; issuancerules{};";

/// The status that `/policies/SgxEnclave` answers a PUT with.
fn put(serving: &Serving, token: &str, jws: &Path) -> String {
    let jws = std::fs::read_to_string(jws).unwrap();
    let address = serving.url.strip_prefix("http://").unwrap().replace("localhost", "127.0.0.1");
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "PUT /policies/SgxEnclave HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{jws}",
        jws.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_whitespace().nth(1).unwrap_or_default().to_owned()
}

#[test]
fn the_first_start_leaves_a_token_that_sets_policies_and_later_starts_keep_it() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let policy = directory.path().join("my.policy");
    std::fs::write(&policy, POLICY).unwrap();
    let jws = directory.path().join("my.jws");
    let signed = veritee(["policy", "sign", policy.to_str().unwrap(), "--unsecured"]).expect(0).stdout;
    std::fs::write(&jws, signed).unwrap();

    let serving = Serving::start(&data, &["--simulated", "--http"]);
    let file = data.join("admin-token");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let token = std::fs::read_to_string(&file).unwrap();
    assert_eq!(put(&serving, token.trim(), &jws), "200");
    assert_eq!(put(&serving, "somebody", &jws), "401");
    assert_eq!(serving.terminate(), Some(0));

    let serving = Serving::start(&data, &["--simulated", "--http"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), token);
    assert_eq!(put(&serving, token.trim(), &jws), "200");
}

#[test]
fn a_start_that_was_cut_short_is_taken_up_and_a_file_that_holds_no_token_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).unwrap();
    let file = data.join("admin-token");

    let write_private = |file: &Path, text: &str| {
        std::fs::write(file, text).unwrap();
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    write_private(&file, "nonsense\n");
    let arguments = ["serve", "--simulated", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let refused = veritee(arguments).expect(3);
    assert!(refused.stderr.contains("no administrator's token"), "{}", refused.stderr);

    // Before the file had its name, and after, with the store yet to hear of it.
    std::fs::remove_file(&file).unwrap();
    std::fs::write(data.join("admin-token.new"), "half of a tok").unwrap();
    drop(Serving::start(&data, &["--simulated", "--http"]));
    let token = std::fs::read_to_string(&file).unwrap();
    assert_eq!(token.trim().len(), 43, "{token}");
    assert!(!data.join("admin-token.new").exists());

    let other = directory.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o700)).unwrap();
    write_private(&other.join("admin-token"), &token);
    drop(Serving::start(&other, &["--simulated", "--http"]));
    assert_eq!(std::fs::read_to_string(other.join("admin-token")).unwrap(), token);
}

/// Before there was a lock, the second one replaced the key that the first had sealed its signing keys under, or the token whose hash
/// the first had stored.
#[test]
fn two_first_starts_at_the_same_time_lose_neither_the_key_nor_the_token() {
    let directory = tempfile::tempdir().unwrap();
    let jws = directory.path().join("my.jws");
    let policy = directory.path().join("my.policy");
    std::fs::write(&policy, POLICY).unwrap();
    let signed = veritee(["policy", "sign", policy.to_str().unwrap(), "--unsecured"]).expect(0).stdout;
    std::fs::write(&jws, signed).unwrap();
    let rounds = [&["--http"][..]; 12].into_iter().chain([&["--http", "--simulated"][..]; 3]);
    for (round, arguments) in rounds.enumerate() {
        let data = directory.path().join(format!("data-{round}"));
        let services: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..3).map(|_| scope.spawn(|| Serving::start(&data, arguments))).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        let token = std::fs::read_to_string(data.join("admin-token")).unwrap();
        let key = std::fs::read_to_string(data.join("key-encryption-key")).unwrap();
        for serving in &services {
            assert_eq!(put(serving, token.trim(), &jws), "200", "round {round}");
        }
        drop(services);
        // What the first sealed is opened by the key that stayed.
        let serving = Serving::start(&data, arguments);
        assert_eq!(put(&serving, token.trim(), &jws), "200", "round {round}");
        assert_eq!(std::fs::read_to_string(data.join("key-encryption-key")).unwrap(), key);
        for name in ["admin-token", "key-encryption-key", "replica-id", "veritee.db", "lock"] {
            let mode = std::fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{name}");
        }
    }
}

#[test]
fn a_start_waits_for_another_one_and_then_takes_what_it_made() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let held = state_dir::PrivateDir::open_or_create(&data, state_dir::Trust::OWNER).unwrap();
    let lock = held.lock().unwrap();
    let started = std::thread::scope(|scope| {
        let start = scope.spawn(|| Serving::start(&data, &["--http"]));
        std::thread::sleep(std::time::Duration::from_millis(500));
        assert_eq!(held.names().unwrap(), ["lock"], "nothing is made without the lock");
        lock.create("key-encryption-key", "22".repeat(32).as_bytes()).unwrap();
        drop(lock);
        start.join().unwrap()
    });
    assert_eq!(std::fs::read_to_string(data.join("key-encryption-key")).unwrap(), "22".repeat(32));
    assert_eq!(started.terminate(), Some(0));
}
