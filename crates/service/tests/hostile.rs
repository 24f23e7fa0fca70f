//! What strangers send: a 4xx in the API's error shape, never a panic, a hang or a 5xx.

mod running;

use problem::Problem;
use std::time::Duration;

use attestation::{AttestRequest, AttestationType, ProviderName};
use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use proptest::prelude::*;
use running::{addresses, enclave_holding, encode, quote_body, request, running};
use serde_json::json;
use unix_time::UnixTime;

const ATTEST: &str = "/attest/SgxEnclave";

#[tokio::test]
async fn another_host_or_path_gets_421_and_never_a_token() {
    let service = running().await;
    let body = quote_body(&service.quote(&enclave_holding(b""))).to_string();
    let to = |host: Option<&str>, uri: &str| {
        let builder = Request::builder().method("POST").uri(uri);
        let builder = host.into_iter().fold(builder, |builder, host| builder.header(header::HOST, host));
        builder.body(Body::from(body.clone())).unwrap()
    };
    for (host, uri) in [
        (Some("evil.example"), ATTEST),
        (Some("evil.example:8443"), ATTEST),
        (Some("localhost"), ATTEST),
        (Some("localhost:8444"), ATTEST),
        (Some("localhost:8443.evil.example"), ATTEST),
        (Some("user@localhost:8443"), "https://evil.example/attest/SgxEnclave"),
        (Some("localhost:8443"), "https://evil.example/attest/SgxEnclave"),
        (None, ATTEST),
        (Some(""), ATTEST),
    ] {
        let answer = service.send(to(host, uri)).await;
        assert_eq!(answer.refusal(), (421, "InvalidOperation".into(), "misdirected_request".into()), "{host:?} {uri}");
    }
    let two = request("POST", ATTEST).header(header::HOST, "evil.example").body(Body::from(body.clone())).unwrap();
    assert_eq!(service.send(two).await.refusal().0, 421);
    service.send(to(Some("127.0.0.1:8443"), ATTEST)).await.token();
    service.send(to(Some("localhost:8443"), "https://localhost:8443/attest/SgxEnclave")).await.token();
}

#[tokio::test]
async fn a_provider_below_a_path_answers_below_that_path_alone() {
    let service = running::running_with(|config| {
        config.addresses = addresses("https://localhost:8443/p/one");
    })
    .await;
    assert_eq!(service.get("/certs").await.refusal().0, 421);
    let metadata = service.get("/P/One/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["issuer"], "https://localhost:8443/p/one");
}

#[tokio::test]
async fn unknown_routes_and_methods_are_refused_in_the_error_shape() {
    let service = running().await;
    assert_eq!(service.get("/").await.refusal(), (404, "NotFound".into(), "route_unknown".into()));
    assert_eq!(service.post("/attest/a/b", "{}").await.refusal().0, 404);
    let refused = service.post("/attest/SevSnpVm", "{}").await.refusal();
    assert_eq!(refused, (400, "InvalidOperation".into(), "attestation_type_not_supported".into()));
    assert_eq!(service.get(ATTEST).await.refusal(), (405, "MethodNotAllowed".into(), "method_not_allowed".into()));
}

#[tokio::test]
async fn bodies_too_long_compressed_or_no_json_are_refused() {
    let service = running().await;
    let ten_megabytes = vec![b' '; 10 << 20];
    assert_eq!(
        service.post(ATTEST, ten_megabytes).await.refusal(),
        (413, "InvalidParameter".into(), "body_too_long".into())
    );
    let compressed = request("POST", ATTEST).header(header::CONTENT_ENCODING, "gzip").body(Body::from("x")).unwrap();
    assert_eq!(service.send(compressed).await.refusal(), (415, "InvalidParameter".into(), "body_compressed".into()));
    let deep = format!("{{\"quote\":{}", "[".repeat(10_000));
    for body in [
        "",
        "nonsense",
        "[]",
        "{\"quote\":1}",
        "{\"quote\":\"*\"}",
        "{\"quote\":\"AQ\",\"quote\":\"AQ\"}",
        deep.as_str(),
    ] {
        let refusal = service.post(ATTEST, body.to_owned()).await.refusal();
        assert_eq!(refusal, (400, "InvalidParameter".into(), "request_malformed".into()), "{body:.40}");
    }
}

#[tokio::test]
async fn every_truncation_and_trailing_bytes_are_refused() {
    let service = running().await;
    let quote = service.quote(&enclave_holding(b""));
    // Every length of the fixed parts, and some of the long certificates.
    for length in (0..1100).chain((1100..quote.len()).step_by(97)) {
        let refusal = service.attest(&quote_body(&quote[..length])).await.refusal();
        assert_eq!((refusal.0, refusal.1.as_str()), (400, "InvalidQuote"), "{length}");
    }
    let refusal = service.attest(&quote_body(&[quote.as_slice(), b"x"].concat())).await.refusal();
    assert_eq!(refusal.2, "quote_trailing_bytes");
}

#[tokio::test]
async fn a_genuine_root_is_not_trusted_by_a_simulated_provider_and_the_reverse() {
    let simulated = running().await;
    let samples = test_support::package("dcap-qvl").join("sample");
    let genuine = std::fs::read(samples.join("sgx_quote")).unwrap();
    assert_eq!(simulated.attest(&quote_body(&genuine)).await.refusal().2, "root_certificate_untrusted");
    let real = running::running_with(|config| config.root_pem = None).await;
    let quote = real.quote(&enclave_holding(b""));
    assert_eq!(real.attest(&quote_body(&quote)).await.refusal().2, "root_certificate_untrusted");
}

#[tokio::test]
async fn a_quote_without_its_chain_is_refused() {
    let service = running().await;
    let mut quote = service.quote(&enclave_holding(b""));
    // Type of the certification data.
    assert_eq!(quote[1046..1048], [5, 0]);
    quote[1046] = 4;
    let refusal = service.attest(&quote_body(&quote)).await.refusal();
    assert_eq!(refusal, (400, "InvalidQuote".into(), "quote_without_pck_chain".into()));
}

#[tokio::test]
async fn a_platform_without_collateral_is_told_which_piece_is_missing() {
    let service = running::running_with(|config| config.collateral = None).await;
    let quote = service.quote(&enclave_holding(b""));
    assert_eq!(service.attest(&quote_body(&quote)).await.refusal().2, "collateral_not_configured");
    let service = running().await;
    std::fs::remove_file(service.simulation.collateral_directory().join("tcb_info.json")).unwrap();
    assert!(service.refresh_collateral().unwrap());
    let answer = service.attest(&quote_body(&service.quote(&enclave_holding(b"")))).await;
    assert_eq!(answer.refusal().2, "collateral_missing");
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("TCB Info"));
}

#[tokio::test]
async fn collateral_that_changed_on_disk_is_taken_up_and_broken_collateral_is_not() {
    let service = running().await;
    assert!(!service.refresh_collateral().unwrap());
    let directory = service.simulation.collateral_directory();
    for entry in std::fs::read_dir(&directory).unwrap() {
        std::fs::write(entry.unwrap().path(), "broken").unwrap();
    }
    assert!(service.refresh_collateral().is_err());
    service.attest(&quote_body(&service.quote(&enclave_holding(b"")))).await.token();
}

/// Attests at a time of the future.
fn attest_at(service: &running::Running, provider: &str, quote: &[u8], at: i64) -> Result<String, String> {
    let body = quote_body(quote).to_string();
    let request = AttestRequest::from_json(body.as_bytes(), AttestationType::SgxEnclave).unwrap();
    let provider = service.attestation.providers().get(&ProviderName::parse(provider).unwrap()).unwrap();
    let attested = provider.attest(AttestationType::SgxEnclave, &request, UnixTime::from_seconds(at));
    attested.map_err(|error| error.code().into_owned())
}

const REVOKED: &str = "pck_certificate_revoked";

#[tokio::test]
async fn a_revocation_list_that_is_loaded_before_it_begins_governs_from_then_on_also_platforms_seen_before() {
    let mut service = running().await;
    let (now, quote) = (UnixTime::of_system_clock().seconds(), service.quote(&enclave_holding(b"")));
    let directory = service.simulation.collateral_directory();
    let before = std::fs::read(directory.join("pck_crl.der")).unwrap();
    service.simulation.set_revoked("default", true).unwrap();
    service.simulation.publish(UnixTime::from_seconds(now + 1000)).unwrap();
    let later = std::fs::read(directory.join("pck_crl.der")).unwrap();
    service.simulation.publish(UnixTime::from_seconds(now)).unwrap();
    std::fs::write(directory.join("pck_crl.der"), before).unwrap();
    std::fs::write(directory.join("pck_crl_later.der"), later).unwrap();
    service.refresh_collateral().unwrap();
    attest_at(&service, "default", &quote, now + 10).unwrap();
    attest_at(&service, "default", &quote, now + 999).unwrap();
    // The older list is valid for weeks, and was verified for this platform family.
    assert_eq!(attest_at(&service, "default", &quote, now + 1000), Err(REVOKED.to_owned()));
}

#[tokio::test]
async fn an_older_revocation_list_does_not_bring_a_revoked_platform_back() {
    let mut service = running().await;
    let (now, quote) = (UnixTime::of_system_clock().seconds(), service.quote(&enclave_holding(b"")));
    let file = service.simulation.collateral_directory().join("pck_crl.der");
    service.simulation.publish(UnixTime::from_seconds(now - 1000)).unwrap();
    let before = std::fs::read(&file).unwrap();
    service.refresh_collateral().unwrap();
    attest_at(&service, "default", &quote, now).unwrap();
    service.simulation.set_revoked("default", true).unwrap();
    service.simulation.publish(UnixTime::from_seconds(now)).unwrap();
    assert!(service.refresh_collateral().unwrap());
    assert_eq!(attest_at(&service, "default", &quote, now), Err(REVOKED.to_owned()));
    // Put back, by mistake or not: it is still valid.
    std::fs::write(&file, before).unwrap();
    assert!(service.refresh_collateral().unwrap());
    assert_eq!(attest_at(&service, "default", &quote, now), Err(REVOKED.to_owned()));
}

#[tokio::test]
async fn a_revocation_list_of_one_provider_governs_all_over_the_same_issuer() {
    let mut service = running().await;
    let (now, quote) = (UnixTime::of_system_clock().seconds(), service.quote(&enclave_holding(b"")));
    let other = service.directory.path().join("other");
    std::fs::create_dir(&other).unwrap();
    for entry in std::fs::read_dir(service.simulation.collateral_directory()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), other.join(entry.file_name())).unwrap();
    }
    service.create("other", json!({"veritee": {"collateral": other}})).await;
    for provider in ["default", "other"] {
        attest_at(&service, provider, &quote, now + 5).unwrap();
    }
    service.simulation.set_revoked("default", true).unwrap();
    service.simulation.publish(UnixTime::from_seconds(now + 5)).unwrap();
    service.attestation.providers().refresh_collateral();
    // Nobody was attested with the new list yet, and the other provider's files are as they were.
    assert_eq!(attest_at(&service, "other", &quote, now + 5), Err(REVOKED.to_owned()));
    assert_eq!(attest_at(&service, "default", &quote, now + 5), Err(REVOKED.to_owned()));
}

#[tokio::test]
async fn a_replica_that_does_not_follow_the_store_stops_attesting_after_the_maximum_staleness() {
    let limit = Duration::from_millis(1500);
    let service = running::running_with(|config| config.max_staleness = limit).await;
    let body = quote_body(&service.quote(&enclave_holding(b"")));
    service.attest(&body).await.token();
    tokio::time::sleep(limit).await;
    let refusal = service.attest(&body).await.refusal();
    assert_eq!(refusal, (503, "InternalError".into(), "store_out_of_reach".into()));
}

#[test]
fn mutated_quotes_and_bodies_never_panic_and_never_get_a_token() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let service = runtime.block_on(running());
    let quote = service.quote(&enclave_holding(b""));
    proptest!(ProptestConfig::with_cases(128), |(at in 0..quote.len(), bit in 0u8..8, cut in 0usize..3, garbage in ".{0,60}")| {
        let mut changed = quote.clone();
        changed[at] ^= 1 << bit;
        changed.truncate(changed.len() - cut);
        let answer = runtime.block_on(service.attest(&quote_body(&changed)));
        prop_assert!(answer.status.is_client_error());
        answer.refusal();
        let body = json!({"quote": encode(&quote), "runtimeData": {"data": garbage, "dataType": "JSON"}}).to_string();
        let mutated: String = body.chars().enumerate().map(|(n, c)| if n == at { '"' } else { c }).collect();
        prop_assert!(!runtime.block_on(service.post(ATTEST, mutated)).status.is_server_error());
    });
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let service = running().await;
    let (mut sender, body) = http_body_util::channel::Channel::<Bytes, std::convert::Infallible>::new(1);
    sender.send_data("{".into()).await.unwrap();
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let refused = service.post(ATTEST, Body::new(body)).await;
    assert_eq!(refused.refusal(), (408, "InvalidOperation".into(), "body_too_slow".into()));
    assert_eq!(begun.elapsed().as_secs(), 5);
    drop(sender);
}

#[tokio::test]
async fn a_body_that_comes_slowly_has_half_a_minute() {
    let service = running().await;
    let (mut sender, body) = http_body_util::channel::Channel::<Bytes, std::convert::Infallible>::new(1);
    tokio::time::pause();
    let sending = tokio::spawn(async move {
        while sender.send_data(vec![b' '; 1 << 10].into()).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let begun = tokio::time::Instant::now();
    let refused = service.post(ATTEST, Body::new(body)).await;
    assert_eq!(refused.refusal(), (408, "InvalidOperation".into(), "timeout".into()));
    assert_eq!(begun.elapsed().as_secs(), 30);
    sending.abort();
}

#[tokio::test]
async fn a_path_that_is_not_utf8_is_refused_in_the_shape_of_the_api() {
    let service = running().await;
    let expected = (400, "InvalidParameter".to_owned(), "path_malformed".to_owned());
    assert_eq!(service.get("/policies/%FF").await.refusal(), expected);
}
