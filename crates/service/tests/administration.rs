//! Policies under management: who may, what is answered, and that the old one stays where a new one is refused.

mod running;

use attestation::policy_jws::{self, PolicySigningKey};
use axum::body::Body;
use axum::http::{StatusCode, header};
use running::{ADMINISTRATOR, Answer, Running, claims_of, enclave_holding, quote_body, request, running};
use serde_json::{Value, json};

const RESET: &str = "eyJhbGciOiJub25lIn0..";
const MINIMAL: &str = "version=1.0; authorizationrules{=> permit();}; issuancerules{};";
const TYPES: [&str; 8] =
    ["SgxEnclave", "OpenEnclave", "SevSnpVm", "TdxVm", "AzureGuest", "Tpm", "VBSEnclave", "CyResComponent"];

async fn send(service: &Running, method: &str, path: &str, body: impl Into<Body>) -> Answer {
    let bearer = format!("Bearer {ADMINISTRATOR}");
    let path = format!("{path}?api-version=2022-08-01");
    service.send(request(method, &path).header(header::AUTHORIZATION, bearer).body(body.into()).unwrap()).await
}

async fn claims(service: &Running, method: &str, path: &str, body: &str) -> Value {
    claims_of(&send(service, method, path, body.to_owned()).await.token())
}

async fn policy_of(service: &Running, path: &str) -> String {
    claims(service, "GET", path, "").await["x-ms-policy"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_type_has_a_policy_to_read_to_set_and_to_reset() {
    let service = running().await;
    for name in TYPES {
        let path = format!("/policies/{name}");
        let default = policy_of(&service, &path).await;
        let read = policy_jws::PolicyJws::read(&default).unwrap();
        assert_eq!(read.text().is_some(), ["SgxEnclave", "OpenEnclave", "SevSnpVm", "TdxVm"].contains(&name), "{name}");
        let jws = policy_jws::unsecured(MINIMAL);
        let set = claims(&service, "PUT", &path, &jws).await;
        assert_eq!(set["x-ms-policy-result"], "Updated");
        // As Azure answered for this very policy.
        assert_eq!(set["x-ms-policy-token-hash"], "c6sEJQItV50OeP9IrP_bzywAMOVvj5uDPbklA_bwdYQ");
        assert_eq!(policy_of(&service, &path).await, jws);
        let reset = claims(&service, "POST", &format!("{path}:reset"), RESET).await;
        assert_eq!(reset["x-ms-policy-result"], "Removed");
        assert_eq!(policy_of(&service, &path).await, default);
    }
}

#[tokio::test]
async fn answers_have_the_members_of_azures() {
    let service = running().await;
    let members = |claims: &Value| claims.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let read = claims(&service, "GET", "/policies/Tpm", "").await;
    assert_eq!(members(&read), "exp iat iss nbf x-ms-policy");
    assert_eq!(read["x-ms-policy"], RESET);
    assert_eq!(read["exp"].as_i64().unwrap() - read["iat"].as_i64().unwrap(), 3600);
    let certificates = claims(&service, "GET", "/certificates", "").await;
    assert_eq!(certificates["x-ms-policy-certificates"], json!({"keys": []}));
    assert_eq!(members(&certificates), "exp iat iss nbf x-ms-policy-certificates");
    let set = claims(&service, "PUT", "/policies/SgxEnclave", &policy_jws::unsecured(MINIMAL)).await;
    assert_eq!(members(&set), "exp iat iss nbf x-ms-policy-result x-ms-policy-token-hash");
    let reset = claims(&service, "POST", "/policies/SgxEnclave:reset", RESET).await;
    assert_eq!(members(&reset), "exp iat iss nbf x-ms-policy-result");
}

#[tokio::test]
async fn a_set_policy_decides_and_a_restart_keeps_it() {
    let service = running().await;
    let body = quote_body(&service.quote(&enclave_holding(b"")));
    let deny = policy_jws::unsecured("version=1.0;authorizationrules{[type==\"x-ms-sgx-svn\", value==4] => deny();};");
    claims(&service, "PUT", "/policies/SgxEnclave", &deny).await;
    assert_eq!(service.attest(&body).await.refusal().2, "policy_denied");
    // The other type has a policy of its own.
    assert!(policy_of(&service, "/policies/OpenEnclave").await.len() > deny.len());
    claims(&service, "POST", "/policies/SgxEnclave:reset", RESET).await;
    service.attest(&body).await.token();
    claims(&service, "PUT", "/policies/SgxEnclave", &deny).await;
    let again = service.reopened().await;
    assert_eq!(policy_of(&again, "/policies/SgxEnclave").await, deny);
    assert_eq!(again.attest(&body).await.refusal().2, "policy_denied");
}

#[tokio::test]
async fn the_signer_of_a_policy_stands_in_answers_and_tokens() {
    let service = running().await;
    let signer = rcgen::generate_simple_self_signed(["signer.example".to_owned()]).unwrap();
    let key = signer.signing_key.serialize_pem();
    let key = PolicySigningKey::from_pem(key.as_bytes(), signer.cert.pem().as_bytes()).unwrap();
    let jws = key.sign(Some(MINIMAL), None, None).unwrap();
    let set = claims(&service, "PUT", "/policies/SgxEnclave", &jws).await;
    let certificate = running::standard_base64(signer.cert.der());
    assert_eq!(set["x-ms-policy-signer"]["x5c"], json!([certificate]));
    let token = service.attest(&quote_body(&service.quote(&enclave_holding(b"")))).await.token();
    assert_eq!(claims_of(&token)["x-ms-policy-signer"], json!({"jwk": set["x-ms-policy-signer"]}));
}

#[tokio::test]
async fn a_policy_comes_as_it_is_or_quoted() {
    let service = running().await;
    let jws = policy_jws::unsecured(MINIMAL);
    for body in [
        jws.clone(),
        json!(jws).to_string(),
        format!(" {jws}\r\n"),
        format!("\n{}", json!(jws)),
        json!({"token": jws}).to_string(),
    ] {
        let set = claims(&service, "PUT", "/policies/sgxenclave", &body).await;
        assert_eq!(set["x-ms-policy-token-hash"], "c6sEJQItV50OeP9IrP_bzywAMOVvj5uDPbklA_bwdYQ", "{body}");
    }
}

#[tokio::test]
async fn what_is_refused_leaves_the_old_policy() {
    let service = running().await;
    let old = policy_jws::unsecured(MINIMAL);
    claims(&service, "PUT", "/policies/SgxEnclave", &old).await;
    let forged = format!("{}AA", policy_jws::unsecured(MINIMAL));
    for (body, code, detail) in [
        (String::new(), "InvalidParameter", "policy_jws_segments"),
        ("{}".to_owned(), "InvalidParameter", "policy_body_malformed"),
        ("{\"a\":\"b\",\"c\":\"d\"}".to_owned(), "InvalidParameter", "policy_body_malformed"),
        ("\"".to_owned(), "InvalidParameter", "policy_body_malformed"),
        (RESET.to_owned(), "InvalidParameter", "policy_missing"),
        (
            policy_jws::unsecured("version=1.0;authorizationrules{[type=\"a\"] => permit();};"),
            "PolicyParsingError",
            "policy_malformed",
        ),
        (
            policy_jws::unsecured(
                "version=1.0;authorizationrules{=>permit();};issuancerules{=>issue(type=\"iss\",value=1);};",
            ),
            "PolicyParsingError",
            "policy_malformed",
        ),
        (forged, "InvalidParameter", "policy_jws_unsecured_with_signature"),
    ] {
        let (status, azure, ours) = send(&service, "PUT", "/policies/SgxEnclave", body.clone()).await.refusal();
        assert_eq!(status, 400);
        assert_eq!(azure, code, "{body}: {ours}");
        assert_eq!(ours, detail, "{body}");
        assert_eq!(policy_of(&service, "/policies/SgxEnclave").await, old);
    }
    let refused = send(&service, "PUT", "/policies/SgxEnclave", vec![0xff, 0xfe]).await.refusal();
    assert_eq!(refused.2, "policy_body_malformed");
    let refused = send(&service, "POST", "/policies/SgxEnclave:reset", old.clone()).await.refusal();
    assert_eq!(refused.2, "reset_with_policy");
    assert_eq!(policy_of(&service, "/policies/SgxEnclave").await, old);
    // A diagnosis says where.
    let body = policy_jws::unsecured("version=1.0;\nauthorizationrules{[type=\"a\"] => permit();};");
    let answer = send(&service, "PUT", "/policies/SgxEnclave", body).await;
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("line 2, column 25"), "{}", answer.json());
}

#[tokio::test]
async fn whoever_has_no_token_reads_and_changes_nothing() {
    let service = running().await;
    let before = policy_of(&service, "/policies/SgxEnclave").await;
    let jws = policy_jws::unsecured(MINIMAL);
    for (method, path) in [
        ("GET", "/policies/SgxEnclave"),
        ("PUT", "/policies/SgxEnclave"),
        ("POST", "/policies/SgxEnclave:reset"),
        ("GET", "/certificates"),
        ("POST", "/certificates:add"),
        ("POST", "/certificates:remove"),
    ] {
        for bearer in [None, Some("Bearer other"), Some("Basic YTph"), Some("Bearer")] {
            let mut asked = request(method, path);
            if let Some(bearer) = bearer {
                asked = asked.header(header::AUTHORIZATION, bearer);
            }
            let answer = service.send(asked.body(jws.clone().into()).unwrap()).await;
            assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer", "{method} {path}");
            let code = if bearer == Some("Bearer other") { "bearer_token_refused" } else { "bearer_token_missing" };
            assert_eq!(answer.refusal(), (401, "Unauthorized".into(), code.into()));
            let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.contains("requires a valid JWT bearer token"), "{message}");
        }
    }
    assert_eq!(policy_of(&service, "/policies/SgxEnclave").await, before);
}

#[tokio::test]
async fn certificates_cannot_be_changed_in_this_trust_model() {
    let service = running().await;
    for path in ["/certificates:add", "/certificates:remove"] {
        let answer = send(&service, "POST", path, json!("a.b.c").to_string()).await;
        assert_eq!(answer.refusal(), (400, "InvalidOperation".into(), "provider_not_isolated".into()));
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("Attestation Enclave operation failed with 65530: RETURN_IF_TRUE('(GetPolicyRoot"));
    }
}

#[tokio::test]
async fn what_is_not_attested_yet_and_what_does_not_exist_say_so() {
    let service = running().await;
    for name in
        ["Tpm", "SevSnpVm", "sevsnpvm", "AzureGuest", "VBSEnclave", "CyResComponent", "KeyGuard", "Nothing", "%00"]
    {
        for version in ["2018-09-01-preview", "2026-03-11-preview"] {
            let answer = service.post(&format!("/attest/{name}?api-version={version}"), "{}").await;
            let expected = (400, "InvalidOperation".into(), "attestation_type_not_supported".into());
            assert_eq!(answer.refusal(), expected, "{name}");
        }
    }
    assert_eq!(send(&service, "GET", "/policies/Nothing", "").await.refusal().2, "attestation_type_unknown");
    for (method, path) in [("POST", "/policies/Tpm"), ("GET", "/policies/Tpm:reset"), ("DELETE", "/policies/Tpm")] {
        assert_eq!(send(&service, method, path, "").await.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
    }
    assert_eq!(service.get("/servicehealth").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn collateral_that_is_loaded_anew_takes_no_policy_back() {
    let service = running().await;
    let jws = policy_jws::unsecured(MINIMAL);
    claims(&service, "PUT", "/policies/SgxEnclave", &jws).await;
    let piece = std::fs::read_dir(service.simulation.collateral_directory()).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&piece, std::fs::read(&piece).unwrap()).unwrap();
    let _ = service.refresh_collateral();
    assert_eq!(policy_of(&service, "/policies/SgxEnclave").await, jws);
}
