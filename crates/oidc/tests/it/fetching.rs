//! Fetching against a server of a few lines on loopback.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
use std::thread;

use fetch::{Client, ClientError, FetchError, Transport};
use jose::{Jwk, Jwks};
use oidc::discovery::{DiscoveryError, MAX_BODY, client, fetch_keys};
use oidc::{IssuerKeys, KeySet, KeySource, KeySourceError};
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};

use crate::fixture::{NOW, certified, key_set, rsa_jwk};

const METADATA: &str = "/.well-known/openid-configuration";

/// Answers a path (second argument) of the server at an address (first argument) with a status line, headers and body.
type Handler = fn(&str, &str) -> (&'static str, String);

fn install_provider() {
    // Whichever test comes first installs it.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

fn answer(stream: &mut (impl Read + Write), base: &str, handler: Handler) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        request.extend(byte);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let (head, body) = handler(base, request.split(' ').nth(1).unwrap_or_default());
    write!(stream, "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn serve(scheme: &str, handler: Handler, wrap: impl Fn(TcpStream, &str, Handler) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("{scheme}://{}", listener.local_addr().unwrap());
    let address = base.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            wrap(stream.unwrap(), &address, handler);
        }
    });
    base
}

fn serve_http(handler: Handler) -> String {
    serve("http", handler, |mut stream, base, handler| {
        // A client that hangs up early is part of some tests.
        let _ = answer(&mut stream, base, handler);
    })
}

/// The keys of an attestation service.
fn keys() -> &'static Jwks {
    static KEYS: OnceLock<Jwks> = OnceLock::new();
    KEYS.get_or_init(|| {
        let certificate = certified(&rcgen::KeyPair::generate().unwrap(), NOW, NOW + 3_600);
        Jwks::new(vec![Jwk::new("key", &certificate)])
    })
}

fn well_behaved(base: &str, path: &str) -> (&'static str, String) {
    match path {
        METADATA => ("200 OK", json!({"issuer": base, "jwks_uri": format!("{base}/certs")}).to_string()),
        "/certs" => ("200 OK", serde_json::to_string(keys()).unwrap()),
        _ => ("404 Not Found", String::new()),
    }
}

fn run(issuer: &str, client: &Client, transport: Transport) -> Result<Jwks, DiscoveryError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(fetch_keys(issuer, client, transport))
}

/// A client that needs no certificates of the platform.
fn http_client() -> Client {
    client(Some(private_tls().0.as_bytes())).unwrap()
}

fn fetch_http(handler: Handler) -> Result<Jwks, DiscoveryError> {
    run(&serve_http(handler), &http_client(), Transport::HttpsOrLoopbackHttp)
}

#[test]
fn fetches_metadata_and_keys() {
    assert_eq!(&fetch_http(well_behaved).unwrap(), keys());
}

#[test]
fn refuses_http_unless_allowed_and_loopback() {
    let client = http_client();
    for (issuer, transport) in [
        ("http://127.0.0.1:1", Transport::Https),
        ("http://attest.example", Transport::HttpsOrLoopbackHttp),
        ("http://127.0.0.1.example", Transport::HttpsOrLoopbackHttp),
        ("http://localhost.example", Transport::HttpsOrLoopbackHttp),
        ("http://192.0.2.1", Transport::HttpsOrLoopbackHttp),
        ("ftp://localhost", Transport::HttpsOrLoopbackHttp),
    ] {
        assert!(
            matches!(run(issuer, &client, transport), Err(DiscoveryError::Fetch(FetchError::Insecure { .. }))),
            "{issuer}"
        );
    }
}

#[test]
fn refuses_what_is_no_base_address() {
    let client = http_client();
    for issuer in ["", "attest.example", "https://", "https://a/", "https://a?b", "https://a#b", "https://u:p@a"] {
        assert!(
            matches!(run(issuer, &client, Transport::Https), Err(DiscoveryError::Fetch(FetchError::Address { .. }))),
            "{issuer}"
        );
    }
}

#[test]
fn refuses_metadata_of_another_issuer() {
    let result = fetch_http(|base, _| {
        ("200 OK", json!({"issuer": format!("{base}/"), "jwks_uri": format!("{base}/certs")}).to_string())
    });
    assert!(matches!(result, Err(DiscoveryError::Issuer { .. })));
}

#[test]
fn refuses_keys_at_another_scheme_host_or_port() {
    fn metadata(base: &str, keys: &str) -> (&'static str, String) {
        ("200 OK", json!({"issuer": base, "jwks_uri": keys}).to_string())
    }
    let handlers: [Handler; 4] = [
        |base, _| metadata(base, "http://127.0.0.1:1/certs"),
        |base, _| metadata(base, &base.replace("127.0.0.1", "localhost")),
        |base, _| metadata(base, &base.replace("http:", "https:")),
        |base, _| metadata(base, "/certs"),
    ];
    for handler in handlers {
        assert!(matches!(fetch_http(handler), Err(DiscoveryError::ForeignKeys { .. })));
    }
}

#[test]
fn refuses_redirects() {
    let handler: Handler = |base, path| match path {
        METADATA => ("302 Found\r\nlocation: /elsewhere", String::new()),
        "/elsewhere" => well_behaved(base, METADATA),
        _ => well_behaved(base, path),
    };
    assert!(matches!(fetch_http(handler), Err(DiscoveryError::Fetch(FetchError::Status { status: 302, .. }))));
}

#[test]
fn refuses_other_status_than_200() {
    for handler in [(|_, _| ("404 Not Found", "{}".to_owned())) as Handler, |_, _| ("204 No Content", String::new())] {
        assert!(matches!(fetch_http(handler), Err(DiscoveryError::Fetch(FetchError::Status { .. }))));
    }
}

#[test]
fn refuses_body_that_is_too_long() {
    let result = fetch_http(|_, _| ("200 OK", " ".repeat(MAX_BODY + 1)));
    assert!(matches!(result, Err(DiscoveryError::Fetch(FetchError::TooLong { .. }))));
}

#[test]
fn refuses_malformed_metadata() {
    let handlers: [Handler; 3] = [
        |_, _| ("200 OK", "<html>".to_owned()),
        |base, _| ("200 OK", json!({"issuer": base}).to_string()),
        |base, _| ("200 OK", format!(r#"{{"issuer":"{base}","issuer":"{base}","jwks_uri":"{base}/certs"}}"#)),
    ];
    for handler in handlers {
        assert!(matches!(fetch_http(handler), Err(DiscoveryError::Metadata { .. })));
    }
}

#[test]
fn refuses_malformed_key_set() {
    let result = fetch_http(|base, path| match path {
        METADATA => well_behaved(base, path),
        _ => ("200 OK", Value::Null.to_string()),
    });
    assert!(matches!(result, Err(DiscoveryError::Keys { .. })));
}

#[test]
fn unreachable_issuer_is_an_error() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let result = run(&format!("https://{unused}"), &http_client(), Transport::Https);
    assert!(matches!(result, Err(DiscoveryError::Fetch(FetchError::Transport { .. }))));
}

/// A certificate for 127.0.0.1 under a CA of its own: the CA in PEM and the server's configuration.
fn private_tls() -> (String, Arc<rustls::ServerConfig>) {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    install_provider();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    (authority.pem(), Arc::new(config.with_single_cert(vec![leaf.into()], key).unwrap()))
}

fn serve_https(config: Arc<rustls::ServerConfig>, handler: Handler) -> String {
    serve("https", handler, move |stream, base, handler| {
        let connection = rustls::ServerConnection::new(config.clone()).unwrap();
        // A client that distrusts the certificate breaks off.
        let _ = answer(&mut rustls::StreamOwned::new(connection, stream), base, handler);
    })
}

#[test]
fn trusts_given_authorities_in_place_of_the_platforms() {
    let (pem, config) = private_tls();
    let issuer = serve_https(config, well_behaved);
    let fetched = run(&issuer, &client(Some(pem.as_bytes())).unwrap(), Transport::Https).unwrap();
    assert_eq!(&fetched, keys());

    let (other, _) = private_tls();
    let distrusting = client(Some(other.as_bytes())).unwrap();
    assert!(matches!(
        run(&issuer, &distrusting, Transport::Https),
        Err(DiscoveryError::Fetch(FetchError::Transport { .. }))
    ));
}

#[test]
fn trusts_the_platforms_authorities_by_default() {
    let (_, config) = private_tls();
    match client(None) {
        Ok(client) => {
            let result = run(&serve_https(config, well_behaved), &client, Transport::Https);
            assert!(matches!(result, Err(DiscoveryError::Fetch(FetchError::Transport { .. }))));
        }
        // A container may have no authorities at all.
        Err(error) => assert!(matches!(error, ClientError::Build(_))),
    }
}

#[test]
fn refuses_authorities_that_are_no_certificates() {
    install_provider();
    for pem in [b"".as_slice(), b"no PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let error = client(Some(pem)).unwrap_err();
        assert!(matches!(error, ClientError::Authorities(_) | ClientError::Build(_)), "{error:?}");
    }
}

/// An OpenID Connect issuer below a path, with a slash at its end as some have.
fn realm(base: &str, path: &str) -> (&'static str, String) {
    match path {
        "/realm/.well-known/openid-configuration" => {
            ("200 OK", json!({"issuer": format!("{base}/realm/"), "jwks_uri": format!("{base}/keys")}).to_string())
        }
        "/keys" => ("200 OK", key_set(&[rsa_jwk()])),
        "/long" => ("200 OK", " ".repeat(MAX_BODY + 1)),
        "/moved" => ("302 Found\r\nlocation: /keys", String::new()),
        "/twice" => ("200 OK", r#"{"keys":[],"keys":[]}"#.to_owned()),
        _ => ("404 Not Found", String::new()),
    }
}

/// The source of the keys of the issuer at a path of that server, whose keys are at another one if that is said.
fn key_source(handler: Handler, path: &str, keys: Option<&str>) -> KeySource {
    let (pem, config) = private_tls();
    let base = serve_https(config, handler);
    let keys_url = keys.map(|keys| format!("{base}{keys}"));
    KeySource::new(&format!("{base}{path}"), keys_url.as_deref(), Some(pem.as_bytes())).unwrap()
}

fn fetch_key_set(handler: Handler, path: &str, keys: Option<&str>) -> Result<KeySet, DiscoveryError> {
    let source = key_source(handler, path, keys);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(source.fetch())
}

#[test]
fn fetches_the_keys_of_an_open_id_issuer() {
    assert!(fetch_key_set(realm, "/realm/", None).unwrap().has("rsa"));
    assert!(fetch_key_set(realm, "/elsewhere", Some("/keys")).unwrap().has("rsa"));
}

#[tokio::test]
async fn the_cache_has_the_keys_while_it_is_polled_and_none_otherwise() {
    let keys = IssuerKeys::new("realm".to_owned(), key_source(realm, "/realm/", None));
    tokio::time::pause();
    assert!(keys.having(Some("rsa")).await.is_none(), "nothing fetches them");
    tokio::time::resume();
    tokio::select! {
        () = keys.keep_fresh() => {}
        found = keys.having(Some("rsa")) => assert!(found.unwrap().has("rsa")),
    }
}

#[test]
fn refuses_key_sets_that_redirect_or_are_too_long_or_malformed() {
    let of = |keys| fetch_key_set(realm, "/realm/", Some(keys)).unwrap_err();
    assert!(matches!(of("/moved"), DiscoveryError::Fetch(FetchError::Status { status: 302, .. })));
    assert!(matches!(of("/long"), DiscoveryError::Fetch(FetchError::TooLong { .. })));
    assert!(matches!(of("/twice"), DiscoveryError::Keys { .. }));
    assert!(matches!(of("/none"), DiscoveryError::Fetch(FetchError::Status { status: 404, .. })));
}

#[test]
fn refuses_metadata_of_another_open_id_issuer() {
    // With the slash it is another one.
    assert!(matches!(fetch_key_set(realm, "/realm", None), Err(DiscoveryError::Issuer { .. })));
    let foreign: Handler =
        |base, _| ("200 OK", json!({"issuer": base, "jwks_uri": "https://keys.example"}).to_string());
    assert!(matches!(fetch_key_set(foreign, "", None), Err(DiscoveryError::ForeignKeys { .. })));
}

#[test]
fn keys_of_open_id_issuers_come_over_https_alone() {
    install_provider();
    let pem = private_tls().0;
    let refused = |issuer, keys| KeySource::new(issuer, keys, Some(pem.as_bytes())).unwrap_err();
    for (issuer, keys) in [
        ("http://localhost", None),
        ("http://localhost", Some("https://localhost/keys")),
        ("https://localhost", Some("http://localhost/keys")),
        ("https://localhost", Some("file:///keys")),
    ] {
        assert!(matches!(refused(issuer, keys), KeySourceError::Address(FetchError::Insecure { .. })), "{issuer}");
    }
    for (issuer, keys) in [
        ("login.example", None),
        ("https://a?b", None),
        ("https://u@a", None),
        ("https://a", Some("keys")),
        ("https://a", Some("https://u:p@a/keys")),
        ("https://a", Some("https://a/keys#b")),
    ] {
        assert!(matches!(refused(issuer, keys), KeySourceError::Address(FetchError::Address { .. })), "{issuer}");
    }
    let no_authority = KeySource::new("https://a", None, Some(b"no PEM")).unwrap_err();
    assert!(matches!(no_authority, KeySourceError::Client(_)));
}
