//! A PostgreSQL server of the tests' own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, PgConnection};

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/test-postgres")
}

/// A server that ends when this or the process that holds it does, however that ends.
pub struct Server {
    url: String,
    directory: PathBuf,
    guard: Child,
    databases: AtomicU32,
}

impl Server {
    /// Starts one, where PostgreSQL is installed. It speaks TLS where it is given a certificate and its key in PEM.
    pub fn start(tls: Option<(&str, &str)>) -> Option<Self> {
        if !test_support::runs(script().to_str().unwrap(), &["find"]) {
            return None;
        }
        // The script removes it.
        let directory = tempfile::tempdir().unwrap().keep();
        if let Some((certificate, key)) = tls {
            std::fs::write(directory.join("server.crt"), certificate).unwrap();
            std::fs::write(directory.join("server.key"), key).unwrap();
        }
        let mut command = Command::new(script());
        command.arg("run").arg(&directory).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut guard = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(guard.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(url.starts_with("postgres://"), "PostgreSQL did not start");
        Some(Self { url: url.trim().to_owned(), directory, guard, databases: AtomicU32::new(0) })
    }

    /// The server of all tests that do it no harm.
    pub fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Server>> = OnceLock::new();
        SERVER.get_or_init(|| Self::start(None)).as_ref()
    }

    /// The URL of a new database.
    pub async fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        execute(&self.url, format!("CREATE DATABASE {name}")).await;
        self.url.replace("/postgres", &format!("/{name}"))
    }

    /// Stops it; its data stay.
    pub fn stop(&self) {
        self.run("stop");
    }

    /// Starts it again, where it was.
    pub fn start_again(&self) {
        self.run("start");
    }

    fn run(&self, command: &str) {
        let status = Command::new(script()).arg(command).arg(&self.directory).stdout(Stdio::null()).status();
        assert!(status.unwrap().success(), "{command}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        self.guard.wait().unwrap();
    }
}

/// Executes a statement on a connection of its own.
pub async fn execute(url: &str, sql: String) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
