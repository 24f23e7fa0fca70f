//! Who did what, and what was decided, as the service writes it down.

mod running;

use std::sync::Arc;
use std::time::Duration;

use running::managed::{GROUP, MINIMAL, Signer, isolated};
use running::{Running, claims_of, enclave_holding, encode, quote_body, running, running_with};
use serde_json::{Value, json};
use service::{Audit, AuditChoice};
use store::{AuditLog, Head, Record, Sqlite};
use token::policy_jws::CertificateAction;

async fn store(service: &Running) -> Sqlite {
    Sqlite::open(&service.directory.path().join("veritee.db")).await.unwrap()
}

/// What is written down, after checking the chain.
async fn written(service: &Running) -> Vec<Value> {
    let mut head = Head::before("replica");
    let records = store(service).await.records("replica", 0, i64::MAX).await.unwrap();
    let follow = |record: &Record| {
        head = head.follow(record).unwrap();
        serde_json::from_str(&record.text).unwrap()
    };
    records.iter().map(follow).collect()
}

async fn audited(choice: AuditChoice) -> Running {
    let audit = Arc::new(Audit::new("replica".to_owned(), choice));
    let service = running_with(|config| config.audit = Arc::clone(&audit)).await;
    let store = store(&service).await;
    tokio::spawn(async move { audit.write_behind(&store).await });
    service
}

/// The decisions, once there are as many.
async fn decisions(service: &Running, count: usize) -> Vec<Value> {
    for _ in 0..200 {
        let records = written(service).await;
        let decisions: Vec<Value> =
            records.iter().flat_map(|record| record["decisions"].as_array().cloned().unwrap_or_default()).collect();
        if decisions.len() >= count {
            return decisions;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{count} decisions are not written down");
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}

#[tokio::test]
async fn every_change_names_who_made_it() {
    let service = running().await;
    let (signer, second) = (Signer::new("first", true, None), Signer::new("second", true, None));
    service.create("isolated", isolated(&[&signer])).await;
    let at = format!("{GROUP}/isolated");
    let path = |rest: &str| format!("/p/isolated{rest}");
    let status = |answer: running::Answer| answer.status.as_u16();
    let patch = json!({"properties": {"veritee": {"tokenLifetime": 600}}}).to_string();
    assert_eq!(status(service.ask("PATCH", &at, patch).await), 200);
    let token = service.access_token("operator", "contributor", Some("isolated")).await;
    let as_operator = async |method: &str, path: &str, body: String| {
        let answer = service.ask_as(Some(&token), method, path, body).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    };
    as_operator("PUT", &path("/policies/SgxEnclave"), signer.policy(MINIMAL)).await;
    for action in [CertificateAction::Add, CertificateAction::Remove] {
        let request = signer.key().sign_certificate(action, &second.der, None).unwrap();
        as_operator("POST", &path(&format!("/certificates:{}", action.as_str())), request).await;
    }
    assert_eq!(status(service.ask("POST", &format!("{at}/rotateKeys"), "").await), 200);
    // What is refused is no change.
    assert_eq!(status(service.ask_as(Some(&token), "DELETE", &at, "").await), 403);
    let clients = service.ask("GET", "/clients", "").await.json();
    let client = clients["value"][0]["clientId"].as_str().unwrap().to_owned();
    assert_eq!(status(service.ask("DELETE", &format!("/clients/{client}"), "").await), 200);
    assert_eq!(status(service.ask("DELETE", &at, "").await), 200);

    let written = written(&service).await;
    let told: Vec<(&str, &str)> =
        written.iter().map(|record| (record["action"].as_str().unwrap(), record["by"].as_str().unwrap())).collect();
    let expected = [
        ("provider.create", "veritee"),
        ("administrator.create", "veritee"),
        ("access-key.create", "veritee"),
        ("provider.create", "administrator"),
        ("provider.change", "administrator"),
        ("client.create", "administrator"),
        ("policy.change", "operator"),
        ("signer.add", "operator"),
        ("signer.remove", "operator"),
        ("key.create", "administrator"),
        ("client.delete", "administrator"),
        ("provider.delete", "administrator"),
    ];
    assert_eq!(told, expected);
    let policy = &written[6];
    assert_eq!(policy["policyHash"], json!(token::hash::policy_hash(MINIMAL)));
    assert_eq!((&policy["provider"], &policy["attestationType"]), (&json!("isolated"), &json!("SgxEnclave")));
    assert_eq!(written[3]["signers"], json!([sha256(&signer.der)]));
    assert_eq!(written[7]["sha256"], json!(sha256(&second.der)));
    assert_eq!(written[4]["settings"]["tokenLifetime"], json!(600), "{}", written[4]);
    assert!(written.iter().all(|record| record["at"].as_str().unwrap().ends_with('Z')));
}

#[tokio::test]
async fn decisions_are_not_written_down_unless_it_is_asked_for() {
    let service = audited(AuditChoice::Changes).await;
    service.attest(&quote_body(&service.quote(&enclave_holding(b"")))).await.token();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(written(&service).await.iter().all(|record| record["action"] != "decisions"));
}

#[tokio::test]
async fn a_decision_is_a_digest_of_what_was_decided() {
    let service = audited(AuditChoice::Decisions).await;
    let quote = service.quote(&enclave_holding(b"data"));
    let token = service.attest(&quote_body(&quote)).await.token();
    let mismatch = json!({"quote": encode(&quote), "runtimeData": {"data": encode(b"another"), "dataType": "Binary"}});
    assert_eq!(service.attest(&mismatch).await.refusal().2, "runtime_data_mismatch");
    assert_eq!(service.attest(&quote_body(&quote[..400])).await.status, 400);
    let decisions = decisions(&service, 3).await;
    let [accepted, refused, malformed] = decisions.as_slice() else { panic!("{decisions:?}") };
    assert_eq!(accepted["tokenSha256"], json!(sha256(token.as_bytes())));
    assert_eq!(accepted["evidenceSha256"], json!(sha256(&quote)));
    assert_eq!(accepted["policyHash"], claims_of(&token)["x-ms-policy-hash"]);
    assert_eq!((&accepted["refused"], &accepted["provider"]), (&Value::Null, &json!("default")));
    assert_eq!(refused["refused"], json!("runtime_data_mismatch"));
    assert_eq!(refused["platform"], accepted["platform"], "it was proven before it was refused");
    assert_eq!((&malformed["platform"], &malformed["tokenSha256"]), (&Value::Null, &Value::Null));
    assert!(accepted["requestSha256"].is_null() && accepted["collateralSha256"].is_null());
}

#[tokio::test]
async fn the_last_evidence_of_a_platform_is_kept_where_it_is_genuine() {
    let service = audited(AuditChoice::LastEvidence).await;
    let (first, second) = (service.quote(&enclave_holding(b"1")), service.quote(&enclave_holding(b"2")));
    for quote in [&first, &second] {
        service.attest(&quote_body(quote)).await.token();
    }
    // Somebody who has the platform's certificates and not its keys.
    let mut forged = service.quote(&enclave_holding(b"3"));
    forged[370] ^= 1;
    assert_eq!(service.attest(&quote_body(&forged)).await.status, 400);
    let platform = decisions(&service, 3).await[0]["platform"].as_str().unwrap().to_owned();
    let zero = "0".repeat(64);
    for after in ["0", &zero] {
        let listed = service.ask("GET", &format!("/audit/platforms/default/{after}"), "").await.json();
        assert_eq!(listed["value"], json!([platform]));
    }
    let kept = service.ask("GET", &format!("/audit/evidence/default/{platform}"), "").await.json();
    assert_eq!(kept["evidence"], json!(encode(&second)));
    let collateral = kept["collateralSha256"].as_str().unwrap();
    let bundle = service.ask("GET", &format!("/audit/inputs/{collateral}"), "").await;
    assert_eq!(sha256(&bundle.body), collateral);
    // The decision can be made again from what was kept.
    let mut set = collateral::CollateralSet::default();
    set.add("bundle", &bundle.body).unwrap();
    let now = dcap::UnixTime::of_system_clock();
    let pem = service.root_pem();
    let root = dcap::Certificate::from_der(&dcap::pem::blocks(pem.as_bytes(), "CERTIFICATE").unwrap()[0]).unwrap();
    let verifier = dcap::Verifier::new(dcap::TrustedRoots::only(&root));
    let quote = dcap::Quote::parse(&second).unwrap();
    let pck = verifier.prove(&quote, None, now).unwrap();
    let choice = set.choose(&pck, quote.tee(), now).unwrap();
    verifier.verify(&quote, &pck, &verifier.verify_collateral(choice.collateral, now).unwrap(), now).unwrap();
}

#[tokio::test]
async fn everything_that_a_decision_was_made_from_is_kept() {
    let service = audited(AuditChoice::AllInputs).await;
    let body = quote_body(&service.quote(&enclave_holding(b"")));
    service.attest(&body).await.token();
    let decision = decisions(&service, 1).await.remove(0);
    let kept = async |name: &str| {
        let hash = decision[name].as_str().unwrap_or_else(|| panic!("{name}: {decision}"));
        let kept = service.ask("GET", &format!("/audit/inputs/{hash}"), "").await;
        assert_eq!((kept.status.as_u16(), sha256(&kept.body).as_str()), (200, hash), "{name}");
        kept.body
    };
    assert_eq!(kept("requestSha256").await, body.to_string().into_bytes());
    let policy = String::from_utf8(kept("policyJwsSha256").await).unwrap();
    let text = token::policy_jws::PolicyJws::read(&policy).unwrap().text().unwrap().to_owned();
    assert_eq!(decision["policyHash"], json!(token::hash::policy_hash(&text)));
    assert!(kept("collateralSha256").await.starts_with(b"{\n\"format\": \"veritee-collateral-bundle\""));
}

#[tokio::test]
async fn what_has_no_room_is_counted_as_lost() {
    let audit = Arc::new(Audit::new("replica".to_owned(), AuditChoice::AllInputs));
    let service = running_with(|config| config.audit = Arc::clone(&audit)).await;
    // Nobody writes yet. Each request takes as much room as a request may.
    let padding = " ".repeat(service::MAX_BODY - 100);
    let body = format!("{{\"quote\": \"{}\"{padding}}}", encode(b"none"));
    let count = 40;
    for _ in 0..count {
        assert_eq!(service.post("/attest/SgxEnclave", body.clone()).await.status, 400);
    }
    let store = store(&service).await;
    tokio::spawn(async move { audit.write_behind(&store).await });
    let kept = decisions(&service, 1).await.len();
    let records = written(&service).await;
    let lost: u64 = records.iter().filter_map(|record| record["lost"].as_u64()).sum();
    assert!(lost > 0 && kept as u64 + lost == count, "{kept} kept, {lost} lost");
}

#[tokio::test]
async fn heads_are_published_and_signed() {
    let service = running().await;
    let token = service.get("/audit/heads").await.token();
    let keys = token::Jwks::parse(&service.get("/certs").await.body).unwrap();
    let now = dcap::UnixTime::of_system_clock().seconds();
    let verifier = token::Verifier::new(running::URL, keys);
    let claims = verifier.verify_statement(&token, now).unwrap();
    let head = &claims["x-veritee-audit-heads"][0];
    let last = store(&service).await.heads().await.unwrap().remove(0);
    assert_eq!((&head["replica"], &head["number"]), (&json!("replica"), &json!(last.number)));
    assert_eq!(head["hash"], json!(hex::encode(last.hash)));
    // It is no attestation token, and no statement of before it was made.
    let expectations = token::Expectations::new(token::Binding::WithoutFreshness).accept_simulated();
    assert!(matches!(verifier.verify(&token, now, &expectations), Err(token::TokenError::Administration { .. })));
    assert!(matches!(verifier.verify_statement(&token, now - 60), Err(token::TokenError::IssuedInFuture { .. })));
    let mut forged = token.into_bytes();
    let at = forged.iter().rposition(|byte| *byte == b'.').unwrap() - 1;
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    assert!(matches!(verifier.verify_statement(&forged, now), Err(token::TokenError::Signature)));
}

#[tokio::test]
async fn records_come_in_pages() {
    let service = running().await;
    for number in 0..60 {
        let set =
            service.ask("PUT", "/policies/Tpm", token::policy_jws::unsecured(&format!("{MINIMAL}//{number}"))).await;
        assert_eq!(set.status, 200);
        assert_eq!(service.ask("POST", "/policies/Tpm:reset", running::managed::RESET).await.status, 200);
    }
    let mut head = Head::before("replica");
    loop {
        let page = service.ask("GET", &format!("/audit/records/replica/{}", head.number), "").await.json();
        let page = page["value"].as_array().unwrap().clone();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 100);
        for record in page {
            assert_eq!(record["number"], json!(head.number + 1));
            head.number += 1;
        }
    }
    assert_eq!(head.number, 123);
}

#[tokio::test]
async fn wrong_paths_of_the_audit_are_refused() {
    let service = running().await;
    let hash = "0".repeat(64);
    for (path, status, code) in [
        ("/audit/records/replica/-1", 400, "audit_path_malformed"),
        ("/audit/records/replica/x", 400, "audit_path_malformed"),
        ("/audit/inputs/00", 400, "audit_path_malformed"),
        ("/audit/platforms/default/zz", 400, "audit_path_malformed"),
        (&format!("/audit/inputs/{hash}"), 404, "audit_missing"),
        (&format!("/audit/evidence/default/{hash}"), 404, "audit_missing"),
        ("/p/other/audit/heads", 404, "provider_unknown"),
    ] {
        let refusal = service.ask("GET", path, "").await.refusal();
        assert_eq!((refusal.0, refusal.2.as_str()), (status, code), "{path}");
    }
    assert_eq!(service.ask("GET", "/audit/records/another/0", "").await.json()["value"], json!([]));
}
