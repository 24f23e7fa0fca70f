//! The domain without HTTP: it attests, is administered, and is kept up to date by its one `run()`.

mod opened;
mod policy_certificates;
mod policy_fixture;
mod policy_keys;
mod policy_reading;
mod policy_signing;
mod policy_trust;
mod recorded_policies;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use attestation::policy_jws;
use attestation::{AttestError, AttestRequest, AttestationType, NewClient, PolicyType, Role};
use opened::{ADMINISTRATOR, Opened};
use problem::Problem;
use unix_time::UnixTime;

const DENY: &str = "version=1.0;authorizationrules{=>deny();};";

#[tokio::test]
async fn evidence_becomes_a_token_and_a_policy_changes_what_it_becomes() {
    let opened = Opened::new(|_| {}).await;
    let token = opened.attest().await.unwrap();
    assert_eq!(token.split('.').count(), 3);
    let now = UnixTime::of_system_clock();
    let (access, providers) = (opened.attestation.access(), opened.attestation.providers());
    let refused = access.caller(Some("wrong"), None, now).await.unwrap_err();
    assert_eq!(refused.code(), "bearer_token_refused");
    let caller = access.caller(Some(ADMINISTRATOR), None, now).await.unwrap();
    assert!(caller.may_everywhere(Role::Owner));
    let provider = providers.default_provider().unwrap();
    let jws = policy_jws::unsecured(DENY);
    providers.set_policy(&provider, PolicyType::SgxEnclave, &jws, &caller, now).await.unwrap();
    assert_eq!(opened.attest().await.unwrap_err().code(), "policy_denied");
    let history = providers.policy_history(&provider, PolicyType::SgxEnclave).await.unwrap();
    assert_eq!(history["value"][0]["changedBy"], "administrator");
    let records = opened.records().await;
    assert!(records.iter().any(|record| record["action"] == "policy.change" && record["by"] == "administrator"));
}

#[tokio::test]
async fn a_draft_is_tried_in_the_pool_and_changes_nothing() {
    let opened = Opened::new(|_| {}).await;
    let draft = AttestRequest { draft_policy: Some(DENY.to_owned()), ..opened.request() };
    let attested = opened.attest_with(draft).await;
    assert!(attested.is_draft);
    assert_eq!(attested.token.unwrap_err().code(), "policy_denied");
    opened.attest().await.unwrap();
}

#[tokio::test]
async fn unpolled_it_fails_closed_and_polled_it_goes_on() {
    let limit = Duration::from_millis(600);
    let opened = Opened::new(|config| config.max_staleness = limit).await;
    opened.attest().await.unwrap();
    tokio::time::sleep(limit).await;
    assert!(matches!(opened.attest().await, Err(AttestError::Stale)));
    let running = opened.run();
    tokio::time::sleep(limit).await;
    opened.attest().await.unwrap();
    running.end().await;
}

#[tokio::test]
async fn what_was_decided_is_written_down_before_the_run_ends() {
    let opened = Opened::new(|config| config.audit = opened::audit_of_decisions()).await;
    let running = opened.run();
    opened.attest().await.unwrap();
    running.end().await;
    let records = opened.records().await;
    assert!(records.iter().any(|record| record["action"] == "decisions"), "{records:?}");
}

#[tokio::test]
async fn a_request_of_another_tee_is_refused() {
    let opened = Opened::new(|_| {}).await;
    let provider = opened.attestation.providers().default_provider().unwrap();
    let (request, now) = (opened.request(), UnixTime::of_system_clock());
    let attested = opened.attestation.providers().attest(provider, AttestationType::TdxVm, request, Vec::new(), now);
    assert_eq!(attested.await.token.unwrap_err().code(), "quote_not_tdx");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_client_is_deleted_once_in_the_log_and_in_the_audit() {
    let opened = Opened::new(|_| {}).await;
    let now = UnixTime::of_system_clock();
    let access = opened.attestation.access();
    let caller = access.caller(Some(ADMINISTRATOR), None, now).await.unwrap();
    let new = NewClient { name: "one".to_owned(), role: Role::Reader, provider: None, expires_at: now.plus(600) };
    let (client, _) = access.create_client(new, &caller, now).await.unwrap();
    let log = Log::default();
    let lines = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || lines.clone()).finish();
    let _recording = tracing::subscriber::set_default(subscriber);
    for was_there in [true, false] {
        assert_eq!(access.delete_client(&client.id, &caller, now).await.unwrap(), was_there);
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.matches("client deleted").count(), 1, "{log}");
    let records = opened.records().await;
    assert_eq!(records.iter().filter(|record| record["action"] == "client.delete").count(), 1);
}
