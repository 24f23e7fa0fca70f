//! PostgreSQL servers of the benchmark's own, where PostgreSQL is installed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/test-postgres");

/// A server, until this is dropped. It runs on the core of whoever starts it.
pub struct Database {
    guard: Child,
    pub url: String,
}

impl Database {
    pub fn is_there() -> bool {
        Command::new(SCRIPT).arg("find").stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    }

    pub fn start() -> Self {
        // The script gives it to the server's user, and removes it.
        let directory = tempfile::tempdir().unwrap().keep();
        let mut command = Command::new(SCRIPT);
        command.arg("run").arg(directory).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut guard = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(guard.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(url.starts_with("postgres://"), "PostgreSQL did not start");
        Self { guard, url: url.trim().to_owned() }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}
