//! `veritee serve` with tables `[[access-issuer]]` in its configuration.

mod command;
#[allow(dead_code)] // its other parts are for the tests of the service
#[path = "../../service/tests/running/issuer.rs"]
mod issuer;

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use command::{Serving, veritee};
use issuer::{AUDIENCE, Issuer};
use serde_json::json;

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

const GOOD: &str = r#"
[[access-issuer]]
issuer = "https://login.example"
audience = "https://attest.example"
algorithms = ["RS256", "ES256"]

[[access-issuer.rule]]
claim = "roles"
value = "reader"
role = "reader"
providers = ["*"]
"#;

#[test]
fn a_token_of_a_trusted_issuer_administers_as_its_claims_allow() {
    let directory = tempfile::tempdir().unwrap();
    let issuer = Issuer::start();
    let ca = write(directory.path(), "ca.pem", issuer.authority_pem());
    let config = GOOD
        .replace("https://login.example", &issuer.url)
        .replace("https://attest.example", AUDIENCE)
        .replace("algorithms", &format!("ca = {:?}\nalgorithms", ca.to_str().unwrap()));
    let config = write(directory.path(), "config.toml", &config);
    let data = directory.path().join("data");
    let serving = Serving::start(&data, &["--http", "--config", config.to_str().unwrap()]);
    let ask = |what: &[&str], roles: &str| {
        let token = write(directory.path(), "token", &issuer.token(json!({"roles": [roles]})));
        let service = ["--url", &serving.url, "--token-file", token.to_str().unwrap(), "--json"];
        veritee(["provider"].iter().chain(what).chain(&service))
    };
    let listed = ask(&["list"], "reader").expect(0).json();
    assert_eq!(listed["value"][0]["name"], "default", "{listed}");
    let refused = ask(&["rotate-keys", "default"], "reader").expect(3);
    assert!(refused.stderr.contains("does not have the role owner"), "{}", refused.stderr);
    assert!(refused.stderr.contains(&format!("{}|alice", issuer.url)), "{}", refused.stderr);
    let refused = ask(&["list"], "writer").expect(3);
    assert!(refused.stderr.contains("has no role here"), "{}", refused.stderr);
}

#[test]
fn issuers_that_cannot_be_trusted_are_refused_at_the_start_with_their_place_and_a_fix() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let with = |what: &str, instead: &str| {
        assert!(GOOD.contains(what), "{what}");
        GOOD.replace(what, instead)
    };
    let providers = "providers = [\"*\"]";
    for (config, words) in [
        (with("audience =", "audiences ="), &["line 4", "audiences"][..]),
        (with("claim =", "claims ="), &["line 8", "claims"]),
        (with("\"RS256\"", "\"HS256\""), &["line 5", "HS256", "RS256"]),
        (with("\"RS256\"", "\"none\""), &["line 5", "none", "RS256"]),
        (with("role = \"reader\"", "role = \"king\""), &["line 10", "king", "contributor"]),
        (with("claim = \"roles\"", "claim = 7"), &["line 8", "realm_access.roles"]),
        (with("issuer = \"https://login.example\"", ""), &["line 2", "issuer"]),
        (with(providers, ""), &["[[access-issuer]] 1, rule 1", "without providers", "[\"*\"]"]),
        (with(providers, "providers = [\"a/b\"]"), &["[[access-issuer]] 1, rule 1", "`a/b`"]),
        (with(providers, "providers = []"), &["[[access-issuer]] 1", "rule 1", "is empty"]),
        (
            with("role = \"reader\"", "role = \"owner\"").replace(providers, "providers = [\"contoso\"]"),
            &["[[access-issuer]] 1", "rule 1", "owns the service"],
        ),
        (with("claim = \"roles\"", "claim = \"a..b\""), &["rule 1", "claim path"]),
        (with("claim = \"roles\"", "claim = []"), &["rule 1", "claim path"]),
        (with("https://login.example", "http://login.example"), &["[[access-issuer]] 1", "HTTPS", "https://"]),
        (with("https://login.example", "https://localhost:1/p/one"), &["[[access-issuer]] 1", "attestation tokens"]),
        (format!("{GOOD}{GOOD}"), &["[[access-issuer]] 1", "twice"]),
        (with("algorithms =", "ca = \"/nonexistent\"\nalgorithms ="), &["cannot read", "/nonexistent"]),
        (with("algorithms =", "jwks-url = \"keys\"\nalgorithms ="), &["[[access-issuer]] 1", "`keys`"]),
    ] {
        let config = write(directory.path(), "config.toml", &config);
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--public-url", "https://localhost:1", "--data"];
        let rest = [data.to_str().unwrap(), "--config", config.to_str().unwrap()];
        let ran = veritee(arguments.into_iter().chain(rest));
        assert!([2, 3].contains(&ran.exit), "{words:?}: {}", ran.stderr);
        for word in words {
            assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
        }
        assert!(ran.stderr.contains("help:"), "{}", ran.stderr);
        let is_named = ran.stderr.contains("config.toml") || ran.stderr.contains("/nonexistent");
        assert!(is_named, "{}", ran.stderr);
    }
    assert!(!data.exists(), "nothing was made");
}
