//! An issuer whose keys are fetched when they are needed, kept, and fetched again.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use client::ServiceError;
use client::issuer::{Issuer, IssuerError, KEEP, KEEP_WITHOUT_ISSUER, PAUSE, fetch_revoked};
use fetch::{FetchError, Transport};
use jose::{Jwk, Jwks};
use oidc::discovery::{self, DiscoveryError};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use serde_json::json;
use token::{ATTESTATION_LIFETIME, Binding, Expectations, SigningKey, TokenAlgorithm, TokenError, issue};
use unix_time::UnixTime;

const NOW: i64 = 1_800_000_000;

fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

/// The issuer's key.
fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(TokenAlgorithm::Es256).unwrap())
}

/// A key that the issuer does not publish, or publishes later.
fn other_key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(TokenAlgorithm::Es256).unwrap())
}

/// The key in a certificate for the issuer at `iss`, as services publish it.
fn published(key: &SigningKey, iss: &str) -> Jwks {
    let moment = |seconds| time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
    let mut parameters = CertificateParams::default();
    (parameters.not_before, parameters.not_after) = (moment(NOW), moment(NOW + 365 * 86_400));
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, iss);
    let pair = KeyPair::try_from(key.to_pkcs8().unwrap().as_slice()).unwrap();
    let certificate = parameters.self_signed(&pair).unwrap();
    Jwks::new(vec![Jwk::new(key.kid(), certificate.der())])
}

/// An issuer on loopback; it counts how often its keys are asked for.
#[derive(Clone)]
struct Server {
    url: String,
    keys: Arc<Mutex<Jwks>>,
    asked: Arc<AtomicUsize>,
    is_down: Arc<AtomicBool>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let keys = Arc::new(Mutex::new(published(key(), &url)));
        let server = Self { url, keys, asked: Arc::default(), is_down: Arc::default() };
        let serving = server.clone();
        thread::spawn(move || listener.incoming().for_each(|stream| serving.answer(stream.unwrap())));
        server
    }

    fn answer(&self, mut stream: std::net::TcpStream) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if stream.read_exact(&mut byte).is_err() {
                return;
            }
            request.extend(byte);
        }
        if self.is_down.load(Ordering::SeqCst) {
            return;
        }
        let request = String::from_utf8_lossy(&request).into_owned();
        let body = match request.split(' ').nth(1).unwrap() {
            "/certs" => {
                self.asked.fetch_add(1, Ordering::SeqCst);
                serde_json::to_string(&*self.keys.lock().unwrap()).unwrap()
            }
            "/revoked" => json!({"issuer": self.url, "asOf": NOW, "revoked": ["id"]}).to_string(),
            _ => json!({"issuer": self.url, "jwks_uri": format!("{}/certs", self.url)}).to_string(),
        };
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    }

    fn issuer(&self) -> Issuer {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        // No certificates of the platform are needed.
        let authority = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
        let client = discovery::client(Some(authority.as_bytes())).unwrap();
        Issuer::new(self.url.clone(), client, Transport::HttpsOrLoopbackHttp)
    }

    fn token(&self, key: &SigningKey) -> String {
        let claims = json!({"nonce": "f00d", "x-ms-attestation-type": "sgx"}).as_object().unwrap().clone();
        issue(key, &self.url, claims, at(NOW), ATTESTATION_LIFETIME).unwrap()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn verify(issuer: &Issuer, token: &str) -> Result<(), IssuerError> {
    issuer.verify(token, at(NOW), &Expectations::new(Binding::Nonce("f00d".to_owned()))).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_fetched_once_for_many_tokens() {
    let server = Server::start();
    let issuer = Arc::new(server.issuer());
    let token = Arc::new(server.token(key()));
    let verifications: Vec<_> = (0..16)
        .map(|_| {
            let (issuer, token) = (Arc::clone(&issuer), Arc::clone(&token));
            tokio::spawn(async move { verify(&issuer, &token).await })
        })
        .collect();
    for verification in verifications {
        verification.await.unwrap().unwrap();
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_do_not_make_us_fetch_again_and_again() {
    let server = Server::start();
    let issuer = server.issuer();
    for _ in 0..5 {
        let refused = verify(&issuer, &server.token(other_key())).await.unwrap_err();
        assert!(matches!(refused, IssuerError::Token(TokenError::UnknownKey { .. })), "{refused}");
    }
    assert_eq!(server.asked(), 1, "what was fetched a moment ago is not fetched again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_keys_nothing_is_verified_and_with_them_the_issuer_may_be_gone() {
    let server = Server::start();
    let (issuer, late) = (server.issuer(), server.issuer());
    let token = server.token(key());
    verify(&issuer, &token).await.unwrap();
    server.is_down.store(true, Ordering::SeqCst);
    verify(&issuer, &token).await.unwrap();
    let refused = verify(&late, &token).await.unwrap_err();
    assert!(matches!(refused, IssuerError::Keys(DiscoveryError::Fetch(FetchError::Transport { .. }))), "{refused}");
    server.is_down.store(false, Ordering::SeqCst);
    verify(&late, &token).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_of_revoked_tokens_is_fetched_as_keys_are() {
    let server = Server::start();
    drop(server.issuer());
    let authority = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    let client = discovery::client(Some(authority.as_bytes())).unwrap();
    let list = fetch_revoked(&server.url, &client, Transport::HttpsOrLoopbackHttp).await.unwrap();
    assert!(list.contains("id") && !list.contains("another") && list.as_of() == at(NOW));
    let other = server.url.replace("127.0.0.1", "localhost");
    let refused = fetch_revoked(&other, &client, Transport::HttpsOrLoopbackHttp).await.unwrap_err();
    assert!(matches!(refused, ServiceError::Revoked { .. }), "{refused}");
    let refused = fetch_revoked(&server.url, &client, Transport::Https).await.unwrap_err();
    assert!(
        matches!(refused, ServiceError::Discovery(DiscoveryError::Fetch(FetchError::Insecure { .. }))),
        "{refused}"
    );
}

async fn later(duration: Duration) {
    tokio::time::pause();
    tokio::time::advance(duration).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_new_key_is_found_and_keys_are_not_used_for_ever() {
    let server = Server::start();
    let issuer = server.issuer();
    verify(&issuer, &server.token(key())).await.unwrap();
    *server.keys.lock().unwrap() = published(other_key(), &server.url);
    later(PAUSE).await;
    verify(&issuer, &server.token(other_key())).await.unwrap();
    assert_eq!(server.asked(), 2);
    // The old one is published no more.
    verify(&issuer, &server.token(key())).await.unwrap_err();
    later(KEEP).await;
    verify(&issuer, &server.token(other_key())).await.unwrap();
    assert_eq!(server.asked(), 3);
    server.is_down.store(true, Ordering::SeqCst);
    later(KEEP).await;
    verify(&issuer, &server.token(other_key())).await.unwrap();
    later(KEEP_WITHOUT_ISSUER).await;
    let refused = verify(&issuer, &server.token(other_key())).await.unwrap_err();
    assert!(matches!(refused, IssuerError::Keys(_)), "{refused}");
}
