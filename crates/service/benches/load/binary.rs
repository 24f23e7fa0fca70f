//! The binary as packages have it: profile `dist`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Builds it, by itself: in one go with the benchmark its libraries would be built with what tests need besides.
pub fn build() -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args([
        "build",
        "--profile",
        "dist",
        "--locked",
        "--package",
        "cli",
        "--bin",
        "veritee",
        "--message-format",
        "json",
    ]);
    let built = command.stderr(Stdio::inherit()).output().unwrap();
    assert!(built.status.success(), "the binary cannot be built");
    let lines = std::str::from_utf8(&built.stdout).unwrap().lines();
    let messages = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let executable = |message: Value| message["executable"].as_str().map(PathBuf::from);
    messages.filter_map(executable).next_back().unwrap()
}
