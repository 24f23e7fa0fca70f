//! Attestation over the API, on a simulated machine.

mod running;

use abi::open_enclave;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use running::{claims_of, enclave_holding, encode, quote_body, running};
use serde_json::{Value, json};
use token::Binding;
use zerocopy::IntoBytes;

const PERMIT: &str = "version=1.0;authorizationrules{=>permit();};";

#[tokio::test]
async fn a_quote_becomes_a_token_that_a_relying_party_verifies() {
    let service = running().await;
    let quote = service.quote(&enclave_holding(b"data"));
    let mut body = quote_body(&quote);
    body["runtimeData"] = json!({"data": encode(b"data"), "dataType": "Binary"});
    let token = service.attest(&body).await.token();
    let verified = service.verify(&token, Binding::RuntimeData(b"data".to_vec())).await;
    assert_eq!(verified.mrenclave(), Some([1; 32]));
    assert_eq!((verified.product_id(), verified.svn(), verified.is_debuggable()), (Some(3), Some(4), Some(false)));
    assert!(verified.is_simulated());
    let claims = verified.claims();
    assert_eq!(claims["x-ms-policy-hash"], "bROrN897ZfWmWY2V0FLUlu3uwk5xatGnKYHn3zBbSlw");
    assert_eq!(claims["x-ms-policy"]["svn"], 4);
    assert_eq!(claims["maa-ehd"], claims["x-ms-sgx-ehd"]);
    assert_eq!(claims["x-ms-sgx-collateral"], claims["maa-attestationcollateral"]);
}

#[tokio::test]
async fn the_token_says_how_up_to_date_and_how_simulated_the_platform_is() {
    let service = running().await;
    let token = service.attest(&quote_body(&service.quote(&enclave_holding(b"")))).await.token();
    let claims = claims_of(&token);
    assert_eq!(claims["x-veritee-simulated"], true);
    assert_eq!(claims["x-veritee-root-kind"], "simulated");
    assert_eq!(claims["x-veritee-root-sha256"].as_str().unwrap().len(), 64);
    assert_eq!(claims["x-veritee-tcb-status"], "UpToDate");
    assert_eq!(claims["x-veritee-qe-tcb-status"], "UpToDate");
    assert_eq!(claims["x-veritee-tcb-evaluation-number"], simulator::EVALUATION_DATA_NUMBER);
    assert_eq!(claims["x-veritee-advisory-ids"], json!([]));
    assert_eq!(claims["x-veritee-fmspc"], hex::encode(simulator::FMSPC));
    for name in ["x-veritee-tcb-date", "x-veritee-collateral-expiry"] {
        assert!(unix_time::UnixTime::from_rfc3339(claims[name].as_str().unwrap()).is_ok(), "{name}");
    }
    assert!(claims.get("x-veritee-dangerous-verification-time").is_none());
}

#[tokio::test]
async fn a_dangerous_verification_time_is_in_the_token_and_times_of_the_token_stay_real() {
    let at = unix_time::UnixTime::from_seconds(unix_time::UnixTime::of_system_clock().seconds() + 3600);
    let service = running::running_with(|config| config.clock = attestation::VerificationClock::Dangerous(at)).await;
    let token = service.attest(&quote_body(&service.quote(&enclave_holding(b"")))).await.token();
    let claims = claims_of(&token);
    assert_eq!(claims["x-veritee-dangerous-verification-time"], at.to_string());
    assert!(claims["iat"].as_i64().unwrap() < at.seconds() - 3000);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 28_800);
}

#[tokio::test]
async fn paths_members_and_spellings_of_base64_are_matched_as_azure_does() {
    let service = running().await;
    let quote = service.quote(&enclave_holding(b""));
    for (path, body) in [
        ("/attest/sgxenclave", json!({"QUOTE": encode(&quote)})),
        ("/ATTEST/SGXENCLAVE?api-version=2020-10-01", json!({"Quote": URL_SAFE.encode(&quote)})),
        ("/attest/SgxEnclave?api-version=9999&x=y", json!({"quote": STANDARD.encode(&quote), "unknown": [1]})),
    ] {
        service.post(path, body.to_string()).await.token();
    }
}

#[tokio::test]
async fn an_open_enclave_report_is_attested_and_hashed_with_its_header() {
    let service = running().await;
    let quote = service.quote(&enclave_holding(b""));
    let report = [open_enclave::header_for(quote.len()).as_bytes(), &quote].concat();
    let answer = service.post("/attest/OpenEnclave", json!({"report": encode(&report)}).to_string()).await;
    let claims = claims_of(&answer.token());
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &report);
    assert_eq!(claims["x-ms-sgx-collateral"]["quotehash"], hex::encode(digest));
    assert_eq!(claims["x-ms-attestation-type"], "sgx");
    let bare = service.post("/attest/OpenEnclave", json!({"report": encode(&quote)}).to_string()).await;
    assert_eq!(bare.refusal(), (400, "InvalidParameter".into(), "open_enclave_report_malformed".into()));
}

#[tokio::test]
async fn json_runtime_data_and_a_nonce_are_in_the_token() {
    let service = running().await;
    let data = json!({"keys": [{"kty": "OKP"}]});
    let mut body = quote_body(&service.quote(&enclave_holding(data.to_string().as_bytes())));
    body["runtimeData"] = json!({"data": encode(data.to_string().as_bytes()), "dataType": "JSON"});
    body["nonce"] = json!(4711);
    let token = service.attest(&body).await.token();
    assert_eq!(service.verify(&token, Binding::Nonce("4711".into())).await.runtime_json(), Some(&data));
    let claims = claims_of(&token);
    assert!(claims.get("x-ms-sgx-ehd").is_none() && claims.get("maa-ehd").is_none());
}

#[tokio::test]
async fn runtime_data_that_the_quote_does_not_commit_to_is_refused() {
    let service = running().await;
    let mut body = quote_body(&service.quote(&enclave_holding(b"data")));
    body["runtimeData"] = json!({"data": encode(b"other"), "dataType": "Binary"});
    assert_eq!(service.attest(&body).await.refusal().2, "runtime_data_mismatch");
}

#[tokio::test]
async fn init_time_data_needs_an_enclave_with_a_configid_that_commits_to_it() {
    let service = running().await;
    let data = json!({"a": 1}).to_string();
    let mut body = quote_body(&service.quote(&enclave_holding(b"")));
    body["initTimeData"] = json!({"data": encode(data.as_bytes()), "dataType": "JSON"});
    assert_eq!(service.attest(&body).await.refusal().2, "init_time_data_mismatch");

    let enclave = enclave_holding(b"");
    let mut secs = sgx::Secs::from(&enclave);
    secs.attributes.flags |= abi::sgx::Attributes::KSS;
    secs.config_id[..32]
        .copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data.as_bytes()).as_ref());
    let target = service.platform.quoting_enclave().unwrap().target_info();
    let report = service.platform.cpu().ereport(&secs, &target, enclave.report_data).unwrap();
    body["quote"] = json!(encode(&service.platform.quote(&report).unwrap()));
    let claims = claims_of(&service.attest(&body).await.token());
    assert_eq!(claims["x-ms-inittime"], json!({"a": 1}));
    assert_eq!(claims["x-ms-sgx-config-id"].as_str().unwrap().len(), 128);
}

#[tokio::test]
async fn debug_enclaves_are_left_to_policy() {
    let service = running().await;
    let mut enclave = enclave_holding(b"");
    enclave.debug = true;
    let mut body = quote_body(&service.quote(&enclave));
    assert_eq!(claims_of(&service.attest(&body).await.token())["is-debuggable"], true);
    body["draftPolicyForAttestation"] = json!(
        "version=1.0;authorizationrules{[type==\"x-ms-sgx-is-debuggable\", value==true] => deny(); => permit();};"
    );
    assert_eq!(service.attest(&body).await.refusal(), (400, "PolicyEvaluationError".into(), "policy_denied".into()));
}

#[tokio::test]
async fn a_draft_policy_gives_an_unsecured_token_that_no_relying_party_accepts() {
    let service = running().await;
    let mut body = quote_body(&service.quote(&enclave_holding(b"")));
    body["draftPolicyForAttestation"] = json!(PERMIT);
    let token = service.attest(&body).await.token();
    assert!(token.ends_with('.'));
    let claims = claims_of(&token);
    assert!(claims.get("x-ms-policy").is_none(), "the draft issues nothing");
    assert_eq!(claims["x-ms-policy-hash"], token::hash::policy_hash(PERMIT));
    let keys = jose::Jwks::parse(&service.get("/certs").await.body).unwrap();
    let now = unix_time::UnixTime::of_system_clock();
    let expectations = token::Expectations::new(Binding::WithoutFreshness).accept_simulated();
    assert!(token::Verifier::new(running::URL, keys).verify(&token, now, &expectations).is_err());
}

#[tokio::test]
async fn draft_policies_are_refused_with_their_own_codes() {
    let service = running().await;
    let quote = service.quote(&enclave_holding(b""));
    let issue = |rule: &str| format!("{PERMIT}issuancerules{{{rule}}};");
    for (policy, code, detail) in [
        ("nonsense".to_owned(), "PolicyParsingError", "draft_policy_malformed"),
        (issue("=> issue(type=\"iss\", value=\"me\");"), "PolicyParsingError", "draft_policy_malformed"),
        (issue("=> issueproperty(type=\"omit_x5c\", value=true);"), "PolicyParsingError", "draft_policy_malformed"),
        (
            issue("c:[type==\"x-ms-sgx-svn\"] => issueproperty(type=c.type, value=true);"),
            "PolicyEvaluationError",
            "policy_evaluation_failed",
        ),
        (issue("c:[value==4] => issue(claim=c);"), "PolicyEvaluationError", "policy_evaluation_failed"),
        ("version=1.0;authorizationrules{};".to_owned(), "PolicyEvaluationError", "policy_did_not_permit"),
        (
            configured("=> issueproperty(type=\"x-ms-sgx-tcbidentifier\", value=\"new\");"),
            "PolicyParsingError",
            "draft_policy_malformed",
        ),
        (
            configured("=> issueproperty(type=\"x-ms-sgx-tcbidentifier\", value=15);"),
            "PolicyParsingError",
            "draft_policy_malformed",
        ),
        (
            configured("=> issueproperty(type=\"require_valid_aik_cert\", value=true);"),
            "PolicyParsingError",
            "draft_policy_malformed",
        ),
        (
            configured("=> issueproperty(type=\"x-ms-sgx-tcbidentifier\", value=\"9999\");"),
            "InvalidQuote",
            "evaluation_number_too_low",
        ),
    ] {
        let mut body = quote_body(&quote);
        body["draftPolicyForAttestation"] = json!(policy);
        assert_eq!(service.attest(&body).await.refusal(), (400, code.to_owned(), detail.to_owned()), "{policy}");
    }
    let mut body = quote_body(&quote);
    body["draftPolicyForAttestation"] =
        json!(configured("=> issueproperty(type=\"x-ms-sgx-tcbidentifier\", value=\"azuredefault\");"));
    service.attest(&body).await.token();
}

fn configured(rule: &str) -> String {
    format!("version=1.1;configurationrules{{{rule}}};authorizationrules{{=>permit();}};")
}

/// The policy of Azure's own CLI tests, which issues `aas-ehd` of `maa-ehd`; in ours for enclaves of the simulated machine.
const ISSUES_EHD: &str = "version= 1.0;
authorizationrules {
[ type==\"$is-debuggable\", value==false ] && [ type==\"$product-id\", value==3 ] => permit();
};
issuancerules {
c:[ type==\"$sgx-mrsigner\" ] => issue(type=\"sgx-mrsigner\", value=c.value);
c1:[type==\"maa-ehd\"] => issue(type=\"aas-ehd\", value=c1.value);
=> issue(type=\"aas-ehd\", value=\"a key of the policy's\");
=> issue(type=\"maa-ehd\", value=\"a key of the policy's\");
=> issue(type=\"Aas-Ehd\", value=\"a key of the policy's\");
=> issue(type=\"rp_data\", value=\"a nonce of the policy's\");
=> issue(type=\"maa-attestationcollateral\", value=\"none\");
};";

#[tokio::test]
async fn the_policy_of_azures_cli_tests_is_one_that_a_provider_takes() {
    let Some(file) = test_support::recorded("field/policies/azure-cli-sgx-policy-aas-ehd.txt") else { return };
    let text = std::fs::read_to_string(file).unwrap();
    let service = running().await;
    for policy_type in ["SgxEnclave", "OpenEnclave"] {
        let path = format!("/policies/{policy_type}");
        service.ask("PUT", &path, attestation::policy_jws::unsecured(&text)).await.token();
        let shown = claims_of(&service.ask("GET", &path, "").await.token());
        assert_eq!(shown["x-ms-policy"], attestation::policy_jws::unsecured(&text));
    }
    // It is for one signer's enclaves, and these are not.
    let mut body = quote_body(&service.quote(&enclave_holding(b"")));
    let refused = (400, "PolicyEvaluationError".into(), "policy_did_not_permit".into());
    assert_eq!(service.attest(&body).await.refusal(), refused);
    body["draftPolicyForAttestation"] =
        json!(text.replace(
        "[ type==\"$sgx-mrsigner\", value==\"E31C9E505F37A58DE09335075FC8591254313EB20BB1A27E5443CC450B6E33E5\"]",
        "[ type==\"$sgx-mrsigner\"]"
    ).replace("4639", "3").replace("$min-svn", "$svn"));
    assert_eq!(
        claims_of(&service.attest(&body).await.token())["x-ms-policy"],
        json!({"sgx-mrsigner": "02".repeat(32)})
    );
}

#[tokio::test]
async fn held_data_in_a_token_is_the_services_word_or_absent_whatever_the_policy_issues() {
    let service = running().await;
    service.ask("PUT", "/policies/SgxEnclave", attestation::policy_jws::unsecured(ISSUES_EHD)).await.token();
    let held = encode(b"{\"key\":1}");
    let quote = service.quote(&enclave_holding(b"{\"key\":1}"));
    for draft in [None, Some(ISSUES_EHD)] {
        for data_type in [Some("Binary"), Some("JSON"), None] {
            let mut body = quote_body(&quote);
            if let Some(data_type) = data_type {
                body["runtimeData"] = json!({"data": held, "dataType": data_type});
            }
            if let Some(draft) = draft {
                body["draftPolicyForAttestation"] = draft.into();
            }
            let claims = claims_of(&service.attest(&body).await.token());
            let expected = (data_type == Some("Binary")).then(|| json!(held));
            for name in ["aas-ehd", "maa-ehd", "x-ms-sgx-ehd"] {
                assert_eq!(claims.get(name), expected.as_ref(), "{data_type:?} {name}");
            }
            assert_eq!(claims.get("Aas-Ehd"), None);
            assert_eq!(claims.get("rp_data"), None);
            assert!(claims["maa-attestationcollateral"].is_object());
            // What the policy may issue it issues; what it may not is there under no other roof either.
            assert_eq!(claims["x-ms-policy"], json!({"sgx-mrsigner": "02".repeat(32)}));
            assert!(!claims.to_string().contains("of the policy's"), "{claims}");
        }
    }
}

/// `report_validity_in_minutes` in a policy, and what a provider with a lifetime of `lifetime` seconds makes of it.
async fn lifetime_of(service: &running::Running, provider: &str, rules: &str) -> Result<i64, String> {
    let text = format!("version=1.2;authorizationrules{{=>permit();}};issuancerules{{{rules}}};");
    let body = attestation::policy_jws::unsecured(&text);
    let answer = service.ask("PUT", &format!("/p/{provider}/policies/SgxEnclave"), body).await;
    if answer.status != StatusCode::OK {
        return Err(answer.refusal().2);
    }
    let body = quote_body(&service.quote(&enclave_holding(b""))).to_string();
    let answer = service.post(&format!("/p/{provider}/attest/SgxEnclave"), body).await;
    if answer.status != StatusCode::OK {
        return Err(answer.refusal().2);
    }
    let claims = claims_of(&answer.token());
    assert_eq!(claims["nbf"], claims["iat"]);
    Ok(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap())
}

#[tokio::test]
async fn a_policy_shortens_the_tokens_lifetime_and_never_lengthens_it() {
    let service = running().await;
    service.create("hour", json!({"veritee": {"tokenLifetime": 3600}})).await;
    service.create("week", json!({"veritee": {"tokenLifetime": 604_800}})).await;
    let set = |value: &str| format!("=> issueproperty(type=\"report_validity_in_minutes\", value={value});");
    let twice = [set("30"), "[type==\"x-ms-sgx-svn\", value>=4]".to_owned() + &set("2")].concat();
    let from_claim = format!("c:[type==\"x-ms-sgx-svn\"] {}", set("c.value"));
    for (rules, hour, week) in [
        (String::new(), 3600, 604_800),
        (set("1"), 60, 60),
        (set("60"), 3600, 3600),
        (set("61"), 3600, 3660),
        (set("1440"), 3600, 86_400),
        (set("525600"), 3600, 604_800),
        // The last one that fires holds.
        (twice, 120, 120),
        ([set("2"), "[type==\"x-ms-sgx-svn\", value>=5]".to_owned() + &set("1")].concat(), 120, 120),
        (from_claim, 240, 240),
        (set("JsonToClaimValue(\"7\")"), 420, 420),
    ] {
        assert_eq!(lifetime_of(&service, "hour", &rules).await, Ok(hour), "{rules}");
        assert_eq!(lifetime_of(&service, "week", &rules).await, Ok(week), "{rules}");
    }
    for value in ["0", "-5", "525601", "9223372036854775807", "-9223372036854775808", "\"60\"", "true"] {
        assert_eq!(lifetime_of(&service, "hour", &set(value)).await, Err("policy_malformed".to_owned()), "{value}");
    }
    // What is known in evaluation alone refuses the attestation.
    for value in ["JsonToClaimValue(\"0\")", "JsonToClaimValue(\"[1,2]\")", "JsonToClaimValue(\"null\")"] {
        let found = lifetime_of(&service, "hour", &set(value)).await;
        assert_eq!(found, Err("policy_evaluation_failed".to_owned()), "{value}");
    }
}

#[tokio::test]
async fn claims_of_veritee_can_be_judged_by_policy() {
    let service = running().await;
    let mut body = quote_body(&service.quote(&enclave_holding(b"")));
    for (condition, permitted) in [
        ("[type==\"x-veritee-tcb-status\", value==\"UpToDate\"]", true),
        ("[type==\"x-veritee-simulated\", value==false]", false),
        ("[type==\"x-veritee-tcb-evaluation-number\", value>=20]", true),
        ("[type==\"x-veritee-advisory-ids\", value==\"INTEL-SA-00289\"]", false),
        ("[type==\"$svn\", value==4, issuer==\"AttestationService\"]", true),
    ] {
        body["draftPolicyForAttestation"] =
            json!(format!("version=1.0;authorizationrules{{{condition} => permit();}};"));
        assert_eq!(service.attest(&body).await.status == StatusCode::OK, permitted, "{condition}");
    }
}

#[tokio::test]
async fn keys_and_metadata_are_as_azure_has_them() {
    let service = running().await;
    let certs = service.get("/certs").await;
    let text = String::from_utf8(certs.body.clone()).unwrap();
    let members: Vec<usize> =
        ["{\"keys\":[{\"x5c\":[", "\"kid\":", "\"kty\":\"RSA\"}]}"].map(|m| text.find(m).unwrap()).into();
    assert!(members.is_sorted() && members[0] == 0, "{text}");
    assert_eq!(certs.json()["keys"].as_array().unwrap().len(), 1);
    let metadata = service.get("/.well-known/openid-configuration").await;
    assert_eq!(metadata.headers["content-type"], "application/json; charset=utf-8");
    assert!(metadata.headers["x-ms-request-id"].to_str().unwrap().starts_with("00-"));
    let metadata = metadata.json();
    assert_eq!(metadata["issuer"], running::URL);
    assert_eq!(metadata["jwks_uri"], format!("{}/certs", running::URL));
    assert!(matches!(metadata["claims_supported"], Value::Array(_)));
}

/// So many joins of the claims of the evidence with each other.
fn joins(rules: usize) -> String {
    let rules = "a:[type!=\"\"]&&[value==a.type,type==\"none\"]=>deny();".repeat(rules);
    format!(
        "version=1.0;authorizationrules{{=>permit();{rules}}};issuancerules{{=>issue(type=\"joined\",value=true);}};"
    )
}

#[tokio::test]
async fn a_draft_is_read_only_after_its_evidence_was_verified() {
    let service = running().await;
    let quote = service.quote(&enclave_holding(b"data"));
    let mut forged = quote.clone();
    // The product id, which the attestation key signed.
    forged[48 + 256] ^= 1;
    let mut body = quote_body(&forged);
    body["draftPolicyForAttestation"] = json!("nonsense");
    assert_eq!(service.attest(&body).await.refusal().2, "quote_bad_signature");
    let mut body = quote_body(&quote[..100]);
    body["draftPolicyForAttestation"] = json!("nonsense");
    assert!(service.attest(&body).await.refusal().2.starts_with("quote_"));
    // What the quote commits to is asked after that, as before.
    let mut body = quote_body(&quote);
    body["draftPolicyForAttestation"] = json!("nonsense");
    body["runtimeData"] = json!({"data": encode(b"other"), "dataType": "Binary"});
    assert_eq!(service.attest(&body).await.refusal().2, "draft_policy_malformed");
    body["draftPolicyForAttestation"] = json!(PERMIT);
    assert_eq!(service.attest(&body).await.refusal().2, "runtime_data_mismatch");
}

#[tokio::test]
async fn a_policy_that_takes_long_is_evaluated_in_the_pool_and_decides_the_same() {
    let service = running().await;
    let quote = service.quote(&enclave_holding(b""));
    let vocabulary = attestation::PolicyType::SgxEnclave.vocabulary();
    let evaluate = |fuel: &mut policy::Fuel| {
        let claims: Vec<policy::Claim> = (0..22)
            .map(|number| policy::Claim {
                name: format!("claim-{number}"),
                value: policy::Value::Integer(number),
                issuer: policy::Issuer::AttestationService,
            })
            .collect();
        policy::Policy::parse(&joins(100)).unwrap().decide_within(&claims, &vocabulary, fuel)
    };
    assert!(evaluate(&mut policy::Fuel::inline()).is_err_and(|refusal| refusal.is_out_of_fuel()));
    assert!(evaluate(&mut policy::Fuel::full()).is_ok());
    let set = |text: &str| {
        let jws = attestation::policy_jws::unsecured(text);
        service.ask("PUT", "/policies/SgxEnclave?api-version=2022-08-01", jws)
    };
    assert_eq!(set(&joins(100)).await.status, StatusCode::OK);
    // The second time it is known to take long.
    for _ in 0..2 {
        let token = service.attest(&quote_body(&quote)).await.token();
        assert_eq!(claims_of(&token)["joined"], true);
        let mut forged = quote.clone();
        forged[48 + 256] ^= 1;
        assert_eq!(service.attest(&quote_body(&forged)).await.refusal().2, "quote_bad_signature");
    }
    let mut body = quote_body(&quote);
    body["draftPolicyForAttestation"] = json!(joins(100));
    let draft = service.attest(&body).await.token();
    assert_eq!((claims_of(&draft)["joined"].clone(), draft.ends_with('.')), (json!(true), true));
    // What full fuel is too little for is refused there.
    assert_eq!(set(&joins(1_100)).await.status, StatusCode::OK);
    assert_eq!(service.attest(&quote_body(&quote)).await.refusal().2, "policy_evaluation_failed");
    body["draftPolicyForAttestation"] = json!(joins(1_100));
    assert_eq!(service.attest(&body).await.refusal().2, "policy_evaluation_failed");
}

#[tokio::test]
async fn expensive_claims_of_some_attesters_do_not_send_the_others_to_the_pool() {
    let service = std::sync::Arc::new(running().await);
    let query = ["sort(@)"; 10].join("|");
    let policy = format!(
        "version=1.2;authorizationrules{{=>permit();c:[type==\"x-ms-runtime\"]&&[value==JmesPath(c.value,\"list|{query}\")]=>deny();}};"
    );
    let jws = attestation::policy_jws::unsecured(&policy);
    assert_eq!(service.ask("PUT", "/policies/SgxEnclave?api-version=2022-08-01", jws).await.status, StatusCode::OK);
    let with = |length: usize| {
        let data = json!({"list": vec![1; length]}).to_string();
        let mut body = quote_body(&service.quote(&enclave_holding(data.as_bytes())));
        body["runtimeData"] = json!({"data": encode(data.as_bytes()), "dataType": "JSON"});
        body
    };
    let (large, small) = (with(1_000), with(3));
    // More than may wait, by far, where there are few cores.
    let others: Vec<_> = (0..64)
        .map(|_| {
            let (service, large) = (std::sync::Arc::clone(&service), large.clone());
            tokio::spawn(async move { service.attest(&large).await })
        })
        .collect();
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
    service.attest(&small).await.token();
    for other in others {
        let answer = other.await.unwrap();
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            assert_eq!(answer.refusal().2, "policy_busy");
            assert_eq!(answer.headers["retry-after"], "1");
        } else {
            answer.token();
        }
    }
    service.attest(&small).await.token();
}
