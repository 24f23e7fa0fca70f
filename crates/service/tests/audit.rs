//! Who did what, and what was decided, as the service writes it down.

mod running;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use attestation::policy_jws::CertificateAction;
use attestation::{Audit, AuditChoice, Retention};
use running::managed::{GROUP, MINIMAL, Signer, isolated};
use running::{Running, claims_of, enclave_holding, encode, quote_body, running, running_with};
use serde_json::{Value, json};
use store::{AuditLog, Head, Record, Sqlite};
use unix_time::UnixTime;

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
    let audit = Audit::new("replica".to_owned(), choice).counting_for(Duration::from_millis(100));
    let audit = Arc::new(audit);
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
    let decisions = decisions(&service, 2).await;
    let [accepted, refused] = decisions.as_slice() else { panic!("{decisions:?}") };
    assert_eq!(accepted["tokenSha256"], json!(sha256(token.as_bytes())));
    assert_eq!(accepted["evidenceSha256"], json!(sha256(&quote)));
    assert_eq!(accepted["policyHash"], claims_of(&token)["x-ms-policy-hash"]);
    assert_eq!((&accepted["refused"], &accepted["provider"]), (&Value::Null, &json!("default")));
    assert_eq!(refused["refused"], json!("runtime_data_mismatch"));
    assert_eq!(refused["platform"], accepted["platform"], "it was proven before it was refused");
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
    assert_eq!(refusals(&service, 1).await.into_keys().next().unwrap().2, "quote_bad_signature");
    let platform = decisions(&service, 2).await[0]["platform"].as_str().unwrap().to_owned();
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
    let now = UnixTime::of_system_clock();
    let pem = service.root_pem();
    let root = dcap::Certificate::from_der(&dcap::pem::blocks(pem.as_bytes(), "CERTIFICATE").unwrap()[0]).unwrap();
    let verifier = dcap::Verifier::new(dcap::TrustedRoots::only(&root));
    let quote = dcap::Quote::parse(&second).unwrap();
    let pck = verifier.prove(&quote, None, now).unwrap();
    let choice = set.choose(&pck.family(quote.tee()), now).unwrap();
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
    let text = attestation::policy_jws::PolicyJws::read(&policy).unwrap().text().unwrap().to_owned();
    assert_eq!(decision["policyHash"], json!(token::hash::policy_hash(&text)));
    assert!(kept("collateralSha256").await.starts_with(b"{\n\"format\": \"veritee-collateral-bundle\""));
}

/// The counted refusals, once there are as many in all, by provider, type and code.
async fn refusals(service: &Running, count: u64) -> BTreeMap<(String, String, String), u64> {
    for _ in 0..200 {
        let mut refusals = BTreeMap::new();
        for record in written(service).await.iter().filter(|record| record["action"] == "refusals") {
            assert!(record["from"].as_str() <= record["until"].as_str() && record["others"] == 0, "{record}");
            for refusal in record["refusals"].as_array().unwrap() {
                let text = |member: &str| refusal[member].as_str().unwrap().to_owned();
                let kind = (text("provider"), text("attestationType"), text("code"));
                *refusals.entry(kind).or_default() += refusal["count"].as_u64().unwrap();
            }
        }
        if refusals.values().sum::<u64>() >= count {
            return refusals;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{count} refusals are not written down");
}

/// Junk without any form, a quote of another root's platform, and quotes that were changed behind a genuine certificate chain, which
/// is public; each in a request as large as it may be.
#[tokio::test]
async fn junk_of_strangers_does_not_fill_the_audit() {
    let (service, other) = (audited(AuditChoice::AllInputs).await, running().await);
    service.create("second", json!({})).await;
    let genuine = service.quote(&enclave_holding(b""));
    let changed = |offset: usize| {
        let mut quote = genuine.clone();
        quote[offset] ^= 1;
        quote
    };
    // The report data of the enclave, and the beginning of the QE report's own report data.
    let (report_data, qe_report_data) = (48 + 320, 48 + 384 + 4 + 64 + 64 + 320);
    let junk = [
        ("/attest/SgxEnclave", b"none".to_vec(), "quote_version_unknown"),
        ("/attest/SgxEnclave", other.quote(&enclave_holding(b"")), "root_certificate_untrusted"),
        ("/attest/SgxEnclave", changed(report_data), "quote_bad_signature"),
        ("/p/second/attest/SgxEnclave", changed(qe_report_data), "qe_report_bad_signature"),
    ];
    let before = store(&service).await.records_size("replica", 0).await.unwrap();
    for number in 0..50 {
        for (path, quote, code) in &junk {
            let quote = encode(quote);
            let padding = format!("{number}{}", " ".repeat(service::MAX_BODY - quote.len() - 100));
            let body = format!("{{\"quote\": \"{quote}\", \"padding\": \"{padding}\"}}");
            assert_eq!(service.post(path, body).await.refusal().2, *code);
        }
    }
    let counted = refusals(&service, 200).await;
    assert_eq!(counted.len(), junk.len(), "{counted:?}");
    for (path, _, code) in junk {
        let provider = if path.starts_with("/p/second") { "second" } else { "default" };
        assert_eq!(counted[&(provider.to_owned(), "SgxEnclave".to_owned(), code.to_owned())], 50, "{code}");
    }
    let store = store(&service).await;
    assert_eq!(store.inputs_size(UnixTime::EPOCH).await.unwrap(), 0, "no input is kept");
    let size = store.records_size("replica", 0).await.unwrap() - before;
    // Some records, however the time was divided: one for each decision would be 200 times 300 bytes at least.
    assert!(size < 50_000, "{size} bytes of records");
    assert!(written(&service).await.iter().all(|record| record["action"] != "decisions"));
}

#[tokio::test]
async fn what_is_counted_is_written_down_before_the_service_ends() {
    let audit = Arc::new(Audit::new("replica".to_owned(), AuditChoice::Decisions));
    let service = running_with(|config| config.audit = Arc::clone(&audit)).await;
    let store = store(&service).await;
    let ending = Arc::clone(&audit);
    let writing = tokio::spawn(async move { ending.write_behind(&store).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(service.attest(&quote_body(b"none")).await.status, 400);
    audit.close();
    writing.await.unwrap();
    assert_eq!(refusals(&service, 1).await.len(), 1);
}

#[tokio::test]
async fn what_has_no_room_is_counted_as_lost() {
    let audit = Arc::new(Audit::new("replica".to_owned(), AuditChoice::AllInputs));
    let service = running_with(|config| config.audit = Arc::clone(&audit)).await;
    // Nobody writes yet. Each request takes as much room as a request may, and its evidence is proven.
    let quote = encode(&service.quote(&enclave_holding(b"")));
    let padding = " ".repeat(service::MAX_BODY - quote.len() - 100);
    let body = format!("{{\"quote\": \"{quote}\"{padding}}}");
    let count = 40;
    for _ in 0..count {
        assert_eq!(service.post("/attest/SgxEnclave", body.clone()).await.status, 200);
    }
    let store = store(&service).await;
    tokio::spawn(async move { audit.write_behind(&store).await });
    let kept = decisions(&service, 1).await.len();
    let records = written(&service).await;
    let lost: u64 = records.iter().filter_map(|record| record["lost"].as_u64()).sum();
    assert!(lost > 0 && kept as u64 + lost == count, "{kept} kept, {lost} lost");
}

/// A service whose chain has records of the last `ages` seconds, and an input for each.
async fn aged(ages: &[i64]) -> (Running, UnixTime) {
    let (service, now) = (running().await, UnixTime::of_system_clock());
    let store = store(&service).await;
    let audit = Audit::new("another".to_owned(), AuditChoice::default());
    for (age, number) in ages.iter().zip(1..) {
        let at = UnixTime::from_seconds(now.seconds() - age);
        let entry = audit.entry("decisions", "veritee", at, json!({"padding": "x".repeat(1000)}));
        let input = store::Input { sha256: [number; 32], bytes: vec![number; 1000] };
        store.append(&entry, &[input], &[], at).await.unwrap();
    }
    (service, now)
}

fn retention(days: Option<u64>, bytes: Option<u64>) -> Retention {
    Retention::new(days.map(|days| Duration::from_secs(days * 86_400)), bytes).unwrap()
}

/// The chain as it is kept, after checking it from its anchor on: the numbers of its records, and the last text.
async fn kept(service: &Running) -> (Vec<i64>, Value) {
    let store = store(service).await;
    let chain = store.chains().await.unwrap().remove(0);
    let records = store.records("another", 0, 999).await.unwrap();
    let head = records.iter().fold(chain.anchor, |head, record| head.follow(record).unwrap());
    assert_eq!(head, chain.head);
    let last = serde_json::from_str(&records.last().unwrap().text).unwrap();
    (records.iter().map(|record| record.number).collect(), last)
}

#[tokio::test]
async fn retention_by_age_deletes_the_beginning_of_a_chain_with_its_inputs_and_says_so_in_the_chain() {
    const DAY: i64 = 86_400;
    let (service, now) = aged(&[100 * DAY, 95 * DAY, 91 * DAY, 80 * DAY, DAY]).await;
    assert_eq!(service.attestation.providers().retain_audit(&retention(Some(101), None), now).await.unwrap(), 0);
    let deleted = service.attestation.providers().retain_audit(&retention(Some(90), None), now).await.unwrap();
    assert_eq!(deleted, 6, "three records and their inputs");
    let (numbers, announcement) = kept(&service).await;
    assert_eq!(numbers, [4, 5, 6]);
    let store = store(&service).await;
    assert_eq!((store.input(&[3; 32]).await.unwrap(), store.input(&[4; 32]).await.unwrap().is_some()), (None, true));
    // The announcement is signed, and is about this very anchor.
    assert_eq!((&announcement["action"], &announcement["by"]), (&json!("audit.retention"), &json!("veritee")));
    let keys = jose::Jwks::parse(&service.get("/certs").await.body).unwrap();
    let verifier = token::Verifier::new(running::URL, keys);
    let claims = verifier.verify_statement(announcement["statement"].as_str().unwrap(), now.plus(60)).unwrap();
    let anchor = store.chains().await.unwrap().remove(0).anchor;
    for said in [&announcement, &claims["x-veritee-audit-retention"]] {
        assert_eq!((&said["through"], &said["hash"]), (&json!(3), &json!(hex::encode(anchor.hash))), "{said}");
    }
    assert_eq!(claims["x-veritee-audit-retention"]["replica"], json!("another"));
    // Nothing more is old enough, also for another replica at the same time. Later the next are.
    assert_eq!(service.attestation.providers().retain_audit(&retention(Some(90), None), now).await.unwrap(), 0);
    assert_eq!(kept(&service).await.0, [4, 5, 6]);
    let later = UnixTime::from_seconds(now.seconds() + 30 * DAY);
    service.attestation.providers().retain_audit(&retention(Some(90), None), later).await.unwrap();
    assert_eq!(kept(&service).await.0, [5, 6, 7]);
}

#[tokio::test]
async fn retention_by_size_deletes_the_oldest_part_of_records_and_inputs() {
    let ages: Vec<i64> = (1..=40).rev().map(|hours| hours * 7200).collect();
    let (service, now) = aged(&ages).await;
    let size = async || {
        let store = store(&service).await;
        let mut size = store.inputs_size(UnixTime::EPOCH).await.unwrap();
        for head in store.heads().await.unwrap() {
            size += store.records_size(&head.replica, 0).await.unwrap();
        }
        size
    };
    let before = size().await;
    assert!(before > 80_000, "{before}");
    assert_eq!(service.attestation.providers().retain_audit(&retention(None, Some(100_000)), now).await.unwrap(), 0);
    let both = retention(Some(10_000), Some(40_000));
    assert!(service.attestation.providers().retain_audit(&both, now).await.unwrap() > 30);
    let after = size().await;
    assert!((25_000..40_000).contains(&after), "{after}");
    let (numbers, _) = kept(&service).await;
    assert_eq!(numbers.last(), Some(&41));
    // Inputs of kept records are there.
    let store = store(&service).await;
    for number in numbers.iter().filter(|number| **number <= 40) {
        assert!(store.input(&[u8::try_from(*number).unwrap(); 32]).await.unwrap().is_some(), "{number}");
    }
    assert_eq!(service.attestation.providers().retain_audit(&both, now).await.unwrap(), 0, "it fits");
    // However small the limit is, each chain keeps its end.
    service.attestation.providers().retain_audit(&retention(None, Some(1)), now).await.unwrap();
    let (numbers, last) = kept(&service).await;
    assert_eq!((numbers.len(), &last["action"]), (2, &json!("audit.retention")));
    assert_eq!(store.inputs_size(UnixTime::EPOCH).await.unwrap(), 0);
}

#[tokio::test]
async fn heads_are_published_and_signed() {
    let service = running().await;
    let token = service.get("/audit/heads").await.token();
    let keys = jose::Jwks::parse(&service.get("/certs").await.body).unwrap();
    let now = UnixTime::of_system_clock();
    let verifier = token::Verifier::new(running::URL, keys);
    let claims = verifier.verify_statement(&token, now).unwrap();
    let head = &claims["x-veritee-audit-heads"][0];
    let last = store(&service).await.heads().await.unwrap().remove(0);
    assert_eq!((&head["replica"], &head["number"]), (&json!("replica"), &json!(last.number)));
    assert_eq!(head["hash"], json!(hex::encode(last.hash)));
    // It is no attestation token, and no statement of before it was made.
    let expectations = token::Expectations::new(token::Binding::WithoutFreshness).accept_simulated();
    assert!(matches!(verifier.verify(&token, now, &expectations), Err(token::TokenError::Administration { .. })));
    assert!(matches!(verifier.verify_statement(&token, now.plus(-60)), Err(token::TokenError::IssuedInFuture { .. })));
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
        let set = service
            .ask("PUT", "/policies/Tpm", attestation::policy_jws::unsecured(&format!("{MINIMAL}//{number}")))
            .await;
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
