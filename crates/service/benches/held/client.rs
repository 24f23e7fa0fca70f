//! Clients that send requests and read nothing.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::service::Service;

/// The largest window (RFC 9113, section 6.9.1).
pub const OPEN: u32 = (1 << 31) - 1;
/// What a connection's window has from the start.
const FIRST_WINDOW: u32 = 65_535;
/// The longest frame that a service takes.
const FRAME: usize = 16 << 10;
/// Bytes of the value of a further header field.
const FIELD: usize = 120;

/// How connections are made.
pub struct Connector<'a> {
    service: &'a Service,
    tls: Option<Arc<ClientConfig>>,
}

impl<'a> Connector<'a> {
    pub fn to(service: &'a Service) -> Self {
        let tls = service.with_tls.then(|| {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(service.data.join("tls/ca.pem")).unwrap()).unwrap();
            Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
        });
        Self { service, tls }
    }

    pub fn connect(&self) -> Client {
        let mut stream = TcpStream::connect(self.service.address).unwrap();
        // A service that has enough of a client does not take what it sends.
        stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        let host = self.service.host();
        let Some(config) = &self.tls else { return Client { stream: Box::new(stream), host } };
        let name = ServerName::try_from("localhost").unwrap();
        let mut session = ClientConnection::new(Arc::clone(config), name).unwrap();
        while session.is_handshaking() {
            session.complete_io(&mut stream).unwrap();
        }
        Client { stream: Box::new(StreamOwned::new(session, stream)), host }
    }
}

pub struct Client {
    stream: Box<dyn Write>,
    host: String,
}

impl Client {
    fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
    }

    pub fn get(&mut self, path: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host).as_bytes());
    }

    /// Sends a request but for the last byte of its body.
    pub fn post(&mut self, path: &str, length: usize) {
        let host = &self.host;
        let header = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
        self.send(header.as_bytes());
        self.send(&vec![b' '; length - 1]);
    }

    /// Begins HTTP/2, with windows of that size for answers.
    pub fn preface(&mut self, window: u32) {
        let initial_window_size = [&[0, 4][..], &window.to_be_bytes()].concat();
        let settings = frame(4, 0, 0, &initial_window_size);
        let more = frame(8, 0, 0, &window.saturating_sub(FIRST_WINDOW).max(1).to_be_bytes());
        self.send(&[&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &settings, &more].concat());
    }

    pub fn get_on(&mut self, stream: u32, path: &str) {
        let request = self.request(stream, "GET", path, 0, true);
        self.send(&request);
    }

    /// Sends a request but for the last byte of its body.
    pub fn post_on(&mut self, stream: u32, path: &str, length: usize) {
        let mut request = self.request(stream, "POST", path, 0, false);
        for part in vec![b' '; length - 1].chunks(FRAME) {
            request.extend(frame(0, 0, 2 * stream + 1, part));
        }
        self.send(&request);
    }

    /// Sends a request without its body, whose header has so many fields more.
    pub fn post_with_fields_on(&mut self, stream: u32, path: &str, count: usize) {
        let request = self.request(stream, "POST", path, count, false);
        self.send(&request);
    }

    /// The header of a request, its fields literally and without a table (RFC 7541, section 6.2.2).
    fn request(&self, stream: u32, method: &str, path: &str, more: usize, is_whole: bool) -> Vec<u8> {
        let mut fields = Vec::new();
        let named = [(":method", method), (":scheme", "http"), (":authority", &self.host), (":path", path)];
        let value = "x".repeat(FIELD);
        for (name, value) in named.into_iter().chain(std::iter::repeat_n(("x", value.as_str()), more)) {
            fields.push(0);
            for text in [name, value] {
                fields.push(u8::try_from(text.len()).unwrap());
                fields.extend_from_slice(text.as_bytes());
            }
        }
        frame(1, if is_whole { 5 } else { 4 }, 2 * stream + 1, &fields)
    }
}

/// A frame of HTTP/2 (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}
