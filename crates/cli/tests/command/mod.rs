//! The binary, as a person runs it.
#![allow(dead_code)] // each test binary uses its part

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

pub struct Ran {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let exit = output.status.code().unwrap_or_else(|| panic!("killed: {}", text(&output.stderr)));
        let ran = Self { exit, stdout: text(&output.stdout), stderr: text(&output.stderr) };
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        ran
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("{}{}", self.stdout, self.stderr))
    }

    pub fn expect(self, exit: i32) -> Self {
        assert_eq!(self.exit, exit, "{}{}", self.stdout, self.stderr);
        self
    }
}

pub fn veritee<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Ran {
    Ran::of(&Command::new(env!("CARGO_BIN_EXE_veritee")).args(arguments).stdin(Stdio::null()).output().unwrap())
}

/// dcap-qvl's own SGX sample: quote and collateral.
pub fn sample() -> (PathBuf, PathBuf) {
    let samples = test_support::package("dcap-qvl").join("sample");
    (samples.join("sgx_quote"), samples.join("sgx_quote_collateral.json"))
}

/// A service in a process of its own, ended with the test.
pub struct Serving {
    child: Child,
    pub url: String,
    pub data: PathBuf,
}

impl Serving {
    pub fn start(data: &Path, arguments: &[&str]) -> Self {
        Self::start_with_log(data, arguments, Stdio::null())
    }

    /// The same with a place for the log.
    pub fn start_with_log(data: &Path, arguments: &[&str], log: Stdio) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_veritee"))
            .args(["serve", "--data"])
            .arg(data)
            .args(arguments)
            .args(if arguments.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] })
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("veritee is ready at ").unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Self { child, url, data: data.to_owned() }
    }

    pub fn ca(&self) -> PathBuf {
        self.data.join("tls/ca.pem")
    }

    /// Asks it to terminate and gives its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
