//! A service over a simulated machine, asked without a network.
#![allow(dead_code)] // each test binary uses its part

pub mod comparison;
pub mod described;
pub mod issuer;
pub mod managed;
pub mod python;
pub mod recorded;
pub mod tdx;

use std::net::SocketAddr;
use std::sync::Arc;

use attestation::{
    Addresses, Attestation, Audit, AuditChoice, IssuerSettings, Providers, PublicUrl, ServiceConfig, TrustedIssuers,
    Vault, VerificationClock,
};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evidence::Requirements;
use http_body_util::BodyExt;
use jose::Jwks;
use serde_json::{Value, json};
use simulator::{EnclaveReport, Platform, Simulation};
use store::{Sqlite, Store};
use tempfile::TempDir;
use token::{Binding, Expectations, VerifiedToken, Verifier};
use unix_time::UnixTime;
use web::{Connection, Gate, Limits};

pub const URL: &str = "https://localhost:8443";

/// The administrator's token.
pub const ADMINISTRATOR: &str = "a token of tests";

pub struct Running {
    pub directory: TempDir,
    pub simulation: Simulation,
    pub platform: Platform,
    pub attestation: Arc<Attestation>,
    pub router: Router,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{:?}", String::from_utf8_lossy(&self.body)))
    }

    pub fn token(&self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{}", String::from_utf8_lossy(&self.body));
        self.json()["token"].as_str().unwrap().to_owned()
    }

    /// Status, Azure's code and our finer one, after checking the shape of the error.
    pub fn refusal(&self) -> (u16, String, String) {
        let error = &self.json()["error"];
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{error}")).to_owned();
        assert!(!text(&error["message"]).is_empty());
        (self.status.as_u16(), text(&error["code"]), text(&error["innererror"]["code"]))
    }
}

pub async fn running() -> Running {
    running_with(|_| {}).await
}

pub async fn running_with(change: impl FnOnce(&mut ServiceConfig)) -> Running {
    start(change, Vec::new()).await
}

/// A service that takes the bearer tokens of these issuers too.
pub async fn running_trusting(issuers: Vec<IssuerSettings>) -> Running {
    start(|_| {}, issuers).await
}

async fn start(change: impl FnOnce(&mut ServiceConfig), issuers: Vec<IssuerSettings>) -> Running {
    let directory = tempfile::tempdir().unwrap();
    let now = UnixTime::of_system_clock();
    let simulation = Simulation::open_or_create(&directory.path().join("simulation"), now).unwrap();
    simulation.publish(now).unwrap();
    let mut config = config();
    config.root_pem = Some(simulation.intel().root_certificate_pem());
    config.collateral = Some(simulation.collateral_directory());
    change(&mut config);
    open(directory, simulation, config, issuers, now).await
}

async fn open(
    directory: TempDir,
    simulation: Simulation,
    config: ServiceConfig,
    issuers: Vec<IssuerSettings>,
    now: UnixTime,
) -> Running {
    let platform = simulation.open_or_create_platform("default", now).unwrap();
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&directory.path().join("veritee.db")).await.unwrap());
    let audit = Arc::clone(&config.audit);
    let trusts_issuers = !issuers.is_empty();
    let issuers = TrustedIssuers::new(issuers, &config.addresses).unwrap();
    let providers = Providers::open(Arc::clone(&store), config, now).await.unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, ADMINISTRATOR.as_bytes());
    // It is there where the directory is opened again.
    let _ = store
        .create_administrator(
            digest.as_ref().try_into().unwrap(),
            now,
            &audit.entry("administrator.create", "veritee", now, json!({})),
        )
        .await;
    let attestation = Arc::new(Attestation::open(providers, issuers, now).await.unwrap());
    // Most tests do by hand what goes on beside requests.
    if trusts_issuers {
        let running = Arc::clone(&attestation);
        tokio::spawn(async move { running.run(None, std::future::pending(), std::time::Duration::ZERO).await });
    }
    let router = service::router(Arc::clone(&attestation));
    Running { directory, simulation, platform, attestation, router }
}

/// A service whose provider trusts Intel's root and has no collateral.
pub fn config() -> ServiceConfig {
    ServiceConfig {
        addresses: addresses(URL),
        location: "local".to_owned(),
        root_pem: None,
        collateral: None,
        requirements: Requirements::default().left_to_policy(),
        clock: VerificationClock::System,
        vault: Arc::new(vault()),
        quoter: None,
        max_staleness: std::time::Duration::from_secs(300),
        listens_on_loopback: true,
        audit: Arc::new(Audit::new("replica".to_owned(), AuditChoice::default())),
    }
}

pub fn addresses(url: &str) -> Addresses {
    Addresses::new(PublicUrl::parse(url).unwrap(), None)
}

pub fn vault() -> Vault {
    Vault::new(&[7; 32]).unwrap()
}

impl Running {
    /// The same data directory, opened again.
    pub async fn reopened(&self) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.directory.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), directory.path().join(entry.file_name())).unwrap();
            }
        }
        let now = UnixTime::of_system_clock();
        let simulation = Simulation::open(&self.directory.path().join("simulation")).unwrap();
        let mut config = config();
        config.root_pem = Some(simulation.intel().root_certificate_pem());
        config.collateral = Some(simulation.collateral_directory());
        open(directory, simulation, config, Vec::new(), now).await
    }

    /// Looks at the one source of collateral again: whether it has changed.
    pub fn refresh_collateral(&self) -> Result<bool, cache::CacheError> {
        let mut refreshed = self.attestation.providers().refresh_collateral();
        assert_eq!(refreshed.len(), 1);
        refreshed.remove(0).1
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        use tower::ServiceExt;
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        described::check(method.as_str(), uri.path(), &answer);
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.send(request("POST", path).body(body.into()).unwrap()).await
    }

    pub async fn attest(&self, body: &Value) -> Answer {
        self.post("/attest/SgxEnclave?api-version=2022-08-01", body.to_string()).await
    }

    /// The root that its provider trusts.
    pub fn root_pem(&self) -> String {
        self.simulation.intel().root_certificate_pem()
    }

    pub fn quote(&self, enclave: &EnclaveReport) -> Vec<u8> {
        self.platform.quote_enclave(enclave).unwrap()
    }

    /// The token as a relying party reads it that knows it is about a simulation.
    pub async fn verify(&self, token: &str, binding: Binding) -> VerifiedToken {
        let keys = Jwks::parse(&self.get("/certs").await.body).unwrap();
        let now = UnixTime::of_system_clock();
        Verifier::new(URL, keys).verify(token, now, &Expectations::new(binding).accept_simulated()).unwrap()
    }
}

/// A connection from that address, the only one there is.
pub fn connection(peer: SocketAddr) -> Connection {
    Gate::new(Limits::default()).admit(peer).unwrap()
}

pub fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "localhost:8443")
}

pub fn standard_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An enclave whose report data commits to those bytes.
pub fn enclave_holding(data: &[u8]) -> EnclaveReport {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data);
    let mut report_data = [0; 64];
    report_data[..32].copy_from_slice(digest.as_ref());
    EnclaveReport { mr_enclave: [1; 32], mr_signer: [2; 32], isv_prod_id: 3, isv_svn: 4, debug: false, report_data }
}

pub fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

pub fn quote_body(quote: &[u8]) -> Value {
    json!({"quote": encode(quote)})
}
