//! An attestation over a simulated machine, in a directory of its own.

use std::sync::Arc;
use std::time::Duration;

use attestation::{
    Addresses, ApiVersion, AttestError, AttestRequest, Attestation, AttestationType, Attested, Audit, AuditChoice,
    Providers, PublicUrl, ServiceConfig, TrustedIssuers, Vault, VerificationClock,
};
use serde_json::{Value, json};
use simulator::{EnclaveReport, Simulation};
use store::{Sqlite, Store};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use unix_time::UnixTime;

pub const ADMINISTRATOR: &str = "administrator's token of a test";

pub struct Opened {
    directory: TempDir,
    quote: Vec<u8>,
    pub attestation: Arc<Attestation>,
}

pub struct Running {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

pub fn audit_of_decisions() -> Arc<Audit> {
    Arc::new(Audit::new("replica".to_owned(), AuditChoice::Decisions))
}

impl Opened {
    pub async fn new(change: impl FnOnce(&mut ServiceConfig)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let now = UnixTime::of_system_clock();
        let simulation = Simulation::open_or_create(&directory.path().join("simulation"), now).unwrap();
        simulation.publish(now).unwrap();
        let platform = simulation.open_or_create_platform("default", now).unwrap();
        let enclave = EnclaveReport {
            mr_enclave: [1; 32],
            mr_signer: [2; 32],
            isv_prod_id: 3,
            isv_svn: 4,
            debug: false,
            report_data: [0; 64],
        };
        let quote = platform.quote_enclave(&enclave).unwrap();
        let mut config = ServiceConfig {
            addresses: Addresses::new(PublicUrl::parse("https://localhost:8443").unwrap(), None),
            location: "local".to_owned(),
            root_pem: Some(simulation.intel().root_certificate_pem()),
            collateral: Some(simulation.collateral_directory()),
            requirements: evidence::Requirements::default().left_to_policy(),
            clock: VerificationClock::System,
            vault: Arc::new(Vault::new(&[7; 32]).unwrap()),
            quoter: None,
            max_staleness: Duration::from_secs(300),
            listens_on_loopback: true,
            audit: Arc::new(Audit::new("replica".to_owned(), AuditChoice::default())),
        };
        change(&mut config);
        let store: Arc<dyn Store> = Arc::new(Sqlite::open(&directory.path().join("veritee.db")).await.unwrap());
        let issuers = TrustedIssuers::new(Vec::new(), &config.addresses).unwrap();
        let entry = config.audit.entry("administrator.create", "veritee", now, json!({}));
        let providers = Providers::open(Arc::clone(&store), config, now).await.unwrap();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, ADMINISTRATOR.as_bytes());
        store.create_administrator(digest.as_ref().try_into().unwrap(), now, &entry).await.unwrap();
        let attestation = Arc::new(Attestation::open(providers, issuers, now).await.unwrap());
        Self { directory, quote, attestation }
    }

    pub fn request(&self) -> AttestRequest {
        AttestRequest {
            api_version: ApiVersion::Current,
            evidence: self.quote.clone(),
            runtime_data: None,
            init_time_data: None,
            draft_policy: None,
            nonce: None,
        }
    }

    pub async fn attest(&self) -> Result<String, AttestError> {
        self.attest_with(self.request()).await.token
    }

    pub async fn attest_with(&self, request: AttestRequest) -> Attested {
        let providers = self.attestation.providers();
        let provider = providers.default_provider().unwrap();
        let now = UnixTime::of_system_clock();
        providers.attest(provider, AttestationType::SgxEnclave, request, Vec::new(), now).await
    }

    /// What the audit has, oldest first.
    pub async fn records(&self) -> Vec<Value> {
        let store = Sqlite::open(&self.directory.path().join("veritee.db")).await.unwrap();
        let records = store::AuditLog::records(&store, "replica", 0, i64::MAX).await.unwrap();
        records.iter().map(|record| serde_json::from_str(&record.text).unwrap()).collect()
    }

    pub fn run(&self) -> Running {
        let (end, ended) = oneshot::channel();
        let attestation = Arc::clone(&self.attestation);
        let ended = async { ended.await.unwrap_or_default() };
        Running { end, task: tokio::spawn(async move { attestation.run(None, ended, Duration::from_secs(5)).await }) }
    }
}

impl Running {
    pub async fn end(self) {
        self.end.send(()).unwrap();
        self.task.await.unwrap();
    }
}
