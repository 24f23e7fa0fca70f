//! Clients that speak HTTP by hand, so that they can misbehave.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::running::Running;

/// Nothing in these tests takes that long.
const LIMIT: Duration = Duration::from_secs(20);

pub async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

pub async fn connect_with_tls(running: &Running) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(running.certificate.clone()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, connect(running.address).await).await.unwrap()
}

pub async fn get<S: AsyncWrite + Unpin>(stream: &mut S, path: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.unwrap();
}

/// Everything until the service closes the connection, however it does.
pub async fn rest<S: AsyncRead + Unpin>(stream: &mut S) -> Vec<u8> {
    let mut all = Vec::new();
    let read = timeout(LIMIT, stream.read_to_end(&mut all)).await.expect("the service closes the connection");
    if let Err(error) = read {
        let kinds = [io::ErrorKind::ConnectionReset, io::ErrorKind::UnexpectedEof, io::ErrorKind::BrokenPipe];
        assert!(kinds.contains(&error.kind()), "{error}");
    }
    all
}

/// Waits until a request on a new connection is answered.
pub async fn served(address: SocketAddr) {
    let asking = async {
        loop {
            let mut stream = connect(address).await;
            let asked = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            let mut all = Vec::new();
            if stream.write_all(asked).await.is_ok()
                && stream.read_to_end(&mut all).await.is_ok()
                && all.ends_with(b"small")
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LIMIT, asking).await.expect("the service has room again");
}

/// Whether a new connection is closed without an answer.
pub async fn is_refused(address: SocketAddr) -> bool {
    let mut stream = connect(address).await;
    let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    rest(&mut stream).await.is_empty()
}

/// A frame of HTTP/2 (RFC 9113, section 4.1).
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;

/// The preface of a client whose windows for answers have that size.
pub fn preface(window: u32) -> Vec<u8> {
    let initial_window_size = [&[0, 4][..], &window.to_be_bytes()].concat();
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(SETTINGS, 0, 0, &initial_window_size)].concat()
}

/// A request: literal fields without a table (RFC 7541, section 6.2.2), so that its length is that of its parts.
pub fn request(stream: u32, method: &str, path: &str, is_whole: bool) -> Vec<u8> {
    request_with(stream, method, path, &[], is_whole)
}

pub fn request_with(stream: u32, method: &str, path: &str, more: &[(&str, &str)], is_whole: bool) -> Vec<u8> {
    let mut fields = Vec::new();
    let pseudo = [(":method", method), (":scheme", "http"), (":authority", "localhost"), (":path", path)];
    for (name, value) in pseudo.iter().chain(more) {
        fields.push(0);
        for text in [name, value] {
            fields.push(u8::try_from(text.len()).unwrap());
            fields.extend_from_slice(text.as_bytes());
        }
    }
    frame(HEADERS, if is_whole { 5 } else { 4 }, stream, &fields)
}

/// Kinds of the frames in what was received.
pub fn kinds(mut bytes: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = bytes {
        kinds.push(*kind);
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        bytes = rest.get(length..).unwrap_or_default();
    }
    kinds
}
