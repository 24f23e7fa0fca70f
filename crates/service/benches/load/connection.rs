//! A connection that stays open: HTTP/1.1, plain or in TLS 1.3, never waited for.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// Bytes read at once: an answer has some 4,000.
const READ: usize = 16 << 10;

/// How connections are made.
#[derive(Clone)]
pub struct Connector {
    pub address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
}

impl Connector {
    pub fn plain(address: SocketAddr) -> Self {
        Self { address, tls: None }
    }

    /// TLS 1.3 and nothing older, to a service that the CA in PEM vouches for.
    pub fn tls(address: SocketAddr, ca: &[u8]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca).unwrap()).unwrap();
        let config = ClientConfig::builder_with_protocol_versions(&[&rustls::version::TLS13])
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { address, tls: Some(Arc::new(config)) }
    }

    pub fn connect(&self) -> Connection {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        let tls = self.tls.as_ref().map(|config| {
            let name = ServerName::try_from("localhost").unwrap();
            let mut tls = ClientConnection::new(Arc::clone(config), name).unwrap();
            while tls.is_handshaking() {
                tls.complete_io(&mut stream).unwrap();
            }
            tls
        });
        stream.set_nonblocking(true).unwrap();
        Connection { stream, tls, unsent: Vec::new(), received: Vec::new() }
    }
}

pub struct Connection {
    stream: TcpStream,
    tls: Option<ClientConnection>,
    unsent: Vec<u8>,
    received: Vec<u8>,
}

impl Connection {
    /// Sends a request, whose parts follow each other, as far as that goes without waiting.
    pub fn send(&mut self, parts: [&[u8]; 2]) {
        parts.iter().for_each(|part| self.unsent.extend_from_slice(part));
        if let Some(tls) = &mut self.tls {
            tls.writer().write_all(&self.unsent).unwrap();
            self.unsent.clear();
        }
        self.push();
    }

    fn push(&mut self) {
        match &mut self.tls {
            Some(tls) => while tls.wants_write() && ready(tls.write_tls(&mut self.stream)).is_some() {},
            None => {
                while !self.unsent.is_empty() {
                    let Some(sent) = ready(self.stream.write(&self.unsent)) else { return };
                    self.unsent.drain(..sent);
                }
            }
        }
    }

    /// The answer, once it is there.
    pub fn answer(&mut self) -> Option<Answer> {
        self.push();
        let old = self.received.len();
        match &mut self.tls {
            Some(tls) => {
                assert_ne!(ready(tls.read_tls(&mut self.stream))?, 0, "the service closed a connection");
                let state = tls.process_new_packets().unwrap();
                self.received.resize(old + state.plaintext_bytes_to_read(), 0);
                tls.reader().read_exact(&mut self.received[old..]).unwrap();
            }
            None => {
                self.received.resize(old + READ, 0);
                let read = ready(self.stream.read(&mut self.received[old..]));
                self.received.truncate(old + read.unwrap_or_default());
                assert_ne!(read?, 0, "the service closed a connection");
            }
        }
        let (answer, length) = Answer::read(&self.received)?;
        assert_eq!(length, self.received.len(), "more than one answer to one request");
        self.received.clear();
        Some(answer)
    }

    /// Asks once and waits for the answer.
    pub fn ask(&mut self, parts: [&[u8]; 2]) -> Answer {
        self.send(parts);
        std::iter::repeat_with(|| self.answer()).flatten().next().unwrap()
    }
}

/// Nothing where one would have to wait.
fn ready(done: io::Result<usize>) -> Option<usize> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        done => Some(done.unwrap()),
    }
}

pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// The answer at the beginning of the bytes, and its length, where it is whole. It has a length and no chunks.
    pub fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let head = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
        let text = std::str::from_utf8(&bytes[..head]).unwrap();
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let end = head + length.map_or(0, |length| length.parse::<usize>().unwrap());
        let body = bytes.get(head..end)?.to_vec();
        Some((Self { status, body }, end))
    }
}
