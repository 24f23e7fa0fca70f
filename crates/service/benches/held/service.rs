//! The release binary as a process of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A service that runs until this is dropped.
pub struct Service {
    child: Child,
    pub address: SocketAddr,
    pub data: PathBuf,
    pub with_tls: bool,
}

impl Service {
    /// Starts it over a simulated machine, for clients that all come from one address.
    pub fn start(binary: &Path, data: &Path, with_tls: bool) -> Self {
        let mut command = Command::new(binary);
        command.args(["serve", "--simulated", "--listen", "127.0.0.1:0", "--connections-per-peer", "512", "--data"]);
        command.arg(data).args((!with_tls).then_some("--http"));
        let log = File::options().create(true).append(true).open(data.with_extension("log")).unwrap();
        command.env_remove("VERITEE_LOG").env_remove("VERITEE_DATABASE_URL");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let port = ready.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        let port: u16 = port.unwrap_or_else(|| panic!("the service did not start: {ready}"));
        Self { child, address: ([127, 0, 0, 1], port).into(), data: data.to_owned(), with_tls }
    }

    /// What requests name as host.
    pub fn host(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// Revokes so many tokens by their ids.
    pub fn revoke(&self, count: usize) {
        let token = fs::read_to_string(self.data.join("admin-token")).unwrap();
        let mut stream = TcpStream::connect(self.address).unwrap();
        let mut received = [0; 4096];
        for number in 0..count {
            let body = format!("jti={number:064x}");
            let header = format!(
                "POST /revoke HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
                self.host(),
                token.trim(),
                body.len(),
            );
            stream.write_all(format!("{header}{body}").as_bytes()).unwrap();
            let length = stream.read(&mut received).unwrap();
            assert!(received.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&received[..length]));
        }
    }

    /// Resident memory in MiB, at the most so far.
    pub fn peak_mib(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
