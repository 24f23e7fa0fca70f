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

    std::fs::write(&file, "nonsense\n").unwrap();
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
    std::fs::write(other.join("admin-token"), &token).unwrap();
    drop(Serving::start(&other, &["--simulated", "--http"]));
    assert_eq!(std::fs::read_to_string(other.join("admin-token")).unwrap(), token);
}
