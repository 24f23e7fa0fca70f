//! What becomes of a server's answers.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use fetch::{Address, Client, ClientError, FetchError, Proxy, Roots, Timeouts, Transport};
use http::{Method, StatusCode};

const LIMIT: usize = 64;

/// A client that needs no certificates of the platform.
fn client(request: Duration) -> Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let authority = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    let timeouts = Timeouts { connect: Duration::from_secs(5), request };
    Client::new(Roots::Only(authority.as_bytes()), Proxy::Never, timeouts).unwrap()
}

fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read_exact(&mut byte).is_err() {
            break;
        }
        head.extend(byte);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// A server that sends these bytes for every request, and leaves the connection open for a while.
fn serve(answer: &'static str, hold: Duration) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            head_of(&mut stream);
            // A client that hangs up early is part of some tests.
            let _ = stream.write_all(answer.as_bytes());
            thread::sleep(hold);
        }
    });
    Address::parse_base(&address, Transport::HttpsOrLoopbackHttp).unwrap()
}

async fn get(answer: &'static str) -> Result<Vec<u8>, FetchError> {
    client(Duration::from_secs(20)).get(&serve(answer, Duration::ZERO), LIMIT).await
}

#[tokio::test]
async fn a_body_of_the_limit_is_read_and_a_longer_one_is_refused() {
    const FULL: &str = "HTTP/1.1 200 OK\r\ncontent-length: 64\r\n\r\n\
        0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    assert_eq!(get(FULL).await.unwrap().len(), LIMIT);
    const LONG: &str = "HTTP/1.1 200 OK\r\ncontent-length: 65\r\n\r\n\
        0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0";
    assert!(matches!(get(LONG).await, Err(FetchError::TooLong { limit: LIMIT, .. })));
    // The length is not announced, so it counts as it arrives.
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
        28\r\n0123456789abcdef0123456789abcdef01234567\r\n28\r\n0123456789abcdef0123456789abcdef01234567\r\n0\r\n\r\n";
    assert!(matches!(get(CHUNKED).await, Err(FetchError::TooLong { .. })));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    const MOVED: &str = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    assert!(matches!(get(MOVED).await, Err(FetchError::Status { status: 302, .. })));
}

#[tokio::test]
async fn only_status_200_is_an_answer_and_every_status_is_one_if_the_caller_looks_at_it() {
    const EMPTY: &str = "HTTP/1.1 204 No Content\r\n\r\n";
    assert!(matches!(get(EMPTY).await, Err(FetchError::Status { status: 204, .. })));
    const REFUSED: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno";
    let address = serve(REFUSED, Duration::ZERO);
    let answer = client(Duration::from_secs(20)).request(Method::POST, &address).body("text".to_owned()).send(LIMIT);
    let answer = answer.await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (StatusCode::FORBIDDEN, b"no".as_slice()));
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    const GZIP: &str = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}";
    match get(GZIP).await {
        Err(FetchError::Encoded { encoding, .. }) => assert_eq!(encoding, "gzip"),
        other => panic!("{other:?}"),
    }
    const PLAIN: &str = "HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: 2\r\n\r\n{}";
    assert_eq!(get(PLAIN).await.unwrap(), b"{}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_in_time_is_given_up() {
    let client = client(Duration::from_millis(200));
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{"] {
        let silent = serve(answer, Duration::from_secs(30));
        match client.get(&silent, LIMIT).await {
            Err(FetchError::Transport { source, .. }) => assert!(source.is_timeout(), "{source}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_with_its_cause() {
    const CUT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}";
    let error = get(CUT).await.unwrap_err();
    assert!(matches!(error, FetchError::Transport { .. }), "{error:?}");
    let chain = problem::chain(&error);
    assert!(chain.starts_with(&format!("{error}: ")) && chain.len() > error.to_string().len() + 10, "{chain}");
}

#[tokio::test]
async fn nobody_listening_is_an_error() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = Address::parse_base(&format!("http://{unused}"), Transport::HttpsOrLoopbackHttp).unwrap();
    let result = client(Duration::from_secs(20)).get(&address, LIMIT).await;
    assert!(matches!(result, Err(FetchError::Transport { .. })));
}

#[tokio::test]
async fn no_body_and_no_header_that_http_forbids_is_sent() {
    let address = serve("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Duration::ZERO);
    let request = client(Duration::from_secs(20)).request(Method::GET, &address).header("x", "a\r\nb: c");
    assert!(matches!(request.send(LIMIT).await, Err(FetchError::Transport { .. })));
}

#[test]
fn authorities_that_are_no_certificates_are_refused() {
    drop(client(Duration::from_secs(1)));
    let timeouts = Timeouts { connect: Duration::from_secs(1), request: Duration::from_secs(1) };
    for pem in [b"".as_slice(), b"no PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let error = Client::new(Roots::Only(pem), Proxy::HttpsOfEnvironment, timeouts).unwrap_err();
        assert!(matches!(error, ClientError::Authorities(_) | ClientError::Build(_)), "{error:?}");
    }
}
