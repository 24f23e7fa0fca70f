//! An issuer whose keys are fetched when they are needed, kept, and fetched again.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use fetch::{FetchError, Transport};
use jose::{Jwk, Jwks};
use serde_json::json;
use token::discovery::{DiscoveryError, client, fetch_revoked};
use token::issuer::{KEEP, KEEP_WITHOUT_ISSUER, PAUSE};
use token::{ATTESTATION_LIFETIME, Binding, Expectations, Issuer, IssuerError, TokenError, issue};

use crate::fixture::{NOW, at, certificate, certified, key, other_key, service_claims};

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
        let keys = Arc::new(Mutex::new(Jwks::new(vec![Jwk::new(key().kid(), &certificate())])));
        let url = format!("http://{}", listener.local_addr().unwrap());
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
        let client = client(Some(authority.as_bytes())).unwrap();
        Issuer::new(self.url.clone(), client, Transport::HttpsOrLoopbackHttp)
    }

    fn token(&self, key: &token::SigningKey) -> String {
        issue(key, &self.url, service_claims(), at(NOW), ATTESTATION_LIFETIME).unwrap()
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
    let client = client(Some(authority.as_bytes())).unwrap();
    let list = fetch_revoked(&server.url, &client, Transport::HttpsOrLoopbackHttp).await.unwrap();
    assert!(list.contains("id") && !list.contains("another") && list.as_of() == at(NOW));
    let other = server.url.replace("127.0.0.1", "localhost");
    let refused = fetch_revoked(&other, &client, Transport::HttpsOrLoopbackHttp).await.unwrap_err();
    assert!(matches!(refused, DiscoveryError::Revoked { .. }), "{refused}");
    let refused = fetch_revoked(&server.url, &client, Transport::Https).await.unwrap_err();
    assert!(matches!(refused, DiscoveryError::Fetch(FetchError::Insecure { .. })), "{refused}");
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
    let replaced = certified(other_key(), &server.url, NOW, NOW + 86_400, None);
    *server.keys.lock().unwrap() = Jwks::new(vec![Jwk::new(other_key().kid(), &replaced)]);
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
