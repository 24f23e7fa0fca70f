//! The arrows between the crates, as ARCHITECTURE.md draws them: they run downwards only.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

/// From the bottom up; a crate may use those of lower floors.
const FLOORS: &[(&str, &[&str])] = &[
    ("error contract", &["problem"]),
    ("leaves", &["strict-json", "abi", "state-dir", "unix-time"]),
    ("signing", &["jose"]),
    ("pure", &["policy", "dcap", "sgx"]),
    ("appraisal", &["evidence"]),
    ("tokens", &["token"]),
    ("HTTP, outbound and inbound", &["fetch", "web"]),
    ("effects", &["collateral", "oidc", "store", "machine", "simulator"]),
    ("keeping", &["aesm", "client", "cache"]),
    ("domain", &["attestation"]),
    ("services", &["service"]),
    ("programs", &["cli"]),
];

/// Only programs and tests may simulate: to everybody else a simulated root is data.
const SIMULATOR_USERS: [&str; 1] = ["cli"];

/// What lies up to the floor "pure" reaches no network.
const NETWORK: [&str; 6] = ["http", "hyper", "reqwest", "rustls", "socket2", "tokio"];

/// For tests alone.
const TEST_SUPPORT: &str = "test-support";

/// Each crate of ours with those of ours that it is built from; what tests alone use does not count.
fn arrows() -> BTreeMap<String, Vec<String>> {
    let mut arrows = dependencies();
    let ours: Vec<String> = arrows.keys().cloned().collect();
    arrows.values_mut().for_each(|used| used.retain(|krate| ours.contains(krate)));
    arrows
}

/// Each crate of ours with everything that it names as a dependency; what tests alone use does not count.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let name = |package: &Value| package["name"].as_str().unwrap().to_owned();
    let used_by = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        dependencies.filter(|d| d["kind"].is_null()).map(name).collect()
    };
    packages.iter().map(|package| (name(package), used_by(package))).collect()
}

fn floor(krate: &str) -> usize {
    FLOORS
        .iter()
        .position(|(_, crates)| crates.contains(&krate))
        .unwrap_or_else(|| panic!("`{krate}` stands on no floor: add it to the house in ARCHITECTURE.md and here"))
}

#[test]
fn arrows_run_downwards_only() {
    for (from, targets) in arrows().iter().filter(|(from, _)| *from != TEST_SUPPORT) {
        for to in targets {
            assert!(floor(to) < floor(from), "`{from}` imports `{to}`, which does not lie below it");
        }
    }
}

#[test]
fn leaves_and_policy_import_nothing_of_ours_but_the_error_contract() {
    let arrows = arrows();
    for krate in ["problem", "policy", "abi", "strict-json", "state-dir", "unix-time", "fetch"] {
        let others: Vec<_> = arrows[krate].iter().filter(|import| *import != "problem").collect();
        assert!(others.is_empty(), "`{krate}` imports {others:?}");
    }
    assert!(arrows["problem"].is_empty());
    let allowed = ["problem", "state-dir", "unix-time"];
    assert!(arrows["web"].iter().all(|import| allowed.contains(&import.as_str())), "{:?}", arrows["web"]);
    let allowed = ["problem", "unix-time", "strict-json", "abi", "jose"];
    assert!(arrows["token"].iter().all(|import| allowed.contains(&import.as_str())), "{:?}", arrows["token"]);
    let allowed = ["problem", "unix-time", "strict-json", "jose", "fetch"];
    assert!(arrows["oidc"].iter().all(|import| allowed.contains(&import.as_str())), "{:?}", arrows["oidc"]);
    assert!(arrows["store"].iter().all(|import| ["problem", "unix-time"].contains(&import.as_str())));
}

#[test]
fn pure_crates_reach_no_network() {
    for (krate, used) in dependencies().iter().filter(|(krate, _)| *krate != TEST_SUPPORT) {
        let is_pure = floor(krate) <= floor("token");
        let network: Vec<_> = used.iter().filter(|used| NETWORK.contains(&used.as_str())).collect();
        assert!(!is_pure || network.is_empty(), "`{krate}` uses {network:?}");
    }
}

#[test]
fn only_programs_and_tests_simulate() {
    for (krate, imports) in arrows() {
        let allowed = !imports.contains(&"simulator".to_owned()) || SIMULATOR_USERS.contains(&krate.as_str());
        assert!(allowed, "`{krate}` imports the simulator");
        assert!(!imports.contains(&TEST_SUPPORT.to_owned()), "`{krate}` imports test support outside tests");
    }
}
