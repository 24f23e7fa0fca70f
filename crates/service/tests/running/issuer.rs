//! A made-up OpenID Connect issuer: a TLS server on loopback, its keys, its tokens.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use attestation::{IssuerSettings, ProviderName, Role, RoleRule};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use oidc::BearerAlgorithm;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use unix_time::UnixTime;

use super::encode;

pub const AUDIENCE: &str = "https://attest.example";
const METADATA: &str = "/.well-known/openid-configuration";

/// What an issuer does when it is asked for a document.
#[derive(Clone)]
pub enum Conduct {
    /// Answers with what it should.
    Well,
    /// Answers with that status and that body instead, where the path is that one.
    Answers(&'static str, &'static str, String),
    /// Takes the request and says nothing.
    Silent,
}

/// What the server and the test share.
struct State {
    conduct: Conduct,
    /// With their ids; the last one signs.
    keys: Vec<(String, EcdsaKeyPair)>,
}

pub struct Issuer {
    pub url: String,
    authority_pem: String,
    state: Arc<Mutex<State>>,
    /// How often the key set was asked for.
    fetches: Arc<AtomicUsize>,
}

impl Issuer {
    pub fn start() -> Self {
        let (authority_pem, config) = private_tls();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { conduct: Conduct::Well, keys: vec![("first".to_owned(), new_key())] }));
        let fetches = Arc::new(AtomicUsize::new(0));
        let issuer = Self { url: url.clone(), authority_pem, state: Arc::clone(&state), fetches: Arc::clone(&fetches) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = rustls::ServerConnection::new(config.clone()).unwrap();
                let stream = rustls::StreamOwned::new(connection, stream.unwrap());
                let (url, state, fetches) = (url.clone(), Arc::clone(&state), Arc::clone(&fetches));
                // A client that hangs up is part of some tests.
                thread::spawn(move || answer(stream, &url, &state, &fetches));
            }
        });
        issuer
    }

    /// The CA of its TLS certificate.
    pub fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    pub fn conduct(&self, conduct: Conduct) {
        self.state.lock().unwrap().conduct = conduct;
    }

    /// Signs with another key from now on, and publishes no other.
    pub fn rotate(&self, kid: &str) {
        self.state.lock().unwrap().keys = vec![(kid.to_owned(), new_key())];
    }

    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    /// How a service trusts it.
    pub fn settings(&self, rules: impl Into<Vec<RoleRule>>) -> IssuerSettings {
        IssuerSettings {
            issuer: self.url.clone(),
            audience: AUDIENCE.to_owned(),
            algorithms: vec![BearerAlgorithm::ES256],
            jwks_url: None,
            authorities: Some(self.authority_pem.clone().into_bytes()),
            rules: rules.into(),
        }
    }

    /// The claims of a good token of somebody, and these, which go before them; `null` leaves one out.
    pub fn claims(&self, more: Value) -> Value {
        let now = UnixTime::of_system_clock().seconds();
        let mut claims = json!({"iss": self.url, "aud": AUDIENCE, "sub": "alice", "iat": now, "exp": now + 600});
        for (name, value) in more.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        claims
    }

    pub fn token(&self, claims: Value) -> String {
        let kid = self.state.lock().unwrap().keys.last().unwrap().0.clone();
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": kid});
        self.sign(&header.to_string(), &self.claims(claims).to_string())
    }

    /// Any header and payload, with the key that signs now.
    pub fn sign(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
        let signature = self.state.lock().unwrap().keys.last().unwrap().1.sign(&SystemRandom::new(), input.as_bytes());
        format!("{input}.{}", encode(signature.unwrap().as_ref()))
    }

    /// The public key that signs now, as its key set has it.
    pub fn jwk(&self) -> Value {
        let state = self.state.lock().unwrap();
        let (kid, key) = state.keys.last().unwrap();
        jwk(kid, key)
    }
}

/// Whoever has that value in that claim has that role, with one provider or with all.
pub fn rule(claim: &str, value: &str, role: Role, provider: Option<&str>) -> RoleRule {
    let providers = provider.map(|name| vec![ProviderName::parse(name).unwrap()]);
    RoleRule { claim: claim.split('.').map(str::to_owned).collect(), value: value.to_owned(), role, providers }
}

fn new_key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()
}

fn jwk(kid: &str, key: &EcdsaKeyPair) -> Value {
    let point = key.public_key().as_ref();
    json!({"kty": "EC", "kid": kid, "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..])})
}

fn answer(
    mut stream: rustls::StreamOwned<rustls::ServerConnection, TcpStream>,
    url: &str,
    state: &Mutex<State>,
    fetches: &AtomicUsize,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        request.extend(byte);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match path {
        METADATA => ("200 OK", json!({"issuer": url, "jwks_uri": format!("{url}/keys")}).to_string()),
        "/keys" => {
            fetches.fetch_add(1, Ordering::SeqCst);
            let state = state.lock().unwrap();
            let keys: Vec<Value> = state.keys.iter().map(|(kid, key)| jwk(kid, key)).collect();
            ("200 OK", json!({"keys": keys}).to_string())
        }
        _ => ("404 Not Found", String::new()),
    };
    let conduct = state.lock().unwrap().conduct.clone();
    let (status, body) = match conduct {
        Conduct::Answers(where_asked, status, body) if where_asked == path => (status, body),
        Conduct::Silent => {
            thread::sleep(Duration::from_secs(60));
            return Ok(());
        }
        _ => (status, body),
    };
    write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// A certificate for 127.0.0.1 under a CA of its own: the CA in PEM and the server's configuration.
fn private_tls() -> (String, Arc<rustls::ServerConfig>) {
    // Whichever test comes first installs it.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    (authority.pem(), Arc::new(config.with_single_cert(vec![leaf.into()], key).unwrap()))
}
