//! The metadata service, played by a server of a few lines on loopback.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use machine::metadata::{AmdCertification, MAX_ANSWER, Metadata, MetadataClientError, MetadataError, PckQuery};
use serde_json::{Value, json};

const REPORT: [u8; 1024] = [0xfb; 1024];

/// One request: its head, in lower case but for the first line, and its body.
type Request = (String, String);

fn read(stream: &mut impl Read) -> Request {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let (line, fields) = head.split_once("\r\n").unwrap();
    let fields = fields.to_lowercase();
    let length = fields.lines().find_map(|field| field.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    (format!("{line}\r\n{fields}"), String::from_utf8(body).unwrap())
}

/// A service that answers one request so, and a client of it.
fn service(status: &'static str, body: String) -> (Metadata, JoinHandle<Request>) {
    // Whichever test comes first installs it.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Metadata::at(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let thread = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let request = read(&mut stream);
        // A client that has enough hangs up.
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\nlocation: /elsewhere\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        request
    });
    (client, thread)
}

async fn quote(status: &'static str, body: impl ToString) -> Result<Vec<u8>, MetadataError> {
    let (client, thread) = service(status, body.to_string());
    let quote = client.td_quote(&REPORT).await;
    thread.join().unwrap();
    quote
}

#[tokio::test]
async fn a_report_gets_a_quote() {
    let (client, thread) = service("200 OK", json!({"quote": "-_8"}).to_string());
    assert_eq!(client.td_quote(&REPORT).await.unwrap(), [0xfb, 0xff]);
    let (head, body) = thread.join().unwrap();
    assert!(head.starts_with("POST /acc/tdquote HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nmetadata: true\r\n") && head.contains("\r\ncontent-type: application/json\r\n"));
    let body: Value = serde_json::from_str(&body).unwrap();
    let report = body["report"].as_str().unwrap();
    // 0xfb three times is `-_v7`; 1024 bytes end without padding.
    assert!(report.starts_with("-_v7") && report.len() == 1366, "{report}");
    assert_eq!(quote("200 OK", json!({"quote": "-_8="})).await.unwrap(), [0xfb, 0xff]);
}

#[tokio::test]
async fn a_guest_gets_amds_certificates() {
    let answer = json!({"vcekCert": "leaf", "tcbm": "DB18", "certificateChain": "chain", "cacheControl": "86400"});
    let (client, thread) = service("200 OK", answer.to_string());
    let expected = AmdCertification {
        vcek_cert: "leaf".to_owned(),
        tcbm: "DB18".to_owned(),
        certificate_chain: "chain".to_owned(),
    };
    assert_eq!(client.amd_certification().await.unwrap(), expected);
    assert!(thread.join().unwrap().0.starts_with("GET /metadata/THIM/amd/certification HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_platform_gets_its_certificate() {
    let answer =
        json!({"pckCert": "leaf", "sgx-Pck-Certificate-Issuer-Chain": "chain", "sgx-Tcbm": "0f", "cacheMaxAge": "1"});
    let (client, thread) = service("200 OK", answer.to_string());
    let query = PckQuery { qe_id: &[1; 16], cpu_svn: &[2; 16], pce_svn: 13, pce_id: 0x0100 };
    let certification = client.pck_certificate(&query).await.unwrap();
    assert_eq!((certification.certificate.as_str(), certification.issuer_chain.as_str()), ("leaf", "chain"));
    assert_eq!(certification.tcbm, "0f");
    let (head, _) = thread.join().unwrap();
    let path = format!(
        "GET /metadata/THIM/sgx/certification/v4/pckcert?qeid={}&cpusvn={}&pcesvn=0d00&pceid=0001&api-version=2021-07-22-preview HTTP/1.1\r\n",
        "01".repeat(16),
        "02".repeat(16)
    );
    assert!(head.starts_with(&path), "{head}");
}

#[tokio::test]
async fn refuses_answers_that_are_none() {
    assert!(matches!(quote("404 Not Found", "{}").await, Err(MetadataError::Status(404))));
    assert!(matches!(quote("302 Found", "").await, Err(MetadataError::Status(302))));
    assert!(matches!(quote("200 OK", "quote").await, Err(MetadataError::Json(_))));
    assert!(matches!(quote("200 OK", "{}").await, Err(MetadataError::Json(_))));
    assert!(matches!(quote("200 OK", r#"{"quote":"AA","quote":"AA"}"#).await, Err(MetadataError::Json(_))));
    assert!(matches!(quote("200 OK", json!({"quote": "+/8"})).await, Err(MetadataError::Base64(_))));
    assert!(matches!(quote("200 OK", json!({"quote": ""})).await, Err(MetadataError::NoQuote)));
    assert!(matches!(quote("200 OK", " ".repeat(MAX_ANSWER + 1)).await, Err(MetadataError::TooLong)));
}

#[tokio::test]
async fn where_nobody_listens_there_is_no_answer() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = Metadata::at(&format!("http://{address}")).unwrap();
    assert!(matches!(client.amd_certification().await, Err(MetadataError::Fetch(_))));
}

#[test]
fn refuses_addresses_that_are_none() {
    for address in
        ["", "169.254.169.254", "ftp://host", "http://user@host", "http://host?a", "http://host/#a", "http://:pw@host"]
    {
        assert!(matches!(Metadata::at(address), Err(MetadataClientError::Address(_))), "{address}");
    }
}
